import type { RawFields } from '../http/fields.ts'

/** What the policy needs to know of a stored response. */
export interface ResponseRecord {
  readonly status: number
  /** End-to-end fields as the origin sent them. */
  readonly fields: RawFields
  /** Milliseconds since the epoch: when the request was sent and the response head received (RFC 9111 section 4.2.3). */
  readonly requestedAt: number
  readonly receivedAt: number
  /** Milliseconds since the epoch: when its lifetime was ended by hand; what was asked of the origin after that is not meant. */
  readonly outdatedAt?: number
}
