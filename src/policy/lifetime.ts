import type { ClassRule, ReuseClass } from '../ecosystem/class-rule.ts'
import { type CacheControl, parseCacheControl } from '../http/cache-control.ts'
import { Fields } from '../http/fields.ts'
import { parseHttpDate } from '../http/http-date.ts'
import type { Profile } from './profile.ts'
import type { ResponseRecord } from './response-record.ts'
import { signedRedirectSeconds } from './signed-redirect.ts'

const heuristicShare = 0.1
const maxHeuristicSeconds = 24 * 3600
/** A 404 of which nothing is known is remembered for so long; no negative response for longer than the second figure. */
const negativeSeconds = 10
const maxNegativeSeconds = 60

/** Status codes of which heuristics may speak; of others only where the origin says `public` (RFC 9110 section 15.1, RFC 9111 section 4.2.2). */
const heuristicStatuses = new Set([200, 203, 204, 206, 300, 301, 308, 404, 405, 410, 414, 501])

/** What says how long a response is fresh. */
export interface LifetimeSigns {
  readonly status: number
  readonly fields: Fields
  /** Of its Cache-Control. */
  readonly directives: CacheControl
  /** Milliseconds since the epoch. */
  readonly receivedAt: number
}

/** Seconds that a response is fresh, from its creation on; 0 or less: it is stale from the start (RFC 9111 section 4.2.1). */
export function freshnessLifetimeSeconds(stored: ResponseRecord, rule: ClassRule, profile: Profile): number {
  const { status, receivedAt } = stored
  const fields = new Fields(stored.fields)
  return lifetimeSeconds(
    { status, fields, directives: parseCacheControl(fields.get('cache-control')), receivedAt },
    rule,
    profile,
  )
}

/** As `freshnessLifetimeSeconds`, for who has looked at the fields already. */
export function lifetimeSeconds(signs: LifetimeSigns, rule: ClassRule, profile: Profile): number {
  const seconds = ownLifetimeSeconds(signs, rule, profile)
  return Math.min(seconds, signedRedirectSeconds(signs.status, signs.fields, signs.receivedAt) ?? seconds)
}

function ownLifetimeSeconds(signs: LifetimeSigns, rule: ClassRule, profile: Profile): number {
  const { status, fields, directives, receivedAt } = signs
  const explicit = explicitSeconds(fields, directives, receivedAt)
  if (profile === 'builds') {
    if (status === 404 || status === 410) return negativeLifetime(status, rule, explicit)
    const known = classSeconds(appliedClass(status, fields, rule, profile), rule, explicit)
    if (known !== undefined) return known
  }
  if (explicit !== undefined) return explicit
  return heuristicStatuses.has(status) || directives.public ? heuristicSeconds(fields, receivedAt) : 0
}

/** s-maxage before max-age before Expires; what is invalid or ambiguous counts as stale (RFC 9111 section 4.2.1). */
function explicitSeconds(fields: Fields, directives: CacheControl, receivedAt: number): number | undefined {
  const seconds = directives.sMaxAgeSeconds ?? directives.maxAgeSeconds
  if (seconds !== undefined) return seconds
  const expires = fields.get('expires')
  if (expires === undefined) return undefined
  const expiresAt = parseHttpDate(expires, receivedAt)
  return expiresAt === undefined ? 0 : (expiresAt - originDate(fields, receivedAt)) / 1000
}

/**
 * The class that applies to a response: the rule's own for the content it is about, `rfc` for a redirect, for a page
 * where an archive should be, and for all under the profile `standards`. Negative responses are at most validated.
 */
export function appliedClass(status: number, fields: Fields, rule: ClassRule, profile: Profile): ReuseClass {
  if (profile === 'standards' || rule.class === 'rfc') return 'rfc'
  if (status === 404 || status === 410) return 'revalidate'
  if (status !== 200 && status !== 203 && status !== 206) return 'rfc'
  const isPage = rule.mayBePage !== true && /^text\/html\b/i.test(fields.get('content-type') ?? '')
  return isPage ? 'rfc' : rule.class
}

/** An origin that wants every use validated is obeyed, and so is its lifetime for what is not immutable. */
function classSeconds(reuseClass: ReuseClass, rule: ClassRule, explicit: number | undefined): number | undefined {
  switch (reuseClass) {
    case 'immutable':
      return explicit !== undefined && explicit <= 0 ? explicit : rule.freshSeconds
    case 'revalidate':
    case 'ttl':
      return explicit ?? rule.freshSeconds
    default:
      return undefined
  }
}

/** Negative responses are remembered for a short time only (CORRECTNESS T12). */
function negativeLifetime(status: number, rule: ClassRule, explicit: number | undefined): number {
  if (explicit !== undefined) return Math.min(explicit, Math.max(rule.negativeSeconds, maxNegativeSeconds))
  return rule.negativeSeconds || (status === 404 ? negativeSeconds : 0)
}

/** A tenth of the time that the representation was left alone (RFC 9111 section 4.2.2). */
function heuristicSeconds(fields: Fields, receivedAt: number): number {
  const text = fields.get('last-modified')
  const modified = text === undefined ? undefined : parseHttpDate(text, receivedAt)
  if (modified === undefined) return 0
  const unchangedSeconds = (originDate(fields, receivedAt) - modified) / 1000
  return Math.min(Math.max(0, unchangedSeconds * heuristicShare), maxHeuristicSeconds)
}

/** Date, or the time of receipt where it is missing or invalid (RFC 9110 section 6.6.1). */
export function originDate(fields: Fields, receivedAt: number): number {
  const text = fields.get('date')
  return (text === undefined ? undefined : parseHttpDate(text, receivedAt)) ?? receivedAt
}
