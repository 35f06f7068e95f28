import type { Digest } from './digest.ts'
import type { FaultCode } from './faults.ts'
import type { Result, Stored } from './results.ts'

/** One finished exchange, as the access log and the metrics see it. */
export interface ExchangeEvent {
  readonly kind: 'exchange'
  /** Milliseconds since the epoch at which the request head was complete. */
  readonly at: number
  readonly id: string
  readonly client: string
  readonly method: string
  readonly scheme: string
  /** The target without query and userinfo (CORRECTNESS I8). */
  readonly url: string
  readonly status: number
  readonly result: Result
  readonly stored: Stored | undefined
  readonly fault: FaultCode | undefined
  /** What the fault's message says; no secret ever stands in it. */
  readonly detail: string | undefined
  /** The class rule that applied, e.g. `npm.tarball`; `rfc` when none did. */
  readonly rule: string
  readonly responseBytes: number
  readonly originBytes: number
  /** Milliseconds until the first byte of the response, and until the last. */
  readonly firstByteMs: number
  readonly durationMs: number
  /** Milliseconds that the origin took when this content was fetched: what a hit saves. */
  readonly savedMs: number
  readonly clientAborted: boolean
  /** The origin that answered in place of the asked one, as a rule allows; absent: none did. */
  readonly mirror?: string
  readonly userAgent: string | undefined
}

/** What was done to stored responses by the admin address. */
export interface AdminChange {
  /** Who asked: an address, or `unix` for a socket that its file guards. */
  readonly by: string
  readonly agent?: string
  readonly action: 'purge' | 'outdate' | 'pin' | 'unpin'
  /** A URL without query and userinfo, or the selection as JSON. */
  readonly what: string
  readonly count: number
  /** Of the first that were changed, as `sha256:HEX`. */
  readonly digests: readonly string[]
}

export interface AdminChangeEvent extends AdminChange {
  readonly kind: 'admin-change'
  /** Milliseconds since the epoch. */
  readonly at: number
}

/** How a request to an origin failed: by a fault, or by an answer that says so (`status-503`). */
export type OriginFailureCode = FaultCode | `status-${number}`

/** What an alert is about: a fault, or a cause that is no fault of one request. Origins out of reach have one code for all ways of it. */
export type AlertCode = FaultCode | 'ORIGIN_FAILING' | 'CLIENT_REFUSES_CA' | 'CA_EXPIRING' | 'ALERT_TEST'

/** `failed` is one attempt to deliver a message, of which more may follow; `dropped`: it will never be delivered. */
export type AlertOutcome = 'sent' | 'failed' | 'dropped'

/** No record at all; not sealed with our secret; another key's; older than the last purge of its key. */
export type IndexRejection = 'malformed' | 'forged' | 'swapped' | 'replayed'

/** What is wrong with a blob: its bytes, its length, what kind of file it is, or who may write it. */
export type BlobDamage = 'content' | 'size' | 'kind' | 'access'

export type LarderEvent =
  | ExchangeEvent
  | AdminChangeEvent
  | { readonly kind: 'origin-attempt'; readonly outcome: 'response' | FaultCode }
  /** An origin such as `https://example.org` failed so often that it is left alone, but for single probes; or it works again. */
  | { readonly kind: 'circuit-opened' | 'circuit-closed'; readonly origin: string; readonly detail: string }
  /** The last attempt of a request failed: one event a request. `detail` has neither credentials nor queries. */
  | {
      readonly kind: 'origin-failed'
      readonly origin: string
      readonly code: OriginFailureCode
      readonly detail: string
    }
  /** Under a URL whose content must never change there was other content than before. `url` has no query. */
  | {
      readonly kind: 'content-changed'
      readonly url: string
      readonly rule: string
      readonly before: Digest
      readonly after: Digest
    }
  | { readonly kind: 'leaf-issued'; readonly serverName: string }
  /** `tool` and `count` (of this client and server, lately) are there when our certificate was not taken. */
  | {
      readonly kind: 'tls-refused'
      readonly serverName: string
      readonly client: string
      readonly reason: string
      readonly tool?: string
      readonly count?: number
    }
  /** After refusals, tunnels of this client to this server are passed through until then (milliseconds since the epoch). */
  | {
      readonly kind: 'trust-spliced'
      readonly serverName: string
      readonly client: string
      readonly tool: string
      readonly untilAt: number
    }
  /** `isShared`: of an index on a server that other daemons use too; else of this one's own store. */
  | { readonly kind: 'store-fault'; readonly code: FaultCode; readonly detail: string; readonly isShared?: true }
  | { readonly kind: 'store-recovered'; readonly isShared?: true }
  /** Stored content was not what was stored, and was set aside. */
  | {
      readonly kind: 'blob-damaged'
      readonly digest: Digest
      readonly damage: BlobDamage
      readonly detail: string
    }
  /** Stored responses went to make room, with about so many bytes on disk. */
  | { readonly kind: 'evicted'; readonly count: number; readonly bytes: number }
  /** What the index's server answered is not the record that was asked for. */
  | { readonly kind: 'index-rejected'; readonly reason: IndexRejection }
  | { readonly kind: 'alert'; readonly code: AlertCode; readonly outcome: AlertOutcome }

/** Receives what capabilities report; must never throw and never block. */
export type Observer = (event: LarderEvent) => void
