import { Writable } from 'node:stream'
import { Fault } from '../base/faults.ts'
import type { FlowSource, ResponseFlow } from './response-flow.ts'

/** What a transfer should bring. */
export interface ExpectedBytes {
  /** `undefined`: the server does not know. */
  readonly count: number | undefined
  /** The server would send more: it is cut (`enough`) when they are here. */
  readonly moreFollows: boolean
}

/**
 * Takes the bytes of a data connection to a response. The piece that completes the announced size is held back until
 * `release`: the transfer is complete only when the server says so (CORRECTNESS T08).
 */
export class FtpTransfer extends Writable {
  readonly #begin: () => ResponseFlow
  readonly #expected: ExpectedBytes
  readonly #peer: string
  #flow: ResponseFlow | undefined
  #receivedBytes = 0
  #last: Buffer | undefined
  #paused = false
  #ready: (() => void) | undefined

  /** `begin` is called once, at the first byte or at the end: then there is a response. */
  constructor(begin: () => ResponseFlow, expected: ExpectedBytes, peer: string) {
    super({ decodeStrings: false })
    this.#begin = begin
    this.#expected = expected
    this.#peer = peer
  }

  /** What the response may do to this transfer; `abort` closes the control connection too. */
  source(abort: () => void): FlowSource {
    return {
      pause: () => {
        this.#paused = true
      },
      resume: () => {
        this.#paused = false
        const ready = this.#ready
        this.#ready = undefined
        ready?.()
      },
      abort,
    }
  }

  get begun(): boolean {
    return this.#flow !== undefined
  }

  /** All that was wanted is here, although the server would send more. */
  get hasEnough(): boolean {
    return this.#expected.moreFollows && this.#last !== undefined
  }

  override _write(bytes: Buffer, _encoding: string, ready: (error?: Error) => void): void {
    if (this.hasEnough) return ready()
    const flow = this.#started()
    const missing = (this.#expected.count ?? Number.POSITIVE_INFINITY) - this.#receivedBytes
    this.#receivedBytes += bytes.length
    if (bytes.length >= missing) return ready(this.#completed(bytes, missing))
    flow.take(bytes)
    if (this.#paused) this.#ready = ready
    else ready()
  }

  #completed(bytes: Buffer, missing: number): Fault | undefined {
    const { count, moreFollows } = this.#expected
    this.#last = bytes.subarray(0, missing)
    if (moreFollows) {
      this.#receivedBytes = count!
      this.emit('enough')
      return undefined
    }
    if (bytes.length === missing) return undefined
    return new Fault('ORIGIN_TRUNCATED', `${this.#peer}: more than the ${count} bytes that SIZE said`)
  }

  /** Throws `ORIGIN_TRUNCATED` unless exactly the announced number of bytes came. */
  checkSize(): void {
    const { count } = this.#expected
    if (count === undefined || this.#receivedBytes === count) return
    const message = `${this.#peer}: ${this.#receivedBytes} bytes came where SIZE said ${count}`
    throw new Fault('ORIGIN_TRUNCATED', message)
  }

  /** The server has confirmed: all bytes are the response's now. */
  release(): void {
    const flow = this.#started()
    if (this.#last !== undefined) flow.take(this.#last)
    flow.finish([])
  }

  /** After `begun`: the response will not be complete. */
  break(fault: Fault): void {
    this.#started().break(fault)
  }

  #started(): ResponseFlow {
    return (this.#flow ??= this.#begin())
  }
}
