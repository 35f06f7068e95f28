import type { ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import { endToEndResponseFields, forwardableTrailers, isForwardableInterim } from '../http/end-to-end.ts'
import type { RawFields } from '../http/fields.ts'
import type { ClientResponse, ResponseHead } from '../pipeline/exchange.ts'

/** How long a client may take nothing of what is there for it (CORRECTNESS T37). */
const defaultStallMs = 120_000

/** `ClientResponse` over Node's own HTTP server. */
export class NodeClientResponse implements ClientResponse {
  readonly #response: ServerResponse
  /** Has the client still not been told to send its content? Then nobody knows whether it will. */
  #awaitsContinue: boolean
  readonly #stallMs: number
  sentBytes = 0

  constructor(response: ServerResponse, awaitsContinue = false, stallMs = defaultStallMs) {
    this.#response = response
    this.#stallMs = stallMs
    this.#awaitsContinue = awaitsContinue
    // Date is the origin's, or made where the response is.
    response.sendDate = false
  }

  get headSent(): boolean {
    return this.#response.headersSent
  }

  get status(): number {
    return this.#response.headersSent ? this.#response.statusCode : 0
  }

  get closed(): boolean {
    return this.#response.destroyed
  }

  get aborted(): boolean {
    return this.#response.destroyed && !this.#response.writableFinished
  }

  sendWhole(head: ResponseHead, content: Buffer): void {
    const response = this.#response
    if (response.destroyed) return
    this.sendHead(head)
    this.sentBytes += content.length
    response.end(content)
  }

  sendHead(head: ResponseHead): void {
    const response = this.#response
    if (response.destroyed) return
    const fields = head.fields as string[]
    if (typeof head.length === 'number') fields.push('Content-Length', String(head.length))
    if (head.length === 'close') response.useChunkedEncodingByDefault = false
    if (head.length === 'close' || head.closeAfter === true || this.#awaitsContinue) response.shouldKeepAlive = false
    response.writeHead(head.status, fields)
    response.setTimeout(this.#stallMs, () => this.#idle())
  }

  /** Nothing moved on the connection: the client is stalled, or the origin has nothing to send yet. */
  #idle(): void {
    const response = this.#response
    if (response.writableLength > 0) this.destroy()
    // It calls but once.
    else response.socket?.setTimeout(this.#stallMs)
  }

  write(chunk: Buffer, flushed: () => void): void {
    if (this.#response.destroyed) return flushed()
    this.sentBytes += chunk.length
    this.#response.write(chunk, flushed)
  }

  end(trailers?: RawFields): void {
    if (trailers !== undefined && trailers.length > 0) this.#response.addTrailers(pairs(forwardableTrailers(trailers)))
    this.#response.end()
  }

  sendInterim(status: number, fields: RawFields): void {
    const response = this.#response
    // HTTP/1.0 knows no interim responses (RFC 9110 section 15.2).
    if (response.headersSent || response.destroyed || response.req.httpVersion === '1.0') return
    if (isForwardableInterim(status)) response.writeInformation(status, endToEndResponseFields(fields))
  }

  /** Tells the client to send the content that it holds back. */
  sendContinue(): void {
    if (!this.#awaitsContinue || this.#response.headersSent || this.#response.destroyed) return
    this.#awaitsContinue = false
    this.#response.writeContinue()
  }

  /** A reset, not an end: a body that is delimited by the close must not look complete (CORRECTNESS M1). */
  destroy(): void {
    const { socket } = this.#response
    if (socket instanceof Socket && !('encrypted' in socket)) socket.resetAndDestroy()
    else socket?.destroy()
    this.#response.destroy()
  }

  onClose(listener: () => void): void {
    if (this.#response.destroyed) listener()
    else this.#response.once('close', listener)
  }
}

function pairs(fields: RawFields): [string, string][] {
  const list: [string, string][] = []
  for (let i = 0; i + 1 < fields.length; i += 2) list.push([fields[i]!, fields[i + 1]!])
  return list
}
