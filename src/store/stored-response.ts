import type { RawFields } from '../http/fields.ts'
import type { BytePart } from '../http/range.ts'
import type { BlobRef } from './blob-store.ts'

/** What is kept of a response for reuse (RFC 9111 section 3). JSON-serialisable. */
export interface StoredResponse {
  /** The target URI it answers, without userinfo. */
  readonly url: string
  readonly status: number
  /** End-to-end fields as the origin sent them, without framing and cookies. */
  readonly fields: RawFields
  /** Milliseconds since the epoch: when the request was sent and the response head received (RFC 9111 section 4.2.3). */
  readonly requestedAt: number
  readonly receivedAt: number
  /** Content; `undefined` when the response has none. */
  readonly content: BlobRef | undefined
  /** The content is only this part of the representation, from a 206 (RFC 9111 section 3.3); absent: all of it. */
  readonly part?: BytePart
  /** The secondary key: values of the request fields that Vary names, by lower-case name, absent ones as ''. */
  readonly vary: { readonly [name: string]: string }
  /** Name of the class rule under which it was stored, `rfc` when none applied. */
  readonly rule: string
  /** Milliseconds that fetching it took: what a hit saves. */
  readonly fetchMs: number
  /** It is kept for ever: no eviction, no purge by selection. Of one key all variants are pinned, or none. */
  readonly pinned?: true
  /** Milliseconds since the epoch: its lifetime was ended by hand, so that it is validated before its next use. */
  readonly outdatedAt?: number
}
