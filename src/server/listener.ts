import type { SecureContext } from 'node:tls'
import type { Clock } from '../base/clock.ts'
import type { Observer } from '../base/events.ts'
import type { Fault } from '../base/faults.ts'
import type { HostPort } from '../config/settings.ts'
import type { TargetUri } from '../http/target-uri.ts'
import type { Exchange } from '../pipeline/exchange.ts'
import type { Dialer } from '../upstream/dialer.ts'
import type { TrustRefusals } from './trust-refusals.ts'

/** Accepts clients on the proxy port. */
export interface Listener {
  /** The addresses that are listened on, with their real ports; empty before `start`. */
  readonly listening: readonly HostPort[]
  /** Clients that are connected now, those in tunnels included. */
  readonly connectionCount: number
  /** Clients that connected since `start`. */
  readonly acceptedCount: number
  /** Rejects with `LISTEN_FAILED` naming the address. */
  start(): Promise<void>
  /** Accepts nobody any more, lets running exchanges finish for `graceMs`, then breaks them. */
  stop(graceMs: number): Promise<void>
}

/** What a listener needs to turn bytes of clients into exchanges. */
export interface ListenerServices {
  readonly clock: Clock
  readonly observer: Observer
  /** Runs an exchange through the pipeline. */
  readonly run: (exchange: Exchange) => void
  readonly parseTarget: (text: string) => TargetUri | { readonly invalid: string }
  /** Leaf certificates; `undefined` without a CA: then every TLS tunnel is spliced. */
  readonly leaves: { contextFor(serverName: string): SecureContext } | undefined
  /** Clients that did not take our certificate. */
  readonly refusals: TrustRefusals
  readonly intercepts: (host: string) => boolean
  /** May this server be asked for (ports, the proxy itself)? */
  readonly connectCheck: (host: string, port: number) => Fault | undefined
  readonly urlCheck: (target: TargetUri) => Fault | undefined
  readonly clientAllowed: (address: string) => boolean
  readonly dialer: Dialer
  /** The CA certificate that `GET /ca.pem` hands out. */
  readonly caPem: string | undefined
}
