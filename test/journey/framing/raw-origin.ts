import { type AddressInfo, createServer as createNetServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer, type TlsOptions } from 'node:tls'

/** A request as the origin understood it: as strictly as RFC 9112 allows. */
export interface SeenRequest {
  readonly method: string
  readonly target: string
  readonly version: string
  /** Lower-case names and values, in order. */
  readonly fields: readonly (readonly [name: string, value: string])[]
  readonly body: string
  /** Which connection it came on, counted from 1. */
  readonly connection: number
}

/** An origin that is nothing but a socket: it logs what arrives and answers each whole request. */
export interface RawOrigin {
  readonly port: number
  readonly requests: readonly SeenRequest[]
  /** Every byte that arrived, all connections together. */
  readonly log: string
  /** Bytes that are no request, and requests that are ambiguous. */
  readonly oddities: readonly string[]
  readonly connectionCount: number
  stop(): Promise<void>
}

/** What the origin sends for a request. */
export type Answer = (request: SeenRequest, socket: Socket) => void

const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nCache-Control: no-store\r\n\r\nok'

export async function startRawOrigin(
  answer: Answer = (_request, socket) => void socket.write(ok),
  tls?: TlsOptions,
): Promise<RawOrigin> {
  const origin = new LoggingOrigin(answer)
  const accept = (socket: Socket): void => origin.accept(socket)
  const server = tls === undefined ? createNetServer(accept) : createTlsServer(tls, accept)
  server.on('tlsClientError', () => undefined)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  origin.server = server
  return origin
}

class LoggingOrigin implements RawOrigin {
  readonly requests: SeenRequest[] = []
  readonly oddities: string[] = []
  log = ''
  connectionCount = 0
  server: Server | undefined
  readonly #answer: Answer
  readonly #open = new Set<Socket>()

  constructor(answer: Answer) {
    this.#answer = answer
  }

  get port(): number {
    return (this.server!.address() as AddressInfo).port
  }

  accept(socket: Socket): void {
    const connection = ++this.connectionCount
    this.#open.add(socket)
    let unread = ''
    socket.on('error', () => undefined)
    socket.on('close', () => this.#open.delete(socket))
    socket.on('data', (bytes) => {
      const text = bytes.toString('latin1')
      this.log += text
      unread += text
      for (let read = readRequest(unread); read !== undefined; read = readRequest(unread)) {
        if (typeof read === 'string') {
          this.oddities.push(read)
          socket.destroy()
          return
        }
        unread = unread.slice(read.length)
        const request = { ...read.request, connection }
        this.requests.push(request)
        this.#answer(request, socket)
      }
    })
  }

  async stop(): Promise<void> {
    for (const socket of this.#open) socket.destroy()
    await new Promise((resolve) => this.server!.close(resolve))
  }
}

type Read = { readonly request: Omit<SeenRequest, 'connection'>; readonly length: number }

/** The first request of `text`; `undefined`: not whole yet; a text: why it is none, or more than one. */
function readRequest(text: string): Read | string | undefined {
  const end = text.indexOf('\r\n\r\n')
  if (end < 0) return undefined
  const [line = '', ...fieldLines] = text.slice(0, end).split('\r\n')
  const parts = /^([A-Z]+) ([!-~]+) (HTTP\/1\.1)$/.exec(line)
  if (parts === null) return `request line: ${line}`
  const fields: [string, string][] = []
  for (const fieldLine of fieldLines) {
    const field = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\t -~\x80-\xff]*)$/.exec(fieldLine)
    if (field === null) return `field line: ${fieldLine}`
    fields.push([field[1]!.toLowerCase(), field[2]!])
  }
  const all = (name: string): string[] => fields.filter(([known]) => known === name).map(([, value]) => value)
  const lengths = all('content-length')
  const codings = all('transfer-encoding')
  if (all('host').length !== 1) return 'not one Host'
  if (lengths.length + codings.length > 1) return `framed more than once: ${text.slice(0, end)}`
  const head = { method: parts[1]!, target: parts[2]!, version: parts[3]!, fields }
  if (codings.length === 1) return codings[0] === 'chunked' ? readChunks(text, end + 4, head) : `coding ${codings[0]}`
  const length = Number(lengths[0] ?? 0)
  if (text.length < end + 4 + length) return undefined
  return { request: { ...head, body: text.slice(end + 4, end + 4 + length) }, length: end + 4 + length }
}

function readChunks(
  text: string,
  start: number,
  head: Omit<SeenRequest, 'connection' | 'body'>,
): Read | string | undefined {
  let body = ''
  for (let at = start; ; ) {
    const lineEnd = text.indexOf('\r\n', at)
    if (lineEnd < 0) return undefined
    const size = text.slice(at, lineEnd)
    if (!/^[0-9a-fA-F]+$/.test(size)) return `chunk size ${size}`
    const length = Number.parseInt(size, 16)
    const next = lineEnd + 2 + length + 2
    if (text.length < next) return undefined
    if (text.slice(next - 2, next) !== '\r\n') return `chunk end ${text.slice(next - 2, next)}`
    body += text.slice(lineEnd + 2, next - 2)
    if (length === 0) return { request: { ...head, body }, length: next }
    at = next
  }
}
