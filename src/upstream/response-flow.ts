import type { Fault } from '../base/faults.ts'
import type { RawFields } from '../http/fields.ts'
import type { BodySink, Framing, OriginResponse } from './origin-fetcher.ts'
import type { HeadOfResponse } from './response-head.ts'

/** What a flow may do to the connection that it comes from. */
export interface FlowSource {
  pause(): void
  resume(): void
  /** Closes the connection. */
  abort(): void
}

/** Content kept before anybody consumes it; more than this pauses the origin. */
const maxEarlyBytes = 64 * 1024

/** A response on its way: keeps what arrives too early, and hands on what the sink has room for. */
export class ResponseFlow implements OriginResponse {
  readonly status: number
  readonly fields: RawFields
  readonly framing: Framing
  readonly declaredBytes: number | undefined
  readonly requestedAt: number
  readonly receivedAt: number
  readonly #source: FlowSource
  readonly #waiting: Buffer[] = []
  #waitingBytes = 0
  #sink: BodySink | undefined
  #full = false
  #sourcePaused = false
  #over = false
  #trailers: RawFields | undefined
  #fault: Fault | undefined

  constructor(status: number, head: HeadOfResponse, requestedAt: number, receivedAt: number, source: FlowSource) {
    this.status = status
    this.fields = head.fields
    this.framing = head.framing
    this.declaredBytes = head.declaredBytes
    this.requestedAt = requestedAt
    this.receivedAt = receivedAt
    this.#source = source
  }

  consume(sink: BodySink): void {
    this.#sink = sink
    this.#drain()
  }

  resume(): void {
    if (!this.#full) return
    this.#full = false
    this.#drain()
  }

  cancel(): void {
    if (this.#over) return
    this.#over = true
    this.#waiting.length = 0
    this.#source.abort()
  }

  /** From the connection: a piece of the content. */
  take(bytes: Buffer): void {
    if (this.#over || bytes.length === 0) return
    if (this.#sink === undefined || this.#full || this.#waiting.length > 0) return this.#keep(bytes)
    if (this.#sink.chunk(bytes)) return
    this.#full = true
    this.#pauseSource()
  }

  /** From the connection: the content is complete. */
  finish(trailers: RawFields): void {
    this.#trailers = trailers
    this.#drain()
  }

  /** From the connection: no more will come, and something is missing. What the sink has no room for is dropped. */
  break(fault: Fault): void {
    this.#fault = fault
    this.#drain()
  }

  #keep(bytes: Buffer): void {
    this.#waiting.push(bytes)
    this.#waitingBytes += bytes.length
    if (this.#full || this.#waitingBytes >= maxEarlyBytes) this.#pauseSource()
  }

  #pauseSource(): void {
    if (this.#over || this.#sourcePaused) return
    this.#sourcePaused = true
    this.#source.pause()
  }

  #drain(): void {
    const sink = this.#sink
    if (sink === undefined || this.#over) return
    while (!this.#full && this.#waiting.length > 0) {
      const bytes = this.#waiting.shift()!
      this.#waitingBytes -= bytes.length
      if (!sink.chunk(bytes)) this.#full = true
      if (this.#over) return
    }
    if (this.#fault !== undefined) this.#end(() => sink.fail(this.#fault!))
    else if (this.#trailers !== undefined && this.#waiting.length === 0) this.#end(() => sink.end(this.#trailers!))
    else if (!this.#full && this.#sourcePaused) {
      this.#sourcePaused = false
      this.#source.resume()
    }
  }

  #end(tell: () => void): void {
    this.#over = true
    this.#waiting.length = 0
    tell()
  }
}
