import { asFault, Fault } from '../base/faults.ts'
import type { AheadWriter, RunListener, RunWriter } from '../store/ahead-writer.ts'
import type { Run } from '../store/sparse-map.ts'
import type { BodySink, OriginResponse } from '../upstream/origin-fetcher.ts'

export interface LegParts {
  readonly run: Run
  readonly ahead: AheadWriter
  /** Bytes came from the origin. */
  readonly onBytes: (count: number) => void
  /** More of the run can be read, or it is over. */
  readonly onChange: () => void
  /** Nothing more will come. */
  readonly onEnd: (leg: Leg, fault: Fault | undefined) => void
  readonly onStoreFault: (fault: Fault) => void
}

/** One answer of the origin on its way into a run of bytes ahead of the rest; or, once the rest has come so far, to where that goes. */
export class Leg implements BodySink, RunListener {
  readonly #parts: LegParts
  #answer: OriginResponse | undefined
  #writer: RunWriter | undefined
  #takenOver: BodySink | undefined
  #isOver = false

  /** Before this byte the answer ends; the run may end before. */
  readonly askedEnd: number

  constructor(parts: LegParts) {
    this.#parts = parts
    this.askedEnd = parts.run.until
  }

  get run(): Run {
    return this.#parts.run
  }

  /** Has all that came been written? */
  get isSettled(): boolean {
    return this.run.end === this.run.taken
  }

  /** Begins with the answer; gives it up when the leg ends before. */
  async begin(answer: Promise<OriginResponse>): Promise<void> {
    try {
      const response = await answer
      if (this.#isOver) return response.cancel()
      this.#answer = response
      response.consume(this)
    } catch (error) {
      this.fail(asFault(error))
    }
  }

  chunk(bytes: Buffer): boolean {
    if (this.#takenOver !== undefined) return this.#takenOver.chunk(bytes)
    if (this.#isOver) return false
    const { run, ahead, onBytes } = this.#parts
    const piece = bytes.subarray(0, run.until - run.taken)
    let isWritable = true
    if (piece.length > 0) {
      onBytes(piece.length)
      this.#writer ??= ahead.begin(run.first, this)
      run.taken += piece.length
      isWritable = this.#writer.write(piece)
    }
    // An answer that is at its end anyway leaves its connection for others.
    if (run.taken < run.until || run.taken === this.askedEnd) return isWritable
    this.#answer!.cancel()
    this.#finish(undefined)
    return true
  }

  end(): void {
    if (this.#takenOver !== undefined) return this.#takenOver.end([])
    if (this.#isOver) return
    const { taken, until } = this.run
    const missing = new Fault('ORIGIN_TRUNCATED', `the part ends before byte ${taken}, not before ${until}`)
    this.#finish(taken < until ? missing : undefined)
  }

  fail(fault: Fault): void {
    if (this.#takenOver !== undefined) this.#takenOver.fail(fault)
    else this.#finish(fault)
  }

  written(end: number, isWritable: boolean): void {
    this.run.end = end
    if (isWritable && !this.#isOver) this.#answer?.resume()
    this.#parts.onChange()
  }

  failed(fault: Fault): void {
    this.#parts.onStoreFault(fault)
  }

  /** From now on what comes goes to `sink`. */
  takeOver(sink: BodySink): void {
    this.#takenOver = sink
    this.#answer?.resume()
  }

  resume(): void {
    this.#answer?.resume()
  }

  cancel(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#answer?.cancel()
  }

  #finish(fault: Fault | undefined): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#parts.onEnd(this, fault)
  }
}
