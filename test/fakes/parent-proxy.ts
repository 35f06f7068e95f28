import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { type AddressInfo, connect, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'

/** What the proxy makes of requests: it passes them on, keeps silent, answers itself, or says too much behind its answer to CONNECT. */
export type Behaviour = 'work' | 'stall' | 'blurt' | number

export interface ParentProxy {
  readonly port: number
  /** What it was asked, CONNECT included, as it came. */
  readonly requests: readonly {
    readonly method: string
    readonly target: string
    readonly headers: IncomingMessage['headers']
  }[]
  /** Connections accepted so far. */
  readonly acceptedCount: number
  behave(behaviour: Behaviour): void
  /** Closes its port and all connections: who connects now is refused. */
  die(): Promise<void>
  /** Listens on the same port again. */
  comeBack(): Promise<void>
  stop(): Promise<void>
}

export interface ParentProxyOptions {
  /** Clients speak TLS to it. */
  readonly tls?: { readonly key: string; readonly cert: string }
  /** `user:password` that clients must have. */
  readonly credentials?: string
  /** Answers requests for ftp URLs. */
  readonly ftp?: (target: string, response: ServerResponse) => void
}

/** A forward proxy on loopback that looks up nothing but loopback: every name leads there. */
export async function startParentProxy(options: ParentProxyOptions = {}): Promise<ParentProxy> {
  const proxy = new FakeProxy(options)
  await proxy.listen(0)
  return proxy
}

class FakeProxy implements ParentProxy {
  readonly requests: { method: string; target: string; headers: IncomingMessage['headers'] }[] = []
  acceptedCount = 0
  readonly #options: ParentProxyOptions
  readonly #server: Server
  readonly #open = new Set<Duplex>()
  #behaviour: Behaviour = 'work'
  #port = 0

  constructor(options: ParentProxyOptions) {
    this.#options = options
    this.#server = options.tls === undefined ? createServer() : createTlsServer(options.tls)
    this.#server.on('connection', (socket: Socket) => {
      this.acceptedCount += 1
      this.#hold(socket)
    })
    this.#server.on('request', (asked, response) => this.#answer(asked, response))
    this.#server.on('connect', (asked, client: Duplex) => this.#tunnel(asked, client))
    this.#server.on('tlsClientError', () => undefined)
  }

  get port(): number {
    return this.#port
  }

  behave(behaviour: Behaviour): void {
    this.#behaviour = behaviour
  }

  async listen(port: number): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(port, '127.0.0.1', resolve))
    this.#port = (this.#server.address() as AddressInfo).port
  }

  async die(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve))
    for (const socket of this.#open) socket.destroy()
    await closed
  }

  comeBack(): Promise<void> {
    return this.listen(this.#port)
  }

  stop(): Promise<void> {
    return this.#server.listening ? this.die() : Promise.resolve()
  }

  #hold(socket: Duplex): void {
    this.#open.add(socket)
    socket.on('error', () => undefined)
    socket.on('close', () => this.#open.delete(socket))
  }

  /** The status that it answers by itself; `undefined`: it passes the request on. */
  #ownStatus({ method, url, headers }: IncomingMessage): number | undefined {
    this.requests.push({ method: method!, target: url!, headers })
    const { credentials } = this.#options
    if (credentials !== undefined) {
      const wanted = `Basic ${Buffer.from(credentials).toString('base64')}`
      if (headers['proxy-authorization'] !== wanted) return 407
    }
    return typeof this.#behaviour === 'number' ? this.#behaviour : undefined
  }

  #answer(asked: IncomingMessage, response: ServerResponse): void {
    const status = this.#ownStatus(asked)
    if (status !== undefined) return void response.writeHead(status, { 'proxy-authenticate': 'Basic' }).end('no\n')
    if (this.#behaviour === 'stall') return
    if (asked.url!.startsWith('ftp:')) return this.#options.ftp?.(asked.url!, response)
    const { port, pathname, search } = new URL(asked.url!)
    const headers = asked.rawHeaders.filter((_, i, all) => !/^proxy-authorization$/i.test(all[i - (i % 2)]!))
    const onward = request({
      host: '127.0.0.1',
      port,
      path: pathname + search,
      method: asked.method,
      headers,
      setHost: false,
    })
    onward.on('error', () => (response.headersSent ? response.destroy() : response.writeHead(502).end()))
    onward.on('response', (answer) => {
      response.writeHead(answer.statusCode!, answer.rawHeaders)
      answer.on('error', () => response.destroy())
      answer.pipe(response)
    })
    response.on('close', () => onward.destroy())
    asked.pipe(onward)
  }

  #tunnel(asked: IncomingMessage, client: Duplex): void {
    this.#hold(client)
    const status = this.#ownStatus(asked)
    if (status !== undefined) return void client.end(`HTTP/1.1 ${status} No\r\nContent-Length: 0\r\n\r\n`)
    if (this.#behaviour === 'stall') return
    const origin = connect(Number(asked.url!.split(':').at(-1)), '127.0.0.1')
    this.#hold(origin)
    origin.on('error', () => client.end('HTTP/1.1 502 No\r\n\r\n'))
    origin.once('connect', () => {
      client.write(`HTTP/1.1 200 OK\r\n\r\n${this.#behaviour === 'blurt' ? 'more' : ''}`)
      client.pipe(origin).pipe(client)
    })
    client.on('close', () => origin.destroy())
    origin.on('close', () => client.destroy())
  }
}
