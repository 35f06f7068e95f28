import { asFault, Fault } from '../base/faults.ts'
import type { ReasonNotStored } from '../base/results.ts'
import { parseCacheControl } from '../http/cache-control.ts'
import { Fields, type RawFields } from '../http/fields.ts'
import { maskedQuery } from '../http/masked-query.ts'
import { varyMatches } from '../http/vary.ts'
import { type ExplainedKey, explainKey } from '../key/cache-key.ts'
import type { DeviationId } from '../policy/deviations.ts'
import { type ExplainedReuse, explainReuse } from '../policy/explain-freshness.ts'
import { bypassDeviations } from '../policy/explain-storing.ts'
import { reuseOffline } from '../policy/reuse.ts'
import { validationFields } from '../policy/validation.ts'
import type { StoredResponse } from '../store/stored-response.ts'
import { admit } from './admit.ts'
import { CachedResponse, selectVariant } from './cached-response.ts'
import { classify } from './classify.ts'
import { Exchange } from './exchange.ts'
import { freshText, notStoredText, staleText, validateText } from './explain-sentences.ts'
import {
  askingDeviations,
  describedDeviations,
  describedFreshness,
  describedKey,
  describedResponse,
  type Explanation,
  keyDeviations,
  recentLine,
} from './explanation.ts'
import { receive } from './receive.ts'
import type { Services } from './services.ts'
import { storedRule } from './user-class.ts'
import { nobody } from './validate-in-background.ts'

/** What would become of a request, and why. */
interface Outcome {
  readonly outcome: 'hit' | 'hit-stale' | 'validate' | 'fetch' | 'join' | 'relay' | 'refuse'
  readonly verdict: string
  readonly deviations?: readonly DeviationId[]
}

/** What is stored under the key, and which of it fits the request. */
interface Found {
  readonly variants: readonly CachedResponse[]
  readonly selected: CachedResponse | undefined
  /** Is the content of the one that fits still there? */
  readonly readable: boolean
  readonly reuse: ExplainedReuse | undefined
}

const mostRecent = 5
const nothing: Found = { variants: [], selected: undefined, readable: false, reuse: undefined }

/**
 * What would become of a GET for `url` with `fields` now, without asking any origin: the first steps of the pipeline are
 * taken for nobody, then what is stored is looked at. Throws `CLIENT_REQUEST_INVALID` for what is no URL.
 */
export async function explainUrl(url: string, fields: RawFields, services: Services): Promise<Explanation> {
  const exchange = dryExchange(url, fields, services)
  const way = firstSteps(exchange, services)
  const found = way === 'lookup' ? await look(exchange, services) : nothing
  const key = way === 'lookup' ? keyOf(exchange, services) : undefined
  const {
    outcome,
    verdict,
    deviations = [],
  } = way === 'lookup' ? afterLookup(exchange, services, found) : withoutLookup(exchange, services, way)
  const { rule, target } = exchange
  const asksOrigin = outcome === 'fetch' || outcome === 'validate'
  return {
    verdict,
    outcome,
    profile: services.profile,
    method: 'GET',
    url: maskedQuery(target!.href),
    ...(rule === undefined ? {} : { class: { rule: rule.name, class: rule.class } }),
    ...(key === undefined ? {} : { key: describedKey(key) }),
    responses: found.variants.map((one) => describedResponse('stored', one.record, one === found.selected)),
    ...(found.reuse === undefined ? {} : { freshness: describedFreshness(found.reuse) }),
    deviations: describedDeviations([
      ...(key === undefined ? [] : keyDeviations(key, rule!)),
      ...(found.reuse?.deviations ?? []),
      ...deviations,
      ...(asksOrigin ? askingDeviations(exchange, exchange.request.fields, services.profile, outcome === 'fetch') : []),
    ]),
    recent: services.recent.latest(target!.href, mostRecent).map(({ event }) => recentLine(event)),
  }
}

function dryExchange(url: string, fields: RawFields, services: Services): Exchange {
  const target = services.parseTarget(url)
  if ('invalid' in target) throw new Fault('CLIENT_REQUEST_INVALID', target.invalid)
  const request = {
    method: 'GET',
    requestTarget: url,
    httpVersion: '1.1',
    fields: new Fields(['Host', target.authority, ...fields]),
    body: undefined,
    client: { address: 'admin', userAgent: undefined },
    tunnel: undefined,
  }
  const exchange = new Exchange('why', request, nobody, services.clock.now(), services.clock.elapsed())
  exchange.target = target
  return exchange
}

/** Takes the steps that come before the store is asked. */
function firstSteps(exchange: Exchange, services: Services): 'lookup' | 'relay' | Fault {
  try {
    receive(exchange, services)
    admit(exchange, services)
    return classify(exchange, services) === 'lookup' ? 'lookup' : 'relay'
  } catch (error) {
    return asFault(error)
  }
}

function keyOf({ target, rule, recordUrl }: Exchange, { keyTerms }: Services): ExplainedKey {
  return explainKey(target!, rule!, keyTerms, recordUrl !== undefined)
}

/** As `lookup`, but nothing is kept in memory for it. */
async function look(exchange: Exchange, services: Services): Promise<Found> {
  const { fields } = exchange.request
  const variants = services.hot.get(exchange.key) ?? (await storedUnder(exchange.key, services))
  const selected = selectVariant(variants, fields)
  if (selected === undefined) return { ...nothing, variants }
  const { record } = selected
  const reuse = explainReuse(record, ruleOf(record, services), services.profile, fields, services.clock.now())
  const inMemory = selected.content !== undefined || record.content === undefined
  return { variants, selected, reuse, readable: inMemory || (await services.blobs.has(record.content!.digest)) }
}

async function storedUnder(key: string, services: Services): Promise<readonly CachedResponse[]> {
  const arrived = services.fills.arrived(key)
  const records = arrived.length > 0 ? arrived : await services.index.get(key)
  return records.map((record) => new CachedResponse(record, ruleOf(record, services), services.profile))
}

function ruleOf({ url, rule }: StoredResponse, services: Services) {
  const target = services.parseTarget(url)
  if ('invalid' in target) throw new Fault('STORE_INDEX_DOWN', `a record names ${target.invalid}`)
  return storedRule(target, rule, services)
}

function withoutLookup(exchange: Exchange, services: Services, way: 'relay' | Fault): Outcome {
  if (way !== 'relay') return { outcome: 'refuse', verdict: `It would be refused (${way.code}: ${way.message}).` }
  const reason = exchange.stored as ReasonNotStored
  const verdict = `It would be passed on without the store: ${notStoredText(reason)}.`
  return { outcome: 'relay', verdict, deviations: bypassDeviations(reason, services.profile) }
}

function afterLookup(exchange: Exchange, services: Services, found: Found): Outcome {
  const { fields } = exchange.request
  const { reuse, selected, readable } = found
  if (services.isOffline) return offline(found, services)
  if (reuse !== undefined && selected !== undefined && readable) {
    if (reuse.verdict.kind === 'fresh') {
      return { outcome: 'hit', verdict: `It would be served from the store: ${freshText(reuse)}.` }
    }
    if (reuse.verdict.kind === 'stale-usable') {
      const why = `${staleText(reuse)}, but ${reuse.verdict.reason} allows it`
      return { outcome: 'hit-stale', verdict: `It would be served from the store, and validated behind it: ${why}.` }
    }
  }
  if (parseCacheControl(fields.get('cache-control')).onlyIfCached) {
    const verdict =
      'It would be refused (CLIENT_ONLY_IF_CACHED): nothing fresh is stored, and only-if-cached forbids to ask.'
    return { outcome: 'refuse', verdict }
  }
  const reason = whyAsked(found, fields)
  if (services.flights.find(exchange.flightKey) !== undefined) {
    return { outcome: 'join', verdict: `It would share the download that is under way: ${reason}.` }
  }
  const validates = selected !== undefined && readable && validationFields(selected.record).length > 0
  if (validates) {
    return { outcome: 'validate', verdict: `The origin would be asked whether what is stored still holds: ${reason}.` }
  }
  const nothingToAsk = selected !== undefined && readable ? ', and nothing can validate it' : ''
  return { outcome: 'fetch', verdict: `It would be fetched from the origin: ${reason}${nothingToAsk}.` }
}

/** As `lookup` decides where no origin may be asked. */
function offline({ reuse, selected, readable }: Found, { clock }: Services): Outcome {
  if (reuse !== undefined && selected !== undefined && readable) {
    const { kind } = reuseOffline(selected.freshness, clock.now())
    if (kind === 'fresh') return { outcome: 'hit', verdict: 'It would be served from the store.' }
    if (kind === 'stale-usable') {
      const text = `It would be served from the store, as no origin is asked (--offline): ${staleText(reuse)}.`
      return { outcome: 'hit-stale', verdict: text }
    }
    const text = 'It would be refused (ORIGIN_OFFLINE): what is stored may not be used without asking its origin.'
    return { outcome: 'refuse', verdict: text }
  }
  return { outcome: 'refuse', verdict: 'It would be refused (ORIGIN_OFFLINE): nothing stored fits the request.' }
}

/** Why the origin is asked at all. */
function whyAsked({ variants, selected, readable, reuse }: Found, request: Fields): string {
  if (variants.length === 0) return 'nothing is stored under its key'
  if (selected === undefined || reuse === undefined) {
    return whyNoneFits(variants[0]!, request)
  }
  return readable ? validateText(reuse, request) : 'the stored content is gone'
}

function whyNoneFits({ record: { vary }, codings = [] }: CachedResponse, request: Fields): string {
  const names = Object.keys(vary).filter((name) => !varyMatches({ [name]: vary[name]! }, request))
  if (names.length > 0) return `what is stored is for requests with another ${names.join(' and ')}`
  const coding = `what is stored is coded (${codings.join(', ')}), which the request does not ask for`
  return codings.length > 0 ? coding : 'only a part of it is stored'
}
