import { Writable } from 'node:stream'
import { Fault } from '../base/faults.ts'
import type { FlowSource, ResponseFlow } from './response-flow.ts'

/**
 * Takes the bytes of a data connection to a response. The piece that completes the announced size is held back until
 * `release`: the transfer is complete only when the server says so (CORRECTNESS T08).
 */
export class FtpTransfer extends Writable {
  readonly #begin: () => ResponseFlow
  readonly #sizeBytes: number | undefined
  readonly #peer: string
  #flow: ResponseFlow | undefined
  #receivedBytes = 0
  #last: Buffer | undefined
  #paused = false
  #ready: (() => void) | undefined

  /** `begin` is called once, at the first byte or at the end: then there is a response. */
  constructor(begin: () => ResponseFlow, sizeBytes: number | undefined, peer: string) {
    super({ decodeStrings: false })
    this.#begin = begin
    this.#sizeBytes = sizeBytes
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

  override _write(bytes: Buffer, _encoding: string, ready: (error?: Error) => void): void {
    const flow = this.#started()
    this.#receivedBytes += bytes.length
    if (this.#sizeBytes !== undefined && this.#receivedBytes >= this.#sizeBytes) {
      const more = this.#receivedBytes > this.#sizeBytes
      this.#last = bytes
      return ready(more ? new Fault('ORIGIN_TRUNCATED', `${this.#peer}: more than SIZE ${this.#sizeBytes}`) : undefined)
    }
    flow.take(bytes)
    if (this.#paused) this.#ready = ready
    else ready()
  }

  /** Throws `ORIGIN_TRUNCATED` unless exactly the announced number of bytes came. */
  checkSize(): void {
    if (this.#sizeBytes === undefined || this.#receivedBytes === this.#sizeBytes) return
    const message = `${this.#peer}: ${this.#receivedBytes} bytes came where SIZE said ${this.#sizeBytes}`
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
