import type { ClassRule, ReuseClass } from '../ecosystem/class-rule.ts'
import { type CacheControl, parseCacheControl } from '../http/cache-control.ts'
import { Fields } from '../http/fields.ts'
import { listMembers } from '../http/list.ts'
import { appliedClass, lifetimeSeconds, originDate } from './lifetime.ts'
import type { Profile } from './profile.ts'
import type { ResponseRecord } from './response-record.ts'
import { signedRedirectSeconds } from './signed-redirect.ts'

/** Everything about a stored response that decides its reuse, computed once. */
export interface FreshnessProfile {
  /** Age at the time of receipt. */
  readonly initialAgeSeconds: number
  /** Milliseconds since the epoch: when it was received or last validated. */
  readonly receivedAt: number
  /** `Infinity` for content that never changes. */
  readonly lifetimeSeconds: number
  /** May it never be used stale? Also true with s-maxage (RFC 9111 section 5.2.2.10). */
  readonly mustRevalidate: boolean
  /** Must each use be validated? */
  readonly noCache: boolean
  readonly staleWhileRevalidateSeconds: number
  readonly staleIfErrorSeconds: number
  /** As long as that where the origin cannot even be reached (RFC 9111 section 4.2.4). */
  readonly staleIfDisconnectedSeconds: number
  /** The class that applies: `rfc` for all under the profile `standards`. */
  readonly class: ReuseClass
}

/** So long after its lifetime may content stand in for an origin that cannot be reached; of class immutable and revalidate for any that fails. */
const standInSeconds = 24 * 3600

export function freshnessProfile(stored: ResponseRecord, rule: ClassRule, profile: Profile): FreshnessProfile {
  const fields = new Fields(stored.fields)
  const directives = parseCacheControl(fields.get('cache-control'))
  const reuseClass = appliedClass(stored.status, fields, rule, profile)
  const expiresAsSigned = signedRedirectSeconds(stored.status, fields, stored.receivedAt) !== undefined
  const { status, receivedAt } = stored
  const lifetime = lifetimeSeconds({ status, fields, directives, receivedAt }, rule, profile)
  const initialAge = initialAgeSeconds(stored, fields)
  const outdated = outdatedSeconds(stored, initialAge)
  const standsIn = stored.status < 400 && (reuseClass === 'immutable' || reuseClass === 'revalidate')
  return {
    initialAgeSeconds: initialAge,
    receivedAt: stored.receivedAt,
    lifetimeSeconds: Math.min(
      ageIsKnown(fields.get('age')) || reuseClass === 'immutable' ? lifetime : Math.min(lifetime, 0),
      outdated ?? Infinity,
    ),
    mustRevalidate:
      directives.mustRevalidate ||
      directives.proxyRevalidate ||
      directives.sMaxAgeSeconds !== undefined ||
      expiresAsSigned,
    noCache: needsValidation(fields, directives),
    staleWhileRevalidateSeconds: outdated === undefined ? (directives.staleWhileRevalidateSeconds ?? 0) : 0,
    staleIfErrorSeconds: Math.max(directives.staleIfErrorSeconds ?? 0, standsIn ? standInSeconds : 0),
    staleIfDisconnectedSeconds: directives.staleIfErrorSeconds ?? (stored.status < 400 ? standInSeconds : 0),
    class: reuseClass,
  }
}

/** Seconds since the origin made or last checked the response (RFC 9111 section 4.2.3); a clock set back adds nothing. */
export function currentAgeSeconds(
  stored: Pick<FreshnessProfile, 'initialAgeSeconds' | 'receivedAt'>,
  nowMs: number,
): number {
  return stored.initialAgeSeconds + Math.max(0, nowMs - stored.receivedAt) / 1000
}

/** Was its lifetime ended by hand, and has it not been validated since? */
export function isOutdated({ outdatedAt, requestedAt }: ResponseRecord): boolean {
  return outdatedAt !== undefined && outdatedAt >= requestedAt
}

/** The age at which its lifetime was ended; `undefined`: it was not. */
function outdatedSeconds(stored: ResponseRecord, initialAge: number): number | undefined {
  return isOutdated(stored) ? initialAge + Math.max(0, stored.outdatedAt! - stored.receivedAt) / 1000 : undefined
}

/** The corrected initial age: what Date says or what Age says, whichever is more. */
function initialAgeSeconds(stored: ResponseRecord, fields: Fields): number {
  // Date has whole seconds: the part of a second that it leaves out is no age.
  const apparent = Math.floor(stored.receivedAt / 1000) - Math.floor(originDate(fields, stored.receivedAt) / 1000)
  const delay = Math.max(0, stored.receivedAt - stored.requestedAt) / 1000
  return Math.max(0, apparent, ageValue(fields.get('age')) + delay)
}

/**
 * Is Age one number, or absent? RFC 9111 section 5.1 would take the first of several and ignore what is no number; a response whose
 * age some cache on the way got wrong may be of any age, and asking costs less than a wrong answer.
 */
function ageIsKnown(value: string | undefined): boolean {
  return value === undefined || /^\d+$/.test(value.trim())
}

/** The first member of Age; what is no number is ignored (RFC 9111 section 5.1). */
function ageValue(value: string | undefined): number {
  const first = value === undefined ? '' : value.split(',', 1)[0]!.trim()
  return /^\d+$/.test(first) ? Math.min(Number(first), 2 ** 31) : 0
}

/**
 * no-cache, in its qualified form when a named field is there: we cannot leave it out (RFC 9111 section 5.2.2.4). Also
 * what a 304 turned into something that may not be reused.
 */
function needsValidation(fields: Fields, directives: CacheControl): boolean {
  if (directives.noCache || directives.private) return true
  if (directives.noStore && !directives.mustUnderstand) return true
  if (directives.noCacheFields.some((name) => fields.has(name))) return true
  return listMembers(fields.get('vary') ?? '').includes('*')
}
