import { isIP, type Socket } from 'node:net'
import { type SecureContext, type TLSSocket, connect as tlsConnect } from 'node:tls'
import type { Fault } from '../base/faults.ts'
import { checkedAddresses } from './checked-addresses.ts'
import { connectAddresses } from './connect-addresses.ts'
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

/** A way to open connections; calls back once. */
export type OpenConnection = (target: DialTarget, connected: Connected) => void

const maxSessionCount = 1000

/**
 * Opens a connection to an origin. All addresses of its name are resolved once, every one is put to the guard, and only
 * what was checked is dialled (CORRECTNESS T19, T20), one beside the other when the first is slow. Calls back once, with
 * the socket or the fault.
 */
export function openConnection(target: DialTarget, options: ConnectOptions, connected: Connected): void {
  const peer = `${target.host}:${target.port}`
  let stage: ConnectStage = 'name'
  let giveUp = (): void => {}
  let over = false
  const finish = (fault: Fault | undefined, socket?: Socket): void => {
    if (over) return
    over = true
    clearTimeout(timer)
    if (fault !== undefined) giveUp()
    connected(fault, socket)
  }
  const timer = setTimeout(
    () => finish(connectTimeout(stage, peer, options.connectTimeoutMs)),
    options.connectTimeoutMs,
  )
  const fail = (error: unknown): void => finish(connectFault(error, stage, peer))

  checkedAddresses(target.host, target.port, options.resolve, options.guard).then((addresses) => {
    if (over) return
    stage = 'address'
    giveUp = connectAddresses(addresses, { port: target.port }, (error, raw) => {
      if (error !== undefined) return fail(error)
      stage = 'tls'
      const socket = target.tls ? secure(raw!, target, options) : raw!
      giveUp = () => socket.destroy()
      // Stays for the life of the socket: late errors are the business of whoever reads it, but must have a listener.
      socket.on('error', fail)
      if (socket !== raw) raw!.on('error', fail)
      if (target.tls) socket.once('secureConnect', () => finish(undefined, socket))
      else finish(undefined, socket)
    })
  }, fail)
}

/** Speaks TLS on a connection that is open; `secureConnect` or `error` follows. */
export function secure(
  raw: Socket,
  target: DialTarget,
  { trust, sessions }: Pick<ConnectOptions, 'trust' | 'sessions'>,
): TLSSocket {
  const peer = `${target.host}:${target.port}`
  const session = sessions.get(peer)
  const socket = tlsConnect({
    socket: raw,
    host: target.host,
    secureContext: trust,
    rejectUnauthorized: true,
    checkServerIdentity: checkOriginIdentity,
    ALPNProtocols: ['http/1.1'],
    ...(isIP(target.host) === 0 ? { servername: target.host } : {}),
    ...(session === undefined ? {} : { session }),
  })
  return socket.on('session', (fresh) => rememberSession(sessions, peer, fresh))
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
