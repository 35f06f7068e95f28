import type { Socket } from 'node:net'
import type { Clock } from '../base/clock.ts'
import { Exchange, type TunnelTarget } from '../pipeline/exchange.ts'
import { LaneClientResponse } from './lane-client-response.ts'
import { type PlainRequest, PlainRequestReader } from './plain-request.ts'

export interface FastLaneOptions {
  readonly clock: Clock
  readonly run: (exchange: Exchange) => void
  readonly nextId: () => string
  /** How long a connection may be idle, and half the time in which a client must take something of what it asked for. */
  readonly idleMs?: number
}

const firstRequestMs = 10_000
const defaultIdleMs = 60_000
/** How long a client may take to close its side after ours. */
const lingerMs = 2_000
const slash = 0x2f
const space = 0x20

/**
 * A second front on the bare connection, for the plainest GETs: they make up nearly all of a build's traffic, and
 * Node's HTTP server costs more than serving them. Anything else on a connection hands it, with every byte unread, to the full parser
 * for good. Both fronts run the same pipeline.
 */
export class FastLane {
  readonly options: FastLaneOptions
  readonly reader = new PlainRequestReader()
  readonly connections = new Set<LaneConnection>()
  readonly idleMs: number
  draining = false

  constructor(options: FastLaneOptions) {
    this.options = options
    this.idleMs = options.idleMs ?? defaultIdleMs
  }

  /** Serves `socket` until something else than a plain GET comes; then calls `handOver`. */
  take(socket: Socket, tunnel: TunnelTarget | undefined, handOver: (socket: Socket) => void): void {
    this.connections.add(new LaneConnection(this, socket, tunnel, handOver))
  }

  /** Ends idle connections now and busy ones after their response. */
  drain(): void {
    this.draining = true
    for (const connection of this.connections) connection.endIfIdle()
  }
}

class LaneConnection {
  readonly #lane: FastLane
  readonly #socket: Socket
  readonly #tunnel: TunnelTarget | undefined
  readonly #handOver: (socket: Socket) => void
  readonly #clientAddress: string
  /** The response that is being sent. */
  #busy: LaneClientResponse | undefined
  /** Bytes that came while it was. */
  #waiting: Buffer | undefined
  #stalled = false
  #served = false
  /** The client will send nothing more. */
  #ended = false

  constructor(lane: FastLane, socket: Socket, tunnel: TunnelTarget | undefined, handOver: (socket: Socket) => void) {
    this.#lane = lane
    this.#socket = socket
    this.#tunnel = tunnel
    this.#handOver = handOver
    this.#clientAddress = socket.remoteAddress ?? '-'
    socket.on('data', this.#onData)
    socket.on('end', this.#onEnd)
    socket.on('error', this.#onError)
    socket.on('close', this.#onClose)
    socket.on('timeout', this.#onTimeout)
    socket.setTimeout(firstRequestMs)
    socket.setNoDelay(true)
    // A connection out of a tunnel was paused after its first byte.
    socket.resume()
  }

  endIfIdle(): void {
    if (this.#busy === undefined) this.#socket.end()
  }

  readonly #onData = (bytes: Buffer): void => {
    this.#stalled = false
    if (this.#busy !== undefined) {
      // A pipelined request: answered after this one; meanwhile the client may not fill our memory.
      this.#waiting = this.#waiting === undefined ? bytes : Buffer.concat([this.#waiting, bytes])
      this.#socket.pause()
      return
    }
    const request = this.#lane.reader.read(bytes)
    if (request === undefined || !this.#serves(request)) return this.#leave(bytes)
    this.#serve(request)
  }

  /** In a tunnel origin-form; outside of one absolute-form, as origin-form there means the proxy's own pages. */
  #serves(request: PlainRequest): boolean {
    const first = request.requestTarget.charCodeAt(0)
    return first !== space && (first === slash) === (this.#tunnel !== undefined)
  }

  #serve(request: PlainRequest): void {
    const { clock, nextId, run } = this.#lane.options
    const response = new LaneClientResponse(this.#socket, this.#onDone)
    this.#busy = response
    if (!this.#served) {
      this.#served = true
      this.#socket.setTimeout(this.#lane.idleMs)
    }
    const received = {
      method: 'GET',
      requestTarget: request.requestTarget,
      httpVersion: '1.1',
      fields: request.fields,
      body: undefined,
      client: { address: this.#clientAddress, userAgent: request.fields.get('user-agent') },
      tunnel: this.#tunnel,
    }
    run(new Exchange(nextId(), received, response, clock.now(), clock.elapsed()))
  }

  readonly #onDone = (keepAlive: boolean): void => {
    this.#busy = undefined
    if (!keepAlive || this.#lane.draining) return this.#close()
    const bytes = this.#waiting
    if (bytes === undefined) {
      if (this.#ended) this.#socket.end()
      return
    }
    this.#waiting = undefined
    this.#socket.resume()
    this.#onData(bytes)
  }

  /** Ends the connection. What the client sent behind is dropped unread: no request is served there (RFC 9112 section 9.6). */
  #close(): void {
    const socket = this.#socket
    this.#waiting = undefined
    socket.off('data', this.#onData)
    socket.on('data', () => undefined)
    socket.resume()
    socket.setTimeout(lingerMs)
    socket.end()
  }

  /** Leaves the connection to the full parser, as if nothing of `bytes` had been read. */
  #leave(bytes: Buffer): void {
    const socket = this.#socket
    this.#detach()
    socket.pause()
    socket.unshift(bytes)
    this.#handOver(socket)
  }

  #detach(): void {
    const socket = this.#socket
    socket.off('data', this.#onData)
    socket.off('end', this.#onEnd)
    socket.off('error', this.#onError)
    socket.off('close', this.#onClose)
    socket.off('timeout', this.#onTimeout)
    socket.setTimeout(0)
    this.#lane.connections.delete(this)
  }

  readonly #onEnd = (): void => {
    this.#ended = true
    if (this.#busy === undefined) this.#socket.end()
  }

  readonly #onError = (): void => {
    this.#socket.destroy()
  }

  readonly #onClose = (): void => {
    this.#lane.connections.delete(this)
    this.#busy?.connectionClosed()
  }

  /** Idle too long, or a client that took nothing for two periods (CORRECTNESS T37). Waiting for the origin is neither. */
  readonly #onTimeout = (): void => {
    const socket = this.#socket
    if ((this.#busy === undefined && socket.writableLength === 0) || this.#stalled) return void socket.destroy()
    this.#stalled = socket.writableLength > 0
    // It calls but once.
    socket.setTimeout(this.#lane.idleMs)
  }
}
