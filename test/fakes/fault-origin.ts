import { type AddressInfo, createServer as createNetServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer, type TlsOptions } from 'node:tls'

/** What the origin does for one path: bytes as they are sent, and what happens to the connection around them. */
export type Step =
  | { readonly send: string | Buffer }
  /** Waits until the test calls `release` with the same path. */
  | { readonly wait: true }
  | { readonly close: 'fin' | 'reset' }

export interface FaultOrigin {
  readonly port: number
  /** Requests for this path so far. */
  count(path: string): number
  /** The bytes of each request head, with content that came along, as text. */
  readonly requests: readonly string[]
  /** Connections accepted, and those of them still open. */
  readonly acceptedCount: number
  readonly openCount: number
  /** Resolves when no connection is open. */
  idle(): Promise<void>
  /** Lets all that wait under `path` go on, now and later. */
  release(path: string): void
  /** Bytes written to the connections so far that the system has taken. */
  readonly writtenBytes: number
  /** Sends bytes on all connections, asked for or not. */
  blurt(bytes: string): void
  /** Closes its port and all connections: who connects now is refused. */
  goDown(): Promise<void>
  /** Listens on the same port again. */
  comeBack(): Promise<void>
  stop(): Promise<void>
}

/** The steps for the `requestNumber`-th request for a path; `request` is its head, with content that came along. */
export type Script = (path: string, requestNumber: number, request: string) => readonly Step[]

/** What becomes of the `connectionNumber`-th connection before a byte of it is read, TLS included. */
export type Door = (connectionNumber: number) => 'open' | 'silent' | 'reset'

/** An origin that says exactly what a test wants, right or wrong; over TLS when `tls` is given. */
export async function startFaultOrigin(
  script: Script,
  tls?: TlsOptions,
  door: Door = () => 'open',
): Promise<FaultOrigin> {
  const origin = new ScriptedOrigin(script)
  const accept = (socket: Socket): void => origin.accept(socket)
  const inner = tls && createTlsServer(tls, accept)
  // A handshake that fails is the client's business.
  inner?.on('tlsClientError', () => undefined)
  const server = createNetServer({ noDelay: true }, (socket) => {
    const opened = door(origin.connected(socket))
    if (opened === 'reset') socket.resetAndDestroy()
    else if (opened === 'open' && inner === undefined) accept(socket)
    else if (opened === 'open') inner!.emit('connection', socket)
  })
  await origin.listen(server, 0)
  return origin
}

class ScriptedOrigin implements FaultOrigin {
  readonly requests: string[] = []
  acceptedCount = 0
  readonly #script: Script
  readonly #open = new Set<Socket>()
  /** Those that said nothing yet, or will never, included. */
  readonly #connections = new Set<Socket>()
  readonly #counts = new Map<string, number>()
  readonly #gates = new Map<string, PromiseWithResolvers<void>>()
  #idle: (() => void)[] = []
  #finishedBytes = 0
  #connectedCount = 0
  #server: Server | undefined
  #port = 0

  constructor(script: Script) {
    this.#script = script
  }

  async listen(server: Server, port: number): Promise<void> {
    this.#server = server
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
    this.#port = (server.address() as AddressInfo).port
  }

  get port(): number {
    return this.#port
  }

  /** Answers the number of the connection. */
  connected(socket: Socket): number {
    this.#connections.add(socket)
    socket.on('error', () => undefined)
    socket.on('close', () => this.#connections.delete(socket))
    this.#connectedCount += 1
    return this.#connectedCount
  }

  get openCount(): number {
    return this.#open.size
  }

  get writtenBytes(): number {
    let bytes = this.#finishedBytes
    for (const socket of this.#open) bytes += socket.bytesWritten - socket.writableLength
    return bytes
  }

  count(path: string): number {
    return this.#counts.get(path) ?? 0
  }

  release(path: string): void {
    this.#gate(path).resolve()
  }

  idle(): Promise<void> {
    if (this.#open.size === 0) return Promise.resolve()
    return new Promise((resolve) => this.#idle.push(resolve))
  }

  blurt(bytes: string): void {
    for (const socket of this.#open) socket.write(bytes)
  }

  async goDown(): Promise<void> {
    for (const socket of [...this.#open, ...this.#connections]) socket.destroy()
    await Promise.all([new Promise((resolve) => this.#server!.close(resolve)), this.idle()])
  }

  comeBack(): Promise<void> {
    return this.listen(this.#server!, this.#port)
  }

  stop(): Promise<void> {
    return this.goDown()
  }

  accept(socket: Socket): void {
    this.acceptedCount += 1
    this.#open.add(socket)
    socket.on('error', () => undefined)
    socket.on('close', () => this.#closed(socket))
    let text = ''
    let turn = Promise.resolve()
    socket.on('data', (bytes) => {
      text += bytes.toString('latin1')
      for (let end = endOfRequest(text); end !== undefined; end = endOfRequest(text)) {
        const request = text.slice(0, end)
        text = text.slice(end)
        turn = turn.then(() => this.#answer(request, socket))
      }
    })
  }

  #closed(socket: Socket): void {
    this.#open.delete(socket)
    this.#finishedBytes += socket.bytesWritten
    if (this.#open.size > 0) return
    for (const tell of this.#idle.splice(0)) tell()
  }

  async #answer(request: string, socket: Socket): Promise<void> {
    this.requests.push(request)
    const path = request.split(' ')[1]!
    const number = this.count(path) + 1
    this.#counts.set(path, number)
    for (const step of this.#script(path, number, request)) {
      if (socket.destroyed) return
      if ('send' in step) await sendAll(socket, step.send)
      else if ('wait' in step) await this.#gate(path).promise
      else if (step.close === 'fin') socket.end()
      else await flushed(socket).then(() => this.#reset(socket))
    }
  }

  /** Only the connection below TLS can be reset. */
  #reset(socket: Socket): void {
    for (const below of this.#connections) if (below.remotePort === socket.remotePort) below.resetAndDestroy()
  }

  #gate(path: string): PromiseWithResolvers<void> {
    const gate = this.#gates.get(path) ?? Promise.withResolvers<void>()
    this.#gates.set(path, gate)
    return gate
  }
}

const pieceBytes = 64 * 1024

/** Writes in small pieces, so that what the system has taken can be counted. */
export async function sendAll(socket: Socket, content: string | Buffer): Promise<void> {
  const bytes = typeof content === 'string' ? Buffer.from(content, 'latin1') : content
  for (let at = 0; at < bytes.length && !socket.destroyed; at += pieceBytes) {
    await new Promise((resolve) => socket.write(bytes.subarray(at, at + pieceBytes), resolve))
  }
}

/** A reset throws away what was not sent yet; what was written before it shall arrive. */
function flushed(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.write('', () => setImmediate(resolve)))
}

/** Where the first whole request of `text` ends; `undefined`: not yet. Understands declared lengths and chunks. */
function endOfRequest(text: string): number | undefined {
  const head = text.indexOf('\r\n\r\n')
  if (head < 0) return undefined
  const fields = text.slice(0, head + 2)
  if (/\r\ntransfer-encoding: chunked\r\n/i.test(fields)) {
    const last = text.indexOf('\r\n0\r\n\r\n', head + 2)
    return last < 0 ? undefined : last + 7
  }
  const length = Number(/\r\ncontent-length: *(\d+)\r\n/i.exec(fields)?.[1] ?? 0)
  return text.length >= head + 4 + length ? head + 4 + length : undefined
}

/** A whole response with a declared length; `content` may be longer or shorter than that. */
export function withLength(content: string, declared = content.length, extra = ''): string {
  return `HTTP/1.1 200 OK\r\nContent-Length: ${declared}\r\n${extra}\r\n${content}`
}

/** A whole chunked response, one chunk a piece. */
export function withChunks(...pieces: readonly string[]): string {
  const chunks = pieces.map((piece) => `${piece.length.toString(16)}\r\n${piece}\r\n`).join('')
  return `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${chunks}0\r\n\r\n`
}
