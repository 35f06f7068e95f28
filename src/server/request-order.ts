import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

interface Turn {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly start: () => void
}

/** Requests on one connection that may wait for an answer; more are not read (RFC 9112 section 9.3.2). */
const maxUnansweredCount = 100
/** Beyond this many unread requests the connection is broken, as each costs memory. */
const maxUnreadCount = 1000
const safeMethods = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE'])

/**
 * The order of the requests on one connection of the full parser, which tells us of pipelined requests before those in
 * front of them are answered. Safe requests without content run side by side; any other one runs alone. Nothing starts
 * behind a response that closes the connection (RFC 9112 sections 9.3.2 and 9.6).
 */
export class RequestOrder {
  readonly #socket: Socket
  readonly #running = new Set<Turn>()
  readonly #waiting: Turn[] = []
  #last: (() => void) | undefined
  #unreadCount = 0

  constructor(socket: Socket) {
    this.#socket = socket
  }

  /** Starts a request now, or when those before it are answered, or never. */
  take(request: IncomingMessage, response: ServerResponse, start: () => void): void {
    if (this.#refuses()) return
    const turn = { request, response, start }
    this.#waiting.push(turn)
    response.once('close', () => {
      this.#running.delete(turn)
      this.#advance()
    })
    this.#advance()
  }

  /** Calls `then` when all that was taken is answered; no request starts behind it. Not called when the connection closes before. */
  finally(then: () => void): void {
    if (this.#last !== undefined || this.#closing()) return
    this.#last = then
    this.#advance()
  }

  /**
   * What arrives cannot be parsed any more: `refuse` is called when all that came whole before is answered. When the answer
   * to the request that was being read has begun, the connection ends with it, or breaks.
   */
  broken(refuse: () => void): void {
    const waiting = this.#waiting.at(-1)
    if (waiting !== undefined && !waiting.request.complete) this.#waiting.pop()
    const [running] = this.#running
    if (running === undefined || running.request.complete) return this.finally(refuse)
    const { headersSent, writableEnded } = running.response
    if (headersSent && !writableEnded) return void this.#socket.destroy()
    if (!headersSent) refuse()
    // The exchange learns that its content will not come when the connection is gone.
    this.#socket.destroySoon()
  }

  #refuses(): boolean {
    if (this.#last === undefined && !this.#closing()) {
      if (this.#running.size + this.#waiting.length < maxUnansweredCount) return false
      this.#last = () => this.#socket.destroySoon()
    }
    if (++this.#unreadCount > maxUnreadCount) this.#socket.destroy()
    return true
  }

  /** Does a response that was promised close the connection? */
  #closing(): boolean {
    for (const { response } of this.#running) if (!response.shouldKeepAlive) return true
    return this.#waiting.some(({ response }) => !response.shouldKeepAlive)
  }

  #advance(): void {
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      if (this.#socket.destroyed) return
      if (this.#running.size > 0 && !(isSafe(next.request) && this.#allSafe())) return
      this.#waiting.shift()
      this.#running.add(next)
      next.start()
      if (!next.response.shouldKeepAlive) this.#waiting.length = 0
    }
    if (this.#running.size > 0 || this.#last === undefined || !this.#socket.writable) return
    const last = this.#last
    this.#last = () => undefined
    last()
  }

  #allSafe(): boolean {
    for (const { request } of this.#running) if (!isSafe(request)) return false
    return true
  }
}

function isSafe({ method, headers }: IncomingMessage): boolean {
  return (
    safeMethods.has(method!) && headers['content-length'] === undefined && headers['transfer-encoding'] === undefined
  )
}
