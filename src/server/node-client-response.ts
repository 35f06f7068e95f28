import type { ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import type { RawFields } from '../http/fields.ts'
import type { ClientResponse, ResponseHead } from '../pipeline/exchange.ts'

/** `ClientResponse` over Node's own HTTP server. */
export class NodeClientResponse implements ClientResponse {
  readonly #response: ServerResponse
  sentBytes = 0

  constructor(response: ServerResponse) {
    this.#response = response
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
    if (head.length === 'close' || head.closeAfter === true) response.shouldKeepAlive = false
    response.writeHead(head.status, fields)
  }

  write(chunk: Buffer, flushed: () => void): void {
    if (this.#response.destroyed) return flushed()
    this.sentBytes += chunk.length
    this.#response.write(chunk, flushed)
  }

  end(trailers?: RawFields): void {
    if (trailers !== undefined && trailers.length > 0) this.#response.addTrailers(pairs(trailers))
    this.#response.end()
  }

  sendInterim(status: number, fields: RawFields): void {
    if (status !== 103 || this.#response.headersSent || this.#response.destroyed) return
    const links: string[] = []
    for (let i = 0; i + 1 < fields.length; i += 2) if (fields[i]!.toLowerCase() === 'link') links.push(fields[i + 1]!)
    if (links.length > 0) this.#response.writeEarlyHints({ link: links })
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
