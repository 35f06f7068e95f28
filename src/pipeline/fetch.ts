import { asFault, type Fault } from '../base/faults.ts'
import type { Result } from '../base/results.ts'
import type { OriginResponse } from '../upstream/origin-fetcher.ts'
import type { Exchange } from './exchange.ts'
import { fetchFromOrigin } from './follow.ts'
import { staleInstead } from './join.ts'
import { fillRequest } from './origin-request.ts'
import { forwardedRange, rangeFlightKey } from './partial-request.ts'
import { fetchRest, mayHaveRest } from './partial-rest.ts'
import type { Services } from './services.ts'
import { farRange } from './sparse-request.ts'
import type { Step } from './step.ts'

/** What `lookup` and `join` may have found out already. */
const saidWhy: ReadonlySet<string> = new Set<Result>(['miss-variant', 'miss-partial', 'miss-blob-lost'])

/**
 * Asks the origin for the whole response, or for the rest of it where the beginning is stored, as the leader of a flight when it can be
 * shared; for a range only where plain caches do.
 */
export const fetch: Step<'fetch'> = (exchange, services) => {
  const { request } = exchange
  const range = forwardedRange(exchange, services)
  // A part is not what those wait for who want the whole.
  const isShareable = range.length === 0 || exchange.flightKey === rangeFlightKey(exchange, services)
  if (request.method === 'GET' && isShareable && services.flights.find(exchange.flightKey) === undefined) {
    exchange.flight = services.flights.begin(exchange.flightKey)
  }
  if (!saidWhy.has(exchange.result)) exchange.result = 'miss'
  return asked(exchange, services, range).then(
    (response) => {
      exchange.upstream = response
      return 'judge'
    },
    (error) => unanswered(exchange, services, asFault(error)),
  )
}

async function unanswered(exchange: Exchange, services: Services, fault: Fault): Promise<'deliver'> {
  exchange.flight?.announce({ kind: 'failed', fault })
  exchange.flight?.land()
  exchange.fault = fault
  if (await staleInstead(exchange, services, fault)) return 'deliver'
  throw fault
}

/** Never throws. */
function asked(exchange: Exchange, services: Services, range: readonly string[]): Promise<OriginResponse> {
  const ask = (extra: readonly string[]): Promise<OriginResponse> =>
    fetchFromOrigin(exchange, services, fillRequest(exchange, extra))
  try {
    if (!mayHaveRest(exchange, range)) return ask(range.length === 0 ? farRange(exchange, services) : range)
    return fetchRest(exchange, services).then((rest) => rest ?? ask(range))
  } catch (error) {
    return Promise.reject(error)
  }
}
