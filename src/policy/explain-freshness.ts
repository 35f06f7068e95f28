import type { FaultCode } from '../base/faults.ts'
import type { ClassRule, ReuseClass } from '../ecosystem/class-rule.ts'
import { parseCacheControl } from '../http/cache-control.ts'
import { Fields } from '../http/fields.ts'
import { type DeviationId, inOrder } from './deviations.ts'
import { currentAgeSeconds, type FreshnessProfile, freshnessProfile, isOutdated } from './freshness.ts'
import { freshnessLifetimeSeconds } from './lifetime.ts'
import type { Profile } from './profile.ts'
import type { ResponseRecord } from './response-record.ts'
import { type Reuse, reuse } from './reuse.ts'
import { mayServeStaleOnError } from './stale-on-error.ts'

/**
 * What a lifetime is taken from. `negative`: the rules for 404 and 410; `signature`: the end of the signature in Location;
 * `unknown-age`: none, as the Age that came tells nothing; `outdated`: it was ended by hand; `none`: nothing gives it one. Both are stale from the start.
 */
export type LifetimeSource =
  | 's-maxage'
  | 'max-age'
  | 'expires'
  | 'class'
  | 'negative'
  | 'heuristic'
  | 'signature'
  | 'unknown-age'
  | 'outdated'
  | 'none'

export interface ExplainedLifetime {
  /** What decides; `Infinity`: for ever. */
  readonly seconds: number
  readonly from: LifetimeSource
  /** What the origin gave, where something else decides. */
  readonly declared: { readonly seconds: number; readonly from: LifetimeSource } | undefined
}

/** The decision about one stored response, with the figures it was made from. */
export interface ExplainedReuse {
  readonly verdict: Reuse
  readonly initialAgeSeconds: number
  readonly ageSeconds: number
  readonly lifetime: ExplainedLifetime
  /** Negative once it is stale. */
  readonly ttlSeconds: number
  /** The class that applies to this response, which may be `rfc` where that of the rule is not. */
  readonly class: ReuseClass
  /** May it stand in for an origin that now answers with an error? */
  readonly standsIn: boolean
  /** And for one that cannot even be reached? */
  readonly standsInUnreached: boolean
  /** What of the profile made a difference: to the lifetime and the verdict, and to standing in. */
  readonly deviations: readonly DeviationId[]
  readonly standInDeviations: readonly DeviationId[]
}

/**
 * Explains what `reuse` decides. Every figure comes from the functions that decide; what made a difference is found
 * by asking them again without it, so that explanation and decision cannot part. `fault`: how the origin failed.
 */
export function explainReuse(
  stored: ResponseRecord,
  rule: ClassRule,
  profile: Profile,
  request: Fields,
  nowMs: number,
  fault?: FaultCode,
): ExplainedReuse {
  const known = freshnessProfile(stored, rule, profile)
  const ageSeconds = currentAgeSeconds(known, nowMs)
  return {
    verdict: reuse({ fields: request }, known, nowMs),
    initialAgeSeconds: known.initialAgeSeconds,
    ageSeconds,
    lifetime: explainLifetime(stored, rule, profile),
    ttlSeconds: known.lifetimeSeconds - ageSeconds,
    class: known.class,
    standsIn: mayServeStaleOnError(known, nowMs, request),
    standsInUnreached: mayServeStaleOnError(known, nowMs, request, 'ORIGIN_CONNECT_REFUSED'),
    deviations: inOrder([...lifetimeDeviations(stored, rule, profile), ...requestDeviations(known, request, nowMs)]),
    standInDeviations: standInDeviations(known, declaredStandIn(stored), request, nowMs, fault),
  }
}

/** The lifetime of a response and what it is taken from (RFC 9111 section 4.2). */
export function explainLifetime(stored: ResponseRecord, rule: ClassRule, profile: Profile): ExplainedLifetime {
  const seconds = lifetimeOf(stored, rule, profile)
  if (isOutdated(stored)) return { seconds, from: 'outdated', declared: undefined }
  const from = declaredFrom(stored)
  const declared = from === undefined ? undefined : { seconds: declaredSeconds(stored), from }
  if (declared !== undefined && declared.seconds === seconds) {
    return { seconds, from: declared.from, declared: undefined }
  }
  return { seconds, from: otherSource(stored, rule, profile, seconds), declared }
}

function lifetimeOf(stored: ResponseRecord, rule: ClassRule, profile: Profile): number {
  return freshnessProfile(stored, rule, profile).lifetimeSeconds
}

/** Which deviations gave the lifetime; none under `standards`. */
export function lifetimeDeviations(stored: ResponseRecord, rule: ClassRule, profile: Profile): readonly DeviationId[] {
  const known = freshnessProfile(stored, rule, profile)
  if (known.lifetimeSeconds === lifetimeOf(stored, rule, 'standards')) return []
  if (isNegative(stored.status)) return [declaredFrom(stored) === undefined ? 'negative-lifetime' : 'negative-cap']
  return [known.class === 'immutable' ? 'immutable-lifetime' : 'class-lifetime']
}

/** Which directives of the request were passed over, so that the verdict is another one. */
function requestDeviations(known: FreshnessProfile, request: Fields, nowMs: number): readonly DeviationId[] {
  const [verdict, heeded] = [known, { ...known, class: 'rfc' as const }].map((one) => {
    const found = reuse({ fields: request }, one, nowMs)
    return 'reason' in found ? `${found.kind} ${found.reason}` : found.kind
  })
  if (verdict === heeded) return []
  return [known.class === 'immutable' ? 'immutable-ignores-request' : 'validation-pause']
}

/** Which deviations let a stale response stand in for an origin that fails. */
function standInDeviations(
  known: FreshnessProfile,
  declaredSeconds: number,
  request: Fields,
  nowMs: number,
  fault: FaultCode | undefined,
): readonly DeviationId[] {
  if (!mayServeStaleOnError(known, nowMs, request, fault)) return []
  const acted: DeviationId[] = []
  const asDeclared = { ...known, staleIfErrorSeconds: declaredSeconds }
  if (!mayServeStaleOnError(asDeclared, nowMs, request, fault)) acted.push('class-stale-if-error')
  if (!mayServeStaleOnError({ ...known, class: 'rfc' }, nowMs, request, fault)) acted.push('stale-despite-no-cache')
  return inOrder(acted)
}

function declaredStandIn(stored: ResponseRecord): number {
  return freshnessProfile(stored, noRule, 'standards').staleIfErrorSeconds
}

const noRule: ClassRule = { name: 'rfc', class: 'rfc', freshSeconds: 0, negativeSeconds: 0 }

function isNegative(status: number): boolean {
  return status === 404 || status === 410
}

/** Where the origin says how long a response is fresh (RFC 9111 section 4.2.1). */
function declaredFrom({ fields }: ResponseRecord): 's-maxage' | 'max-age' | 'expires' | undefined {
  const known = new Fields(fields)
  const { sMaxAgeSeconds, maxAgeSeconds } = parseCacheControl(known.get('cache-control'))
  if (sMaxAgeSeconds !== undefined) return 's-maxage'
  if (maxAgeSeconds !== undefined) return 'max-age'
  return known.has('expires') ? 'expires' : undefined
}

/** What the origin says, whatever its status: that of 200 under `standards`. */
function declaredSeconds(stored: ResponseRecord): number {
  return freshnessLifetimeSeconds({ ...stored, status: 200 }, noRule, 'standards')
}

/** What gave a lifetime that is not the declared one. */
function otherSource(stored: ResponseRecord, rule: ClassRule, profile: Profile, seconds: number): LifetimeSource {
  if (seconds < lifetimeOf(withoutField(stored, 'location'), rule, profile)) return 'signature'
  if (seconds < lifetimeOf(withoutField(stored, 'age'), rule, profile)) return 'unknown-age'
  const builds = profile === 'builds'
  if (builds && isNegative(stored.status)) return seconds === 0 ? 'none' : 'negative'
  if (builds && freshnessProfile(stored, rule, profile).class !== 'rfc') return 'class'
  return seconds > 0 ? 'heuristic' : 'none'
}

/** The response as it would be without one of its fields (lower case). */
export function withoutField(stored: ResponseRecord, name: string): ResponseRecord {
  const { fields } = stored
  return { ...stored, fields: fields.filter((_, at) => fields[at - (at % 2)]!.toLowerCase() !== name) }
}
