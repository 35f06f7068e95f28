import { asFault, Fault } from '../base/faults.ts'
import type { SparseLimits } from '../policy/sparse.ts'
import type { AheadWriter } from '../store/ahead-writer.ts'
import type { GrowingBlob } from '../store/growing-blob.ts'
import type { SparseMap } from '../store/sparse-map.ts'
import type { BodySink, OriginResponse } from '../upstream/origin-fetcher.ts'
import { Leg } from './sparse-leg.ts'

export interface SparseParts {
  readonly blob: GrowingBlob
  readonly ahead: AheadWriter
  readonly sizeBytes: number
  readonly limits: SparseLimits
  /** Asks the origin for the bytes from `first` to before `end` of the same representation; a text is the reason why it did not answer with them. */
  readonly ask: (first: number, end: number) => Promise<OriginResponse | string>
  /** Bytes came that do not pass the sink. */
  readonly onBytes: (count: number) => void
}

/** Legs that fail, after which the origin is asked for nothing more out of order. */
const maxFailureCount = 3

/** What brings the bytes that come in order. */
interface Main {
  readonly answer: Pick<OriginResponse, 'resume' | 'cancel'>
  /** Where they begin, and before which byte they end. */
  readonly first: number
  readonly end: number
}

/**
 * Brings all bytes of a large response to a sink, in order; those that somebody waits for and that would come late are asked for
 * by themselves (legs), and taken from the blob when it is their turn. Each byte is asked for once.
 */
export class SparseFetch {
  readonly #parts: SparseParts
  readonly #map: SparseMap
  readonly #legs = new Set<Leg>()
  #sink: BodySink | undefined
  #main: Main | undefined
  #goingOn = false
  #isOver = false
  #failureCount = 0

  constructor(parts: SparseParts) {
    this.#parts = parts
    this.#map = parts.blob.makeSparse((position, until) => this.#wanted(position, until))
  }

  /** Begins with the whole, or with a part of it and then what is before and behind that. */
  begin(
    sink: BodySink,
    answer: OriginResponse,
    part: { readonly first: number; readonly last: number } | undefined,
  ): void {
    this.#sink = sink
    if (part === undefined) this.#read(answer, this.#parts.sizeBytes)
    else if (part.first === 0) this.#read(answer, part.last + 1)
    else this.#startLeg(part.first, part.last + 1, () => Promise.resolve(answer))
  }

  resume(): void {
    this.#main?.answer.resume()
  }

  cancel(): void {
    this.#isOver = true
    this.#main?.answer.cancel()
    for (const leg of this.#legs) leg.cancel()
  }

  #read(answer: OriginResponse, end: number): void {
    this.#main = { answer, first: this.#parts.blob.sizeBytes, end }
    answer.consume(this.#mainSink)
  }

  readonly #mainSink: BodySink = {
    chunk: (bytes) => this.#take(bytes),
    end: () => this.#ended(),
    fail: (fault) => this.#fail(fault),
  }

  #take(bytes: Buffer): boolean {
    const main = this.#main
    if (this.#isOver || main === undefined) return false
    const at = this.#parts.blob.sizeBytes
    const room = (this.#map.nextFirst(at) ?? Number.POSITIVE_INFINITY) - at
    // An answer that is at its end anyway leaves its connection for others.
    if (bytes.length < room || (bytes.length === room && at + room === main.end)) return this.#sink!.chunk(bytes)
    main.answer.cancel()
    this.#main = undefined
    if (room > 0) this.#sink!.chunk(bytes.subarray(0, room))
    void this.#goOn()
    return true
  }

  #ended(): void {
    const main = this.#main
    if (main === undefined) return
    this.#main = undefined
    if (this.#parts.blob.sizeBytes > main.first || main.first === main.end) void this.#goOn()
    else this.#fail(new Fault('ORIGIN_TRUNCATED', `nothing came from byte ${main.first} on`))
  }

  #fail(fault: Fault): void {
    if (this.#isOver) return
    this.cancel()
    this.#sink!.fail(fault)
  }

  /** Goes on with what comes next in order: bytes that are there, a leg that brings them, or a hole. */
  async #goOn(): Promise<void> {
    if (this.#goingOn || this.#isOver) return
    this.#goingOn = true
    try {
      while (!this.#isOver && this.#main === undefined) await this.#next()
    } catch (error) {
      this.#fail(asFault(error))
    } finally {
      this.#goingOn = false
    }
  }

  async #next(): Promise<void> {
    const { blob, sizeBytes, ask } = this.#parts
    const at = blob.sizeBytes
    if (at >= sizeBytes) {
      this.#isOver = true
      return this.#sink!.end([])
    }
    const run = this.#map.covering(at)
    if (run === undefined) {
      const end = this.#map.nextFirst(at) ?? sizeBytes
      const answer = await ask(at, end)
      if (typeof answer === 'string') throw new Fault('ORIGIN_TRUNCATED', answer)
      if (this.#isOver) return answer.cancel()
      return this.#read(answer, end)
    }
    const leg = [...this.#legs].find((one) => one.run === run)
    if (leg?.isSettled && run.end === at) return this.#takeOver(leg)
    if (run.end > at) await blob.absorb(run.end).catch((error) => this.#withoutStore(error))
    else await blob.changed
  }

  /** The bytes in order have come to where the leg is: what it brings are the next ones. */
  #takeOver(leg: Leg): void {
    this.#legs.delete(leg)
    this.#map.remove(leg.run)
    this.#main = { answer: leg, first: leg.run.taken, end: leg.askedEnd }
    leg.takeOver(this.#mainSink)
  }

  /** Bytes ahead are lost with the store: they are asked for once more, when it is their turn. */
  #withoutStore(error: unknown): void {
    this.#parts.blob.storeFailed(asFault(error))
    for (const leg of this.#legs) leg.cancel()
    this.#legs.clear()
    if (this.#main === undefined) void this.#goOn()
  }

  /** Somebody waits for a byte: will it come soon? */
  #wanted(position: number, until: number | undefined): void {
    const { blob, limits, sizeBytes } = this.#parts
    if (this.#isOver || blob.storeFault !== undefined) return
    const run = this.#map.covering(position)
    const isNearMain = position - blob.sizeBytes <= limits.soonBytes
    if (isNearMain && run === undefined && this.#main === undefined) void this.#goOn()
    if (isNearMain || (run !== undefined && position - run.taken <= limits.soonBytes)) return
    if (this.#legs.size >= limits.maxLegCount || this.#failureCount >= maxFailureCount) return
    const aligned = position - (position % limits.chunkBytes)
    const first = Math.max(aligned, blob.sizeBytes, this.#map.reachBefore(position))
    if (run !== undefined && first <= run.taken) return
    const end = Math.min(sizeBytes, Math.ceil((until ?? sizeBytes) / limits.chunkBytes) * limits.chunkBytes)
    this.#startLeg(first, end, this.#parts.ask)
  }

  #startLeg(first: number, until: number, ask: SparseParts['ask']): void {
    const { ahead, blob, onBytes } = this.#parts
    const run = this.#map.add(first, until)
    const leg = new Leg({
      run,
      ahead,
      onBytes,
      onChange: () => blob.wake(),
      onEnd: (one, fault) => this.#legEnded(one, fault),
      onStoreFault: (fault) => this.#withoutStore(fault),
    })
    this.#legs.add(leg)
    void leg.begin(this.#granted(ask(first, run.until)))
  }

  /** An origin that knows no ranges, or has something else by now, will not change its mind. */
  async #granted(asked: ReturnType<SparseParts['ask']>): Promise<OriginResponse> {
    const answer = await asked
    if (typeof answer !== 'string') return answer
    this.#failureCount = maxFailureCount
    throw new Fault('ORIGIN_TRUNCATED', answer)
  }

  #legEnded(leg: Leg, fault: Fault | undefined): void {
    this.#legs.delete(leg)
    this.#map.end(leg.run)
    if (fault !== undefined) this.#failureCount += 1
    this.#parts.blob.wake()
    // What is before it is fetched behind the backs of those who asked for something else first.
    if (this.#legs.size === 0 && this.#main === undefined) void this.#goOn()
  }
}
