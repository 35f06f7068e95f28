import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import { endToEndResponseFields, forwardableTrailers, isForwardableInterim } from '../http/end-to-end.ts'
import type { RawFields } from '../http/fields.ts'
import type { ClientResponse, ResponseHead } from '../pipeline/exchange.ts'

/** Content up to this size is copied behind the head, so that both leave in one write (and one TLS record). */
const joinedBytes = 64 * 1024

/** `ClientResponse` written straight to the connection, for requests that `PlainRequestReader` recognised (HTTP/1.1 GET). */
export class LaneClientResponse implements ClientResponse {
  readonly #socket: Socket
  readonly #done: (keepAlive: boolean) => void
  #framing: 'length' | 'chunked' | 'close' = 'length'
  #missingBytes = 0
  #heldHead = ''
  #keepAlive = true
  #over = false
  #listeners: (() => void)[] | undefined
  #aborted = false
  status = 0
  sentBytes = 0

  constructor(socket: Socket, done: (keepAlive: boolean) => void) {
    this.#socket = socket
    this.#done = done
  }

  get headSent(): boolean {
    return this.status !== 0
  }

  get closed(): boolean {
    return this.#over || this.#socket.destroyed
  }

  /** A connection that is destroyed says so only later. */
  get aborted(): boolean {
    return this.#over ? this.#aborted : this.#socket.destroyed
  }

  sendWhole(head: ResponseHead, content: Buffer): void {
    if (this.closed) return
    const text = this.#headText(head)
    if (content.length > joinedBytes) {
      this.#socket.cork()
      this.#socket.write(text, 'latin1')
      this.#socket.write(content)
      this.#socket.uncork()
    } else this.#socket.write(joined(text, content))
    this.sentBytes += content.length
    this.#missingBytes -= content.length
    this.#finish()
  }

  /** The head waits for content until this turn of the event loop is over: a small body is there by then, checked. */
  sendHead(head: ResponseHead): void {
    if (this.closed) return
    this.#heldHead = this.#headText(head)
    setImmediate(() => this.#flushHead())
  }

  write(chunk: Buffer, flushed: () => void): void {
    if (this.closed || chunk.length === 0) return flushed()
    this.sentBytes += chunk.length
    this.#missingBytes -= chunk.length
    if (this.#framing === 'chunked') return this.#writeFramed(chunk, flushed)
    const head = this.#heldHead
    if (head === '' || chunk.length > joinedBytes) {
      this.#flushHead()
      this.#socket.write(chunk, flushed)
      return
    }
    this.#heldHead = ''
    this.#socket.write(joined(head, chunk), flushed)
  }

  #writeFramed(chunk: Buffer, flushed: () => void): void {
    this.#socket.cork()
    this.#flushHead()
    this.#socket.write(`${chunk.length.toString(16)}\r\n`, 'latin1')
    this.#socket.write(chunk)
    this.#socket.write('\r\n', 'latin1', flushed)
    this.#socket.uncork()
  }

  #flushHead(): void {
    const head = this.#heldHead
    if (head === '') return
    this.#heldHead = ''
    if (!this.#socket.destroyed) this.#socket.write(head, 'latin1')
  }

  end(trailers?: RawFields): void {
    if (this.closed) return
    this.#flushHead()
    if (this.#framing === 'chunked')
      this.#socket.write(`0\r\n${fieldsText(forwardableTrailers(trailers ?? []))}\r\n`, 'latin1')
    this.#finish()
  }

  sendInterim(status: number, fields: RawFields): void {
    if (this.closed || this.headSent || !isForwardableInterim(status)) return
    const text = fieldsText(endToEndResponseFields(fields))
    this.#socket.write(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Unknown'}\r\n${text}\r\n`, 'latin1')
  }

  /** A reset, not an end: a body that is delimited by the close must not look complete (CORRECTNESS M1). */
  destroy(): void {
    if ('encrypted' in this.#socket) this.#socket.destroy()
    else this.#socket.resetAndDestroy()
  }

  onClose(listener: () => void): void {
    if (this.closed) return listener()
    this.#listeners ??= []
    this.#listeners.push(listener)
  }

  /** The connection is gone: whatever was not finished never will be. */
  connectionClosed(): void {
    if (this.#over) return
    this.#aborted = true
    this.#settle()
  }

  #headText(head: ResponseHead): string {
    this.status = head.status
    let text = `HTTP/1.1 ${head.status} ${STATUS_CODES[head.status] ?? 'Unknown'}\r\n${fieldsText(head.fields)}`
    if (typeof head.length === 'number') {
      this.#missingBytes = head.length
      text += `Content-Length: ${head.length}\r\n`
    } else if (head.length === undefined) {
      this.#framing = 'chunked'
      text += 'Transfer-Encoding: chunked\r\n'
    } else if (head.length === 'close') {
      this.#framing = 'close'
    }
    if (this.#framing === 'close' || head.closeAfter === true) {
      this.#keepAlive = false
      text += 'Connection: close\r\n'
    }
    return `${text}\r\n`
  }

  /** A body that has not the announced length breaks the connection (RFC 9112 section 6.3). */
  #finish(): void {
    if (this.#framing === 'length' && this.#missingBytes !== 0) return this.destroy()
    this.#settle()
    this.#done(this.#keepAlive)
  }

  #settle(): void {
    this.#over = true
    const listeners = this.#listeners
    if (listeners === undefined) return
    this.#listeners = undefined
    for (const listener of listeners) listener()
  }
}

function fieldsText(fields: RawFields): string {
  let text = ''
  for (let i = 0; i + 1 < fields.length; i += 2) text += `${fields[i]}: ${fields[i + 1]}\r\n`
  return text
}

function joined(head: string, content: Buffer): Buffer {
  const bytes = Buffer.allocUnsafe(head.length + content.length)
  bytes.write(head, 0, 'latin1')
  content.copy(bytes, head.length)
  return bytes
}
