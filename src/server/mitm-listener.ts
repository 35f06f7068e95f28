import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { Proxy as MitmProxy } from 'http-mitm-proxy'
import { Fault } from '../base/faults.ts'
import type { HostPort } from '../config/settings.ts'
import type { TunnelTarget } from '../pipeline/exchange.ts'
import { FastLane } from './fast-lane.ts'
import { answerHelp } from './help-page.ts'
import { listenOn, type PassedSocket } from './listen-on.ts'
import type { Listener, ListenerServices } from './listener.ts'
import { ExchangeMaker } from './node-exchange.ts'
import { refuseRaw } from './raw-response.ts'
import { RequestOrder } from './request-order.ts'
import { openTunnel } from './tunnel.ts'
import { asksUpgrade, passUpgrade } from './upgrade.ts'

const maxHeadBytes = 16 * 1024
const headersTimeoutMs = 10_000
const keepAliveMs = 60_000
const slash = 0x2f

/**
 * The proxy port. http-mitm-proxy gives the class and its hooks; every member that touches TLS, certificates, origins
 * or errors is overridden (docs/decisions/0001): TLS ends in process on the accepted connection, nothing is written to
 * disk, and requests go to our own pipeline.
 */
export class MitmListener extends MitmProxy implements Listener {
  readonly #services: ListenerServices
  readonly #addresses: readonly (HostPort | PassedSocket)[]
  readonly #exchanges: ExchangeMaker
  readonly #tunnels = new WeakMap<object, TunnelTarget>()
  readonly #connections = new Set<Duplex>()
  readonly #orders = new WeakMap<object, RequestOrder>()
  readonly #lane: FastLane
  #servers: Server[] = []
  #listening: HostPort[] = []
  #acceptedCount = 0

  constructor(addresses: readonly (HostPort | PassedSocket)[], services: ListenerServices, idPrefix: string) {
    super()
    this.#addresses = addresses
    this.#services = services
    this.#exchanges = new ExchangeMaker(services.clock, idPrefix)
    this.#lane = new FastLane({
      clock: services.clock,
      run: services.run,
      nextId: () => this.#exchanges.nextId(),
    })
  }

  get listening(): readonly HostPort[] {
    return this.#listening
  }

  get connectionCount(): number {
    return this.#connections.size
  }

  get acceptedCount(): number {
    return this.#acceptedCount
  }

  async start(): Promise<void> {
    try {
      await this.#bindAll()
    } catch (error) {
      await this.stop(0)
      throw error
    }
    this.httpServer = this.#servers[0] as typeof this.httpServer
    this.httpPort = this.#listening[0]!.port
  }

  async #bindAll(): Promise<void> {
    for (const address of this.#addresses) {
      const server = this.#createServer()
      const bound = await listenOn(server, address, this.#addresses.length > 1)
      if (bound === undefined) continue
      this.#servers.push(server)
      this.#listening.push(bound)
    }
    if (this.#servers.length === 0) throw new Fault('LISTEN_FAILED', 'this machine has none of the addresses')
  }

  /** Not called: `start` makes the servers. The original would make an RSA CA and a server per host. */
  override listen(): this {
    throw new Error('use start()')
  }

  override close(): this {
    void this.stop(0)
    return this
  }

  async stop(graceMs: number): Promise<void> {
    const closed = this.#servers.map((server) => new Promise<void>((resolve) => server.close(() => resolve())))
    for (const server of this.#servers) server.closeIdleConnections()
    this.#lane.drain()
    const timer = setTimeout(() => this.#breakAll(), graceMs)
    await Promise.all(closed)
    clearTimeout(timer)
    this.#breakAll()
    this.#servers = []
  }

  #breakAll(): void {
    for (const server of this.#servers) server.closeAllConnections()
    for (const connection of this.#connections) connection.destroy()
  }

  #createServer(): Server {
    const server = createServer({
      maxHeaderSize: maxHeadBytes,
      headersTimeout: headersTimeoutMs,
      requestTimeout: 0,
      keepAliveTimeout: keepAliveMs,
      connectionsCheckingInterval: 2_000,
      requireHostHeader: false,
      shouldUpgradeCallback: asksUpgrade,
    })
    // The gate counts fields itself; Node would drop the surplus without a word.
    server.maxHeadersCount = 0
    const [fullParser] = server.listeners('connection') as ((socket: Socket) => void)[]
    server.removeAllListeners('connection')
    server.on('connection', (socket) => {
      if (!this.#admitClient(socket)) return
      this.#lane.take(socket, this.#tunnels.get(socket), (unread) => {
        fullParser!.call(server, unread)
        unread.resume()
      })
    })
    this.#serveRequests(server)
    return server
  }

  #serveRequests(server: Server): void {
    server.on('request', (request, response) => this._onHttpServerRequest(false, request, response))
    server.on('checkContinue', (request, response) => this.#take(request, response, true))
    // The gate judges expectations; Node's own answer would leave the connection open.
    server.on('checkExpectation', (request, response) => this.#take(request, response, false))
    server.on('connect', (request, socket, head) => {
      this.#orderOf(request.socket).finally(() => this._onHttpServerConnect(request, socket, head))
    })
    server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      const tunnel = this.#tunnels.get(request.socket)
      this.#orderOf(request.socket).finally(() => passUpgrade(request, socket, head, tunnel, this.#services))
    })
    server.on('clientError', (error: NodeJS.ErrnoException, socket) => this.#refuseMalformed(error, socket as Socket))
  }

  #orderOf(socket: Socket): RequestOrder {
    const known = this.#orders.get(socket)
    if (known !== undefined) return known
    const order = new RequestOrder(socket)
    this.#orders.set(socket, order)
    return order
  }

  /** Connections inside a tunnel belong to a client that was admitted when it connected. */
  #admitClient(socket: Socket): boolean {
    if (this.#tunnels.has(socket)) return true
    if (!this.#services.clientAllowed(socket.remoteAddress ?? '')) {
      socket.destroy()
      return false
    }
    this.#connections.add(socket)
    this.#acceptedCount++
    socket.once('close', () => this.#connections.delete(socket))
    return true
  }

  override _onHttpServerRequest(_isSSL: boolean, request: IncomingMessage, response: ServerResponse): void {
    this.#take(request, response, false)
  }

  /** `awaitsContinue`: the client holds its content back until it reads 100 (RFC 9110 section 10.1.1). */
  #take(request: IncomingMessage, response: ServerResponse, awaitsContinue: boolean): void {
    const tunnel = this.#tunnels.get(request.socket)
    this.#orderOf(request.socket).take(request, response, () => {
      if (tunnel === undefined && isForOurselves(request)) {
        const { localAddress, localPort } = request.socket
        answerHelp(request, response, { host: localAddress ?? '-', port: localPort ?? 0 }, this.#services.caPem)
      } else this.#services.run(this.#exchanges.make(request, response, tunnel, awaitsContinue))
    })
  }

  override _onHttpServerConnect(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    if (this.#tunnels.has(request.socket)) {
      refuseRaw(socket, new Fault('CLIENT_REQUEST_INVALID', 'CONNECT inside a tunnel'))
      return
    }
    openTunnel(request, socket as Socket, head, this.#services, this.#exchanges.nextId(), (connection, tunnel) => {
      this.#tunnels.set(connection, tunnel)
      // Without TLS it is the same connection, and begins anew.
      this.#orders.delete(connection)
      this.#servers[0]?.emit('connection', connection)
    })
  }

  /** A fault of ours never becomes text in a body; the pipeline answers faults. */
  override _onError(_kind: string, _context: unknown, error: Error): void {
    throw error
  }

  override onCertificateRequired(): void {
    throw new Error('certificates come from ca/, never from files')
  }

  override onCertificateMissing(): void {
    throw new Error('certificates come from ca/, never from files')
  }

  #refuseMalformed(error: NodeJS.ErrnoException, socket: Socket): void {
    if (error.code === 'ECONNRESET' || !socket.writable) {
      socket.destroy()
      return
    }
    const late = error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
    const fault = new Fault(late ? 'CLIENT_TIMEOUT' : 'CLIENT_REQUEST_INVALID', error.message)
    const status = error.code === 'HPE_HEADER_OVERFLOW' ? 431 : undefined
    this.#orderOf(socket).broken(() => refuseRaw(socket, fault, status))
  }
}

/** Outside of a tunnel, origin-form and asterisk-form mean the proxy itself. */
function isForOurselves({ method, url }: IncomingMessage): boolean {
  return url!.charCodeAt(0) === slash || (url === '*' && method === 'OPTIONS')
}
