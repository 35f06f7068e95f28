import { signatureLike } from '../ecosystem/signed-families.ts'
import type { Fields } from '../http/fields.ts'

/** Names of parameters that are a secret, or expire, wherever they stand. */
const signed = /[?&](?:[A-Za-z-]*Signature|AWSAccessKeyId|OSSAccessKeyId|sig|jwt|token|Key-Pair-Id|[a-z]+_token)=/i
/** A redirect is given up so long before its signature ends that a slow client still gets through. */
const marginSeconds = 60
const longestSeconds = 60

/** Does Location name a signed URL? Nothing can say that one still holds but the signature itself. */
export function leadsToSignature(fields: Fields): boolean {
  const location = fields.get('location')
  return location !== undefined && signed.test(location)
}

/**
 * Seconds from `receivedAt` on that a redirect to a signed URL may be kept, 0 when the end of the signature is near or
 * unknown; `undefined`: the response is no such redirect.
 */
export function signedRedirectSeconds(status: number, fields: Fields, receivedAt: number): number | undefined {
  if (status < 300 || status > 399 || !leadsToSignature(fields)) return undefined
  const location = fields.get('location')!
  const query = location.split('#', 1)[0]!.split('?').slice(1).join('?')
  const expiresAt = signatureLike(query)?.expiresAt
  if (expiresAt === undefined) return 0
  const leftSeconds = (expiresAt - receivedAt) / 1000 - marginSeconds
  return Math.max(0, Math.min(leftSeconds, longestSeconds))
}
