import type { ClientResponse } from './exchange.ts'
import { Exchange } from './exchange.ts'
import type { Services } from './services.ts'

/** The other side of an exchange that nobody waits for. */
export const nobody: ClientResponse = {
  headSent: false,
  status: 0,
  aborted: false,
  closed: true,
  sentBytes: 0,
  sendWhole: () => {},
  sendHead: () => {},
  write: (_chunk, flushed) => flushed(),
  end: () => {},
  sendInterim: () => {},
  destroy: () => {},
  onClose: (listener) => listener(),
}

/** Asks the origin whether a stale response that was just served still holds (RFC 5861 section 3). */
export function validateInBackground(cause: Exchange, services: Services): void {
  if (services.flights.find(cause.flightKey) !== undefined) return
  const request = { ...cause.request, background: true }
  const exchange = new Exchange(`${cause.id}.b`, request, nobody, services.clock.now(), services.clock.elapsed())
  exchange.target = cause.target
  exchange.rule = cause.rule
  exchange.key = cause.key
  exchange.flightKey = cause.flightKey
  exchange.uncoded = cause.uncoded
  exchange.recordUrl = cause.recordUrl
  services.runLater(exchange)
}
