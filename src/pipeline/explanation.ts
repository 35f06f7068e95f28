import type { ExchangeEvent } from '../base/events.ts'
import type { ClassRule, ReuseClass } from '../ecosystem/class-rule.ts'
import { bearsCredentials } from '../http/credentials.ts'
import type { Fields } from '../http/fields.ts'
import { maskedQuery } from '../http/masked-query.ts'
import type { ExplainedKey } from '../key/cache-key.ts'
import { type DeviationId, deviations, inOrder } from '../policy/deviations.ts'
import type { ExplainedReuse, LifetimeSource } from '../policy/explain-freshness.ts'
import type { Profile } from '../policy/profile.ts'
import type { Reuse } from '../policy/reuse.ts'
import type { StoredResponse } from '../store/stored-response.ts'
import type { Exchange } from './exchange.ts'
import type { StepName } from './transitions.ts'

/** Seconds; JSON knows no infinity. */
export type Span = number | 'forever'

/** Why a request was, or would be, answered as it is. JSON; no value of a query stands in it, and no field's but validators'. */
export interface Explanation {
  /** One sentence for people. */
  readonly verdict: string
  /** What happened, as a result word, or what would: `hit`, `hit-stale`, `validate`, `fetch`, `join`, `relay`, `refuse`. */
  readonly outcome: string
  readonly profile: Profile
  readonly method: string
  readonly url: string
  readonly class?: { readonly rule: string; readonly class: ReuseClass }
  readonly key?: { readonly before: string; readonly after: string; readonly rule?: string }
  /** What is stored under the key, newest first; of a past exchange what it found or brought. */
  readonly responses: readonly DescribedResponse[]
  readonly freshness?: DescribedFreshness
  readonly deviations: readonly { readonly name: DeviationId; readonly sentence: string }[]
  readonly exchange?: DescribedExchange
  /** The last exchanges for the URL, newest first. */
  readonly recent?: readonly RecentLine[]
}

export interface DescribedResponse {
  /** `stored` now; of a past exchange `found` when it came, or `brought` by it. */
  readonly role: 'stored' | 'found' | 'brought'
  readonly status: number
  /** `undefined`: not known. */
  readonly sizeBytes?: number
  readonly digest?: string
  /** ISO 8601: when it was received or last validated. */
  readonly receivedAt: string
  readonly rule: string
  /** Names of the request fields that select it. */
  readonly variesBy: readonly string[]
  /** Does it fit the request? */
  readonly fits: boolean
}

/** Age plus what is left is the lifetime. */
export interface DescribedFreshness {
  readonly initialAgeSeconds: number
  readonly ageSeconds: number
  readonly lifetimeSeconds: Span
  readonly lifetimeFrom: LifetimeSource
  readonly declaredSeconds?: number
  readonly declaredFrom?: LifetimeSource
  readonly ttlSeconds: Span
  /** The class that applies to this response. */
  readonly class: ReuseClass
  readonly reuse: Reuse['kind']
  readonly reason?: string
  /** May it stand in for an origin that answers with an error, and for one that cannot be reached? */
  readonly standsIn: boolean
  readonly standsInUnreached: boolean
}

export interface DescribedExchange {
  readonly id: string
  readonly time: string
  readonly status: number
  readonly result: ExchangeEvent['result']
  readonly stored?: string
  readonly fault?: string
  readonly detail?: string
  /** The origin that answered in place of the asked one. */
  readonly mirror?: string
  readonly trail: readonly StepName[]
  readonly responseBytes: number
  readonly originBytes: number
  readonly durationMs: number
}

export type RecentLine = Pick<DescribedExchange, 'id' | 'time' | 'status' | 'result' | 'stored'> & {
  readonly method: string
}

export function describedKey({ before, after, rule }: ExplainedKey): NonNullable<Explanation['key']> {
  const masked = { before: maskedQuery(before), after: maskedQuery(after) }
  return rule === undefined ? masked : { ...masked, rule }
}

/** Which deviations made the key, by the names of the steps that did. */
export function keyDeviations({ rule: acted }: ExplainedKey, rule: ClassRule): readonly DeviationId[] {
  const names = acted === undefined ? [] : acted.split(', ')
  return names.map((name) => {
    if (name === rule.name) return 'equal-names'
    return name.startsWith('signed.') ? 'public-signature' : 'user-rules'
  })
}

/** Which deviations change the question to the origin. `isFetch`: nothing stored is validated with it. */
export function askingDeviations(
  { uncoded, rule }: Pick<Exchange, 'uncoded' | 'rule'>,
  fields: Fields,
  profile: Profile,
  isFetch: boolean,
): readonly DeviationId[] {
  if (profile === 'standards') return []
  const acted: DeviationId[] = []
  if (uncoded && fields.has('accept-encoding')) acted.push('identity-coding')
  if (rule?.follow === true && !bearsCredentials(fields)) acted.push('redirects-followed')
  if (isFetch && fields.has('range')) acted.push('whole-for-range')
  return acted
}

export function describedResponse(
  role: DescribedResponse['role'],
  record: StoredResponse,
  fits = true,
  sizeBytes = record.content?.sizeBytes,
): DescribedResponse {
  const { content, status, rule, vary, receivedAt } = record
  const described = {
    role,
    status,
    ...(sizeBytes === undefined ? {} : { sizeBytes }),
    receivedAt: new Date(receivedAt).toISOString(),
    rule,
    variesBy: Object.keys(vary),
    fits,
  }
  return content === undefined ? described : { ...described, digest: `sha256:${content.digest}` }
}

export function describedFreshness(explained: ExplainedReuse): DescribedFreshness {
  const { verdict, lifetime, initialAgeSeconds, ageSeconds, ttlSeconds, standsIn, standsInUnreached } = explained
  const { declared } = lifetime
  return {
    initialAgeSeconds,
    ageSeconds,
    lifetimeSeconds: span(lifetime.seconds),
    lifetimeFrom: lifetime.from,
    ...(declared === undefined ? {} : { declaredSeconds: declared.seconds, declaredFrom: declared.from }),
    ttlSeconds: span(ttlSeconds),
    class: explained.class,
    reuse: verdict.kind,
    ...('reason' in verdict ? { reason: verdict.reason } : {}),
    standsIn,
    standsInUnreached,
  }
}

export function describedDeviations(ids: Iterable<DeviationId>): Explanation['deviations'] {
  return inOrder(ids).map((name) => ({ name, sentence: deviations[name].sentence }))
}

export function recentLine({ id, at, status, result, stored, method }: ExchangeEvent): RecentLine {
  const line = { id, time: new Date(at).toISOString(), method, status, result }
  return stored === undefined ? line : { ...line, stored }
}

function span(seconds: number): Span {
  return seconds === Number.POSITIVE_INFINITY ? 'forever' : seconds
}
