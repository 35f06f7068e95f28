import { rfcRule } from '../ecosystem/classify.ts'
import { Fields } from '../http/fields.ts'
import { maskedQuery } from '../http/masked-query.ts'
import { explainKey } from '../key/cache-key.ts'
import type { DeviationId } from '../policy/deviations.ts'
import { type ExplainedReuse, explainReuse, lifetimeDeviations } from '../policy/explain-freshness.ts'
import { bypassDeviations, explainStoring } from '../policy/explain-storing.ts'
import { pastSentence } from './explain-sentences.ts'
import {
  askingDeviations,
  type DescribedExchange,
  describedDeviations,
  describedFreshness,
  describedKey,
  describedResponse,
  type Explanation,
  keyDeviations,
} from './explanation.ts'
import type { RecentExchange } from './recent-exchanges.ts'
import type { Services } from './services.ts'

const noFields = new Fields([])

/** Why a finished exchange ended as it did, from what is remembered of it. Pure. */
export function explainExchange(
  past: RecentExchange,
  { profile, keyTerms, isOffline }: Pick<Services, 'profile' | 'keyTerms' | 'isOffline'>,
): Explanation {
  const { event, target, rule = rfcRule, found, filled, fields = noFields } = past
  const key = target && past.key !== '' ? explainKey(target, rule, keyTerms, past.isPublic) : undefined
  const reuse = found && explainReuse(found, rule, profile, fields, event.at, event.fault)
  const brought = filled && explainReuse(filled, rule, profile, noFields, filled.receivedAt)
  const shown = reuse ?? brought
  return {
    verdict: pastSentence(event, reuse, fields, isOffline),
    outcome: event.result,
    profile,
    method: event.method,
    url: target === undefined ? event.url : maskedQuery(target.href),
    ...(past.rule === undefined ? {} : { class: { rule: rule.name, class: rule.class } }),
    ...(key === undefined ? {} : { key: describedKey({ ...key, after: past.key }) }),
    responses: [
      ...(found === undefined ? [] : [describedResponse('found', found)]),
      ...(filled === undefined ? [] : [describedResponse('brought', filled, true, past.filledBytes)]),
    ],
    ...(shown === undefined ? {} : { freshness: describedFreshness(shown) }),
    deviations: describedDeviations([
      ...(key === undefined ? [] : keyDeviations(key, rule)),
      ...(reuse === undefined ? [] : reuseDeviations(past, reuse)),
      ...storingDeviations(past, profile),
      ...askedDeviations(past, fields, profile),
      ...(event.mirror === undefined ? [] : (['mirrors'] as const)),
    ]),
    exchange: describedExchange(past),
  }
}

function reuseDeviations({ event }: RecentExchange, reuse: ExplainedReuse): readonly DeviationId[] {
  if (event.result !== 'stale-on-error') return reuse.deviations
  return [...reuse.deviations, ...reuse.standInDeviations]
}

/** What made a difference to whether the origin's response was stored, or to whether the store was asked at all. */
function storingDeviations(past: RecentExchange, profile: Services['profile']): readonly DeviationId[] {
  const { event, rule = rfcRule, filled, received, fields = noFields, key } = past
  if (filled !== undefined) return lifetimeDeviations(filled, rule, profile)
  const { stored } = event
  if (stored === undefined || stored === 'yes') return []
  if (key === '') return bypassDeviations(stored, profile)
  if (received === undefined) return []
  const record = { ...received, fields: received.fields.raw }
  const explained = explainStoring({ method: event.method, fields }, received, record, rule, profile)
  return explained.storable ? [] : explained.deviations
}

function askedDeviations(past: RecentExchange, fields: Fields, profile: Services['profile']): readonly DeviationId[] {
  const steps = past.trail ?? []
  if (!steps.includes('fetch') && !steps.includes('revalidate')) return []
  return askingDeviations(past, fields, profile, steps.includes('fetch'))
}

function describedExchange({ event, trail }: RecentExchange): DescribedExchange {
  const { id, at, status, result, stored, fault, detail, mirror, responseBytes, originBytes, durationMs } = event
  return {
    id,
    time: new Date(at).toISOString(),
    status,
    result,
    ...(stored === undefined ? {} : { stored }),
    ...(fault === undefined ? {} : { fault }),
    ...(detail === undefined ? {} : { detail }),
    ...(mirror === undefined ? {} : { mirror }),
    trail: trail ?? [],
    responseBytes,
    originBytes,
    durationMs,
  }
}
