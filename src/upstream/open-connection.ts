import type { LookupAddress } from 'node:dns'
import { isIP, type LookupFunction, connect as netConnect, type Socket } from 'node:net'
import { type SecureContext, connect as tlsConnect } from 'node:tls'
import type { Fault } from '../base/faults.ts'
import { checkedAddresses } from './checked-addresses.ts'
import { type ConnectStage, connectFault, connectTimeout } from './connect-faults.ts'
import type { ConnectionGuard } from './connection-guard.ts'
import type { DialTarget } from './dialer.ts'
import { checkOriginIdentity } from './origin-trust.ts'
import type { ResolveHost } from './resolve-host.ts'

export interface ConnectOptions {
  readonly guard: ConnectionGuard
  readonly resolve: ResolveHost
  /** What TLS connections are verified against; see `createOriginTrust`. */
  readonly trust: SecureContext
  /** For name, TCP and TLS together. */
  readonly connectTimeoutMs: number
  /** Resumable TLS sessions by `host:port`. */
  readonly sessions: Map<string, Buffer>
}

export type Connected = (fault: Fault | undefined, socket: Socket | undefined) => void

const maxSessionCount = 1000
const keepAliveProbeMs = 60_000

/**
 * Opens a connection to an origin. All addresses of its name are resolved once, every one is put to the guard, and only
 * what was checked is dialled (CORRECTNESS T19, T20). Calls back once, with the socket or the fault.
 */
export function openConnection(target: DialTarget, options: ConnectOptions, connected: Connected): void {
  const peer = `${target.host}:${target.port}`
  let stage: ConnectStage = 'name'
  let socket: Socket | undefined
  let over = false
  const finish = (fault: Fault | undefined): void => {
    if (over) return
    over = true
    clearTimeout(timer)
    if (fault !== undefined) socket?.destroy()
    connected(fault, fault === undefined ? socket : undefined)
  }
  const timer = setTimeout(
    () => finish(connectTimeout(stage, peer, options.connectTimeoutMs)),
    options.connectTimeoutMs,
  )
  const fail = (error: unknown): void => finish(connectFault(error, stage, peer))

  checkedAddresses(target.host, target.port, options.resolve, options.guard).then((addresses) => {
    if (over) return
    stage = 'address'
    socket = dial(target, addresses, options)
    socket.once('connect', () => {
      stage = 'tls'
    })
    socket.once(target.tls ? 'secureConnect' : 'connect', () => finish(undefined))
    // Stays for the life of the socket: late errors are the business of whoever reads it, but must have a listener.
    socket.on('error', fail)
  }, fail)
}

function dial(target: DialTarget, addresses: readonly LookupAddress[], options: ConnectOptions): Socket {
  const lookup: LookupFunction = (_host, { all }, answer) => {
    if (all) answer(null, [...addresses])
    else answer(null, addresses[0]!.address, addresses[0]!.family)
  }
  const where = {
    host: target.host,
    port: target.port,
    lookup,
    autoSelectFamily: true,
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: keepAliveProbeMs,
  }
  if (!target.tls) return netConnect(where)
  const peer = `${target.host}:${target.port}`
  const session = options.sessions.get(peer)
  const socket = tlsConnect({
    ...where,
    secureContext: options.trust,
    rejectUnauthorized: true,
    checkServerIdentity: checkOriginIdentity,
    ALPNProtocols: ['http/1.1'],
    ...(isIP(target.host) === 0 ? { servername: target.host } : {}),
    ...(session === undefined ? {} : { session }),
  })
  return socket.on('session', (fresh) => rememberSession(options.sessions, peer, fresh))
}

function rememberSession(sessions: Map<string, Buffer>, peer: string, session: Buffer): void {
  sessions.delete(peer)
  sessions.set(peer, session)
  if (sessions.size <= maxSessionCount) return
  for (const oldest of sessions.keys()) {
    sessions.delete(oldest)
    break
  }
}
