import { Fault } from '../base/faults.ts'
import { parseCacheControl } from '../http/cache-control.ts'
import type { Fields } from '../http/fields.ts'
import { reuse, reuseOffline } from '../policy/reuse.ts'
import type { StoredResponse } from '../store/stored-response.ts'
import { fits, selectVariant } from './cached-response.ts'
import type { Exchange } from './exchange.ts'
import { findRange, openRange } from './partial-lookup.ts'
import { rangeFlightKey } from './partial-request.ts'
import type { Services } from './services.ts'
import type { Step } from './step.ts'
import { openContent, remember } from './stored-content.ts'
import { validateInBackground } from './validate-in-background.ts'

type Decision = 'deliver' | 'revalidate' | 'join' | 'fetch'

/** What is stored for the key, and may it be used? Answers without a promise when the record and content are in memory. */
export const lookup: Step<'lookup'> = (exchange, services) => {
  const hot = services.hot.get(exchange.key)
  if (hot !== undefined) return decide(exchange, services, hot)
  const arrived = services.fills.arrived(exchange.key)
  if (arrived.length === 0) return fromIndex(exchange, services)
  return decide(exchange, services, remember(services, exchange.key, arrived))
}

function fromIndex(exchange: Exchange, services: Services): Decision | Promise<Decision> {
  const known = (records: readonly StoredResponse[]): Decision | Promise<Decision> => {
    // Meanwhile another request may have brought newer ones.
    const hot = services.hot.get(exchange.key)
    return decide(exchange, services, hot ?? remember(services, exchange.key, records))
  }
  const records = services.index.get(exchange.key)
  if (!(records instanceof Promise)) return known(records)
  return records
    .catch((error) => {
      // The index may be down; then everything is a miss, and the origin is asked (CORRECTNESS I9).
      services.storeHealth.failed(error)
      return []
    })
    .then(known)
}

function decide(exchange: Exchange, services: Services, variants: Exchange['variants']): Decision | Promise<Decision> {
  exchange.variants = variants
  const { fields } = exchange.request
  const selected = selectVariant(variants, fields)
  if (selected === undefined) {
    exchange.result = variants.length === 0 ? 'miss' : whyNone(variants, fields)
    return fromParts(exchange, services)
  }
  let verdict = reuse({ fields }, selected.freshness, services.clock.now())
  if (verdict.kind === 'validate' && services.isOffline) {
    verdict = reuseOffline(selected.freshness, services.clock.now())
  }
  if (verdict.kind === 'validate' || exchange.request.background) {
    exchange.candidate = selected
    exchange.result = verdict.kind === 'validate' && verdict.reason === 'request' ? 'reload' : 'replaced'
    return absent(exchange, services)
  }
  exchange.delivery = selected
  exchange.ttlSeconds = verdict.ttlSeconds
  exchange.savedMs = selected.record.fetchMs
  selected.slot = services.touch(exchange.key, selected.slot)
  exchange.result = verdict.kind === 'stale-usable' ? 'hit-stale' : selected.status >= 400 ? 'hit-negative' : 'hit'
  if (verdict.kind === 'stale-usable' && !services.isOffline) validateInBackground(exchange, services)
  if (selected.content !== undefined || exchange.request.method === 'HEAD') return 'deliver'
  return fromStore(exchange, services)
}

async function fromStore(exchange: Exchange, services: Services): Promise<Decision> {
  return (await openContent(exchange, services)) ? 'deliver' : lost(exchange, services)
}

function lost(exchange: Exchange, services: Services): Decision {
  exchange.result = 'miss-blob-lost'
  exchange.variants = []
  return absent(exchange, services)
}

/** Nothing whole that is stored fits; a part of what does, or nothing at all. */
function whyNone(variants: Exchange['variants'], fields: Fields): 'miss-partial' | 'miss-variant' {
  const hasPart = variants.some((one) => one.isPart && fits(one.record.vary, one.codings, fields))
  return hasPart ? 'miss-partial' : 'miss-variant'
}

/** Nothing whole is stored for the request; a range may be there. */
function fromParts(exchange: Exchange, services: Services): Decision | Promise<Decision> {
  const found = exchange.variants.length === 0 ? undefined : findRange(exchange, services)
  if (found === undefined) return absent(exchange, services)
  return openRange(exchange, services, found).then((opened) => (opened ? 'deliver' : lost(exchange, services)))
}

/** Nothing usable as it is: follow a flight that is under way, else ask the origin. */
function absent(exchange: Exchange, services: Services): Decision {
  exchange.invalidationCount = services.fills.invalidationCount
  exchange.delivery = undefined
  exchange.ttlSeconds = undefined
  exchange.savedMs = 0
  const directives = exchange.request.fields.get('cache-control')
  if (directives !== undefined && parseCacheControl(directives).onlyIfCached) {
    throw new Fault('CLIENT_ONLY_IF_CACHED', `nothing fresh is stored for ${exchange.target!.authority}`)
  }
  if (services.isOffline) throw offlineFault(exchange)
  if (exchange.request.method === 'GET') {
    if (services.flights.find(exchange.flightKey) === undefined) exchange.flightKey = rangeFlightKey(exchange, services)
    if (services.flights.find(exchange.flightKey) !== undefined) return 'join'
  }
  return exchange.candidate === undefined ? 'fetch' : 'revalidate'
}

function offlineFault({ candidate, variants, target }: Exchange): Fault {
  const { authority } = target!
  if (candidate !== undefined) {
    return new Fault('ORIGIN_OFFLINE', `what is stored of ${authority} may not be used without asking it`)
  }
  const other = variants.length === 0 ? 'nothing' : 'nothing that fits the request'
  return new Fault('ORIGIN_OFFLINE', `${other} is stored of ${authority} under this URL`)
}
