import { asFault } from '../base/faults.ts'
import type { Result } from '../base/results.ts'
import { fetchFromOrigin } from './follow.ts'
import { staleInstead } from './join.ts'
import { fillRequest } from './origin-request.ts'
import { forwardedRange, rangeFlightKey } from './partial-request.ts'
import { fetchRest, mayHaveRest } from './partial-rest.ts'
import type { Step } from './step.ts'

/** What `lookup` and `join` may have found out already. */
const saidWhy: ReadonlySet<string> = new Set<Result>(['miss-variant', 'miss-partial', 'miss-blob-lost'])

/**
 * Asks the origin for the whole response, or for the rest of it where the beginning is stored, as the leader of a flight when it can be
 * shared; for a range only where plain caches do.
 */
export const fetch: Step<'fetch'> = async (exchange, services) => {
  const { request } = exchange
  const range = forwardedRange(exchange, services)
  // A part is not what those wait for who want the whole.
  const isShareable = range.length === 0 || exchange.flightKey === rangeFlightKey(exchange, services)
  if (request.method === 'GET' && isShareable && services.flights.find(exchange.flightKey) === undefined) {
    exchange.flight = services.flights.begin(exchange.flightKey)
  }
  if (!saidWhy.has(exchange.result)) exchange.result = 'miss'
  try {
    exchange.upstream =
      (mayHaveRest(exchange, range) ? await fetchRest(exchange, services) : undefined) ??
      (await fetchFromOrigin(exchange, services, fillRequest(exchange, range)))
    return 'judge'
  } catch (error) {
    const fault = asFault(error)
    exchange.flight?.announce({ kind: 'failed', fault })
    exchange.flight?.land()
    exchange.fault = fault
    if (await staleInstead(exchange, services, fault)) return 'deliver'
    throw fault
  }
}
