import { asFault } from '../base/faults.ts'
import { fetchFromOrigin } from './follow.ts'
import { staleInstead } from './join.ts'
import { fillRequest } from './origin-request.ts'
import { forwardedRange } from './partial-request.ts'
import type { Step } from './step.ts'

/** Asks the origin for the whole response, as the leader of a flight when it can be shared; for a range only where plain caches do. */
export const fetch: Step<'fetch'> = async (exchange, services) => {
  const { request } = exchange
  const range = forwardedRange(exchange, services)
  if (request.method === 'GET' && range.length === 0 && services.flights.find(exchange.flightKey) === undefined) {
    exchange.flight = services.flights.begin(exchange.flightKey)
  }
  if (exchange.result !== 'miss-variant' && exchange.result !== 'miss-blob-lost') exchange.result = 'miss'
  try {
    exchange.upstream = await fetchFromOrigin(exchange, services, fillRequest(exchange, range))
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
