import { request as httpRequest } from 'node:http'
import type { Socket } from 'node:net'
import type { Fault } from '../base/faults.ts'
import { type ConnectStage, connectFault, connectTimeout } from './connect-faults.ts'
import type { DialTarget } from './dialer.ts'
import { type Connected, type ConnectOptions, openConnection, secure } from './open-connection.ts'
import { hopOf, type Parent, ParentFault, parentFields } from './parent.ts'

/** Statuses by which a parent says that it is not at its best, not that it does not want to. */
const gatewayStatuses = 500
const proxyAuthentication = 407

/** Opens a connection to the parent itself. `options.guard` judges the parent's addresses. */
export function openToParent(parent: Parent, options: ConnectOptions, connected: Connected): void {
  openConnection(parent, options, (fault, socket) => {
    // That the parent is ourselves is nothing that another parent should hide.
    if (fault === undefined || fault.code === 'CLIENT_LOOP') return connected(fault, socket)
    const reason = fault.message.replace(`${parent.host}:${parent.port}: `, '')
    connected(new ParentFault(parent, 'broken', reason, fault), undefined)
  })
}

/**
 * Opens a connection to `target` in a tunnel through the parent (RFC 9110 section 9.3.6), for TLS targets verified as ever. CONNECT and
 * handshake together have the time of a connection.
 */
export function openTunnel(parent: Parent, target: DialTarget, options: ConnectOptions, connected: Connected): void {
  openToParent(parent, options, (fault, socket) => {
    if (fault !== undefined) return connected(fault, undefined)
    new Tunnel(parent, target, options, connected).begin(socket!)
  })
}

class Tunnel {
  readonly #parent: Parent
  readonly #target: DialTarget
  readonly #options: ConnectOptions
  readonly #connected: Connected
  readonly #peer: string
  readonly #timer: NodeJS.Timeout
  #stage: 'parent' | ConnectStage = 'parent'
  #socket: Socket | undefined
  #over = false

  constructor(parent: Parent, target: DialTarget, options: ConnectOptions, connected: Connected) {
    this.#parent = parent
    this.#target = target
    this.#options = options
    this.#connected = connected
    this.#peer = hopOf(target)
    this.#timer = setTimeout(() => this.#expire(), options.connectTimeoutMs)
  }

  begin(socket: Socket): void {
    this.#socket = socket
    const headers = ['Host', this.#peer, ...parentFields(this.#parent), 'Connection', 'keep-alive']
    const asking = httpRequest({
      createConnection: () => socket,
      method: 'CONNECT',
      path: this.#peer,
      setHost: false,
      headers,
    })
    asking.on('error', (error) => this.#finish(this.#fault('broken', error.message)))
    asking.on('connect', ({ statusCode }, _, head: Buffer) => this.#answered(statusCode!, head))
    asking.end()
  }

  #answered(status: number, head: Buffer): void {
    if (this.#over) return
    if (status === proxyAuthentication) return this.#finish(this.#fault('broken', 'it wants other credentials'))
    if (status >= 300) {
      const blame = status >= gatewayStatuses ? 'no-way' : 'refused'
      return this.#finish(this.#fault(blame, `it answered CONNECT ${this.#peer} with ${status}`))
    }
    // Nobody has spoken in the tunnel yet: such bytes would be taken for the origin's (CORRECTNESS T16).
    if (head.length > 0) return this.#finish(this.#fault('broken', 'bytes stand behind its answer to CONNECT'))
    if (!this.#target.tls) return this.#finish(undefined)
    this.#stage = 'tls'
    const raw = this.#socket!
    this.#socket = secure(raw, this.#target, this.#options)
    // Stays for the life of the socket: late errors are the business of whoever reads it, but must have a listener.
    this.#socket.on('error', (error) => this.#finish(connectFault(error, 'tls', this.#peer)))
    this.#socket.once('secureConnect', () => this.#finish(undefined))
  }

  #expire(): void {
    const { connectTimeoutMs } = this.#options
    if (this.#stage !== 'parent') return this.#finish(connectTimeout('tls', this.#peer, connectTimeoutMs))
    this.#finish(this.#fault('no-way', `no answer to CONNECT ${this.#peer} within ${connectTimeoutMs} ms`))
  }

  #fault(blame: 'broken' | 'no-way' | 'refused', reason: string): Fault {
    return new ParentFault(this.#parent, blame, reason)
  }

  #finish(fault: Fault | undefined): void {
    if (this.#over) return
    this.#over = true
    clearTimeout(this.#timer)
    if (fault !== undefined) this.#socket?.destroy()
    this.#connected(fault, fault === undefined ? this.#socket : undefined)
  }
}
