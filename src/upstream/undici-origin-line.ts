import type { Socket } from 'node:net'
import { Client, type Dispatcher, Pool } from 'undici'
import type { OpenConnection } from './open-connection.ts'

/** Larger heads are refused (CORRECTNESS section 7). */
const maxHeadBytes = 64 * 1024
/** Idle connections are kept this long at most, and shorter when the origin says so (CORRECTNESS T16). */
const idleMs = 4_000

/** Where the status stands in a response, and the first digit of an interim one. */
const statusAt = 9
const one = 0x31

export interface LineOptions {
  readonly open: OpenConnection
  readonly headTimeoutMs: number
  readonly idleTimeoutMs: number
  readonly connectionsPerOrigin: number
}

/** One connection, as the exchanges on it see it. */
export class Line {
  readonly socket: Socket
  /** Requests sent on it so far. */
  requestCount = 0
  /** Bytes behind the last response were dropped together with the connection. */
  excess = false
  /** A request was sent, and nothing of its response has been read. */
  awaitsHead = false

  constructor(socket: Socket) {
    this.socket = socket
    // When undici closes a connection after a response, this is the only place where bytes behind it can be seen.
    const { unshift } = socket
    socket.unshift = (chunk, encoding) => {
      if (socket.destroyed && chunk.length > 0) this.excess = !onlyLineEnds(chunk)
      unshift.call(socket, chunk, encoding)
    }
    // undici takes a 100 that nobody asked for as an error; it says nothing, and clients must bear it (RFC 9110 section 15.2).
    const { read } = socket
    socket.read = (size) => {
      const chunk: Buffer | null = read.call(socket, size)
      if (!this.awaitsHead || chunk === null) return chunk
      if (chunk.length > statusAt && chunk[statusAt] !== one) {
        this.awaitsHead = false
        return chunk
      }
      const rest = withoutContinue(chunk)
      this.awaitsHead = rest.length === 0
      return rest.length > 0 ? rest : read.call(socket, size)
    }
  }
}

/** What stands behind the heads of 100 Continue that `bytes` begin with. One that is cut is left to the parser. */
function withoutContinue(bytes: Buffer): Buffer {
  let rest = bytes
  while (rest.length > 0 && rest.toString('latin1', 0, 13) === 'HTTP/1.1 100 ') {
    const end = rest.indexOf('\r\n\r\n')
    if (end < 0) return rest
    rest = rest.subarray(end + 4)
  }
  return rest
}

/** Line ends behind a message are harmless and ignored, as parsers do (RFC 9112 section 2.2). */
function onlyLineEnds(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0x0d || byte === 0x0a)
}

/** A handler that wants to know which connection serves it. */
export interface LineAware {
  /** Called before dispatch; the answer changes with each new connection of the client. */
  line: () => Line | undefined
}

/** undici's client for one connection at a time, whose connections are opened by our rules. */
class OriginClient extends Client {
  readonly #line: () => Line | undefined

  constructor(origin: string | URL, options: LineOptions) {
    let line: Line | undefined
    super(origin, {
      allowH2: false,
      pipelining: 1,
      strictContentLength: true,
      maxHeaderSize: maxHeadBytes,
      headersTimeout: options.headTimeoutMs,
      bodyTimeout: options.idleTimeoutMs,
      keepAliveTimeout: idleMs,
      keepAliveMaxTimeout: idleMs,
      connect: ({ hostname, port, protocol }, connected) => {
        const tls = protocol === 'https:'
        const target = { host: hostname, port: Number(port) || (tls ? 443 : 80), tls }
        options.open(target, (fault, socket) => {
          if (fault !== undefined) return connected(fault, null)
          line = new Line(socket!)
          connected(null, socket!)
        })
      },
    })
    this.#line = () => line
  }

  override dispatch(
    options: Dispatcher.DispatchOptions,
    handler: Dispatcher.DispatchHandler & Partial<LineAware>,
  ): boolean {
    handler.line = this.#line
    return super.dispatch(options, handler)
  }
}

/** The connections to one origin. */
export function openPool(origin: string, options: LineOptions): Dispatcher {
  return new Pool(origin, {
    connections: options.connectionsPerOrigin,
    allowH2: false,
    factory: (url) => new OriginClient(url, options),
  })
}

/** A single connection that serves one request. */
export function openOnce(origin: string, options: LineOptions): Dispatcher {
  return new OriginClient(origin, options)
}
