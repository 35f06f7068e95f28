import type { Duplex } from 'node:stream'

export interface DialTarget {
  readonly host: string
  readonly port: number
  /** Speak TLS, verified against the configured roots, before handing the connection over. */
  readonly tls: boolean
}

/** Opens a raw connection to an origin, for tunnels and upgrades; the address is checked as for any other request. */
export interface Dialer {
  /** Rejects with a `Fault` of the ORIGIN family (or `CLIENT_LOOP`). */
  dial(target: DialTarget): Promise<Duplex>
}
