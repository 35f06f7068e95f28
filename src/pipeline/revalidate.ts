import { asFault, type Fault } from '../base/faults.ts'
import { confirms, validationFields } from '../policy/validation.ts'
import type { BodySink, OriginResponse } from '../upstream/origin-fetcher.ts'
import type { Exchange } from './exchange.ts'
import { fetchFromOrigin } from './follow.ts'
import { freshen } from './freshen.ts'
import { staleInstead } from './join.ts'
import { fillRequest } from './origin-request.ts'
import type { Services } from './services.ts'
import type { Step } from './step.ts'
import { openContent } from './stored-content.ts'

/** A 304 has no content; its connection is free once that was read. */
const nowhere: BodySink = { chunk: () => true, end: () => {}, fail: () => {} }

/** Asks the origin whether the stored response still holds (RFC 9111 section 4.3). */
export const revalidate: Step<'revalidate'> = async (exchange, services) => {
  if (exchange.request.method === 'GET') exchange.flight = services.flights.begin(exchange.flightKey)
  // The content is opened before the condition is sent: a 304 for a blob that is gone could not be answered.
  exchange.delivery = exchange.candidate
  const stale = exchange.candidate!
  const readable = stale.content !== undefined || (await openContent(exchange, services))
  const condition = readable ? validationFields(stale.record) : []
  if (!readable) exchange.candidate = undefined
  try {
    let upstream = await fetchFromOrigin(exchange, services, fillRequest(exchange, condition))
    if (upstream.status === 304 && readable) {
      if (confirms(stale.record, upstream.fields)) return confirmed(exchange, services, upstream)
      upstream.consume(nowhere)
      upstream = await fetchFromOrigin(exchange, services, fillRequest(exchange))
    }
    if (isServerError(upstream.status) && (await failedOver(exchange, services))) {
      upstream.cancel()
      return 'deliver'
    }
    exchange.source?.close()
    exchange.source = undefined
    exchange.upstream = upstream
    return 'judge'
  } catch (error) {
    const fault = asFault(error)
    exchange.fault = fault
    exchange.result = 'refresh-failed'
    if (await failedOver(exchange, services, fault)) return 'deliver'
    exchange.source?.close()
    throw fault
  }
}

/** The statuses in place of which stale content may be served (RFC 5861 section 4). */
function isServerError(status: number): boolean {
  return status === 500 || (status >= 502 && status <= 504)
}

/** The origin said 304: the stored fields are updated and the content stays (RFC 9111 section 4.3.4). */
function confirmed(exchange: Exchange, services: Services, upstream: OriginResponse): 'deliver' {
  upstream.consume(nowhere)
  const cached = freshen(exchange, services, exchange.candidate!, upstream)
  exchange.delivery = cached
  exchange.result = 'revalidated'
  exchange.savedMs = cached.record.fetchMs
  exchange.flight?.announce({ kind: 'validated', cached })
  exchange.flight?.land()
  return 'deliver'
}

/** Serves the stale response when that is allowed; tells the followers either way. */
async function failedOver(exchange: Exchange, services: Services, fault?: Fault): Promise<boolean> {
  const served = await staleInstead(exchange, services, fault)
  if (!served && fault === undefined) return false
  exchange.flight?.announce(fault === undefined ? { kind: 'stale' } : { kind: 'failed', fault })
  exchange.flight?.land()
  return served
}
