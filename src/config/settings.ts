import type { AlertTarget } from './alert-targets.ts'
import type { IndexUrl } from './index-url.ts'
import type { UserRule } from './user-rules.ts'

/** The effective configuration, units converted: durations in milliseconds, sizes in bytes. Derived from `options.ts`. */
export interface Settings {
  /** Proxy addresses. Port 0: any free one (used for private daemons and tests). */
  readonly listen: readonly HostPort[]
  readonly admin: AdminAddress
  readonly dataFolder: string
  readonly caFolder: string
  /** Blob store URL; `fs:` is the data folder. */
  readonly store: string
  readonly index: IndexUrl
  readonly indexPasswordFile: string | undefined
  /** Holds the secret that records on a server are sealed with; `undefined`: one in the data folder. */
  readonly indexKeyFile: string | undefined
  readonly indexCaFile: string | undefined
  /** Bytes on disk that the data folder may take. */
  readonly quotaBytes: number
  /** Shares of what may be used, at which eviction starts and stops. */
  readonly highWater: number
  readonly lowWater: number
  readonly eviction: 'gdsf' | 'lru' | 'sieve'
  /** How often all that is stored is read again; infinite: never. */
  readonly verifyEveryMs: number
  /** What that may read. */
  readonly verifyBytesPerSecond: number
  /** Hot bodies and index records kept in memory. */
  readonly memoryBytes: number
  /** Host patterns (`example.org`, `*.example.org`) whose TLS is opened; empty: all. */
  readonly intercept: readonly string[]
  readonly splice: readonly string[]
  readonly connectPorts: readonly number[]
  /** CIDRs that may be dialled although they are local or private; CIDRs that may not. */
  readonly allowAddresses: readonly string[]
  readonly denyAddresses: readonly string[]
  /** CIDRs of clients that are served; needed to listen beyond loopback. */
  readonly allowClients: readonly string[]
  readonly originCaFiles: readonly string[]
  /** Files in netrc form with the logins of FTP servers. */
  readonly ftpCredentialFiles: readonly string[]
  /** Host patterns of FTP servers with explicit TLS. */
  readonly ftpTls: readonly string[]
  /** Proxies to origins in the order of preference; `direct`, our own connections, only as the last. Empty: no parents. */
  readonly parents: readonly ParentHop[]
  /** Files in netrc form with the credentials for parents. */
  readonly parentCredentialFiles: readonly string[]
  /** Names, addresses and CIDRs that no parent is asked for. */
  readonly noProxy: readonly string[]
  readonly connectTimeoutMs: number
  readonly headTimeoutMs: number
  readonly idleTimeoutMs: number
  /** Connections for requests to one origin. */
  readonly originConnections: number
  /** Requests to one origin in a second; Infinity: as many as come. */
  readonly originRate: number
  /** Content read from one origin in a second; Infinity: as much as comes. */
  readonly originBytesPerSecond: number
  /** Attempts at an origin for one response, the first included. */
  readonly retryAttempts: number
  /** Retries at an origin as a share of its requests of the last minute: 0.5 is half of them. */
  readonly retryBudget: number
  /** Is a client that refuses our certificate never passed through? */
  readonly strictTrust: boolean
  /** Is nothing ever asked of an origin? */
  readonly offline: boolean
  readonly alerts: readonly AlertTarget[]
  /** After so long without anything to do the daemon ends; `Infinity`: never. */
  readonly idleExitMs: number
  /** One message for each cause in this time. */
  readonly alertWindowMs: number
  readonly alertSecretFile: string | undefined
  /** `-`: standard output; `none`: no log; else a file's path. */
  readonly accessLog: string
  readonly profile: 'builds' | 'standards'
  /** From the configuration file; empty without. Not applied under the profile `standards`. */
  readonly rules: readonly UserRule[]
}

export interface HostPort {
  readonly host: string
  readonly port: number
}

export type ParentHop = ParentAddress | 'direct'

/** A parent proxy; the host in lower case, IPv6 without brackets. */
export interface ParentAddress extends HostPort {
  readonly tls: boolean
}

export type AdminAddress = { readonly path: string } | HostPort
