import type { Fault } from '../base/faults.ts'
import { secondaryKey, varyMatches } from '../http/vary.ts'
import { mayServeStaleOnError } from '../policy/stale-on-error.ts'
import { fits, variantName } from './cached-response.ts'
import type { Exchange } from './exchange.ts'
import { partAnswers } from './partial-request.ts'
import { partialReader } from './partial-source.ts'
import type { Services } from './services.ts'
import { wantedUntil } from './sparse-request.ts'
import type { Step } from './step.ts'
import { openContent } from './stored-content.ts'

/** Waits for the leader's first word, then shares what it has. */
export const join: Step<'join'> = async (exchange, services) => {
  const flight = services.flights.find(exchange.flightKey)
  if (flight === undefined) return 'fetch'
  flight.follow(() => !exchange.response.closed)
  const outcome = await flight.outcome
  switch (outcome.kind) {
    case 'filling': {
      const { head, blob } = outcome.growing
      const { fields } = exchange.request
      const { part } = head
      if (part !== undefined && !partAnswers(part, exchange, outcome.growing.fields)) return 'fetch'
      if (!varyMatches(head.vary, fields)) return otherVariant(exchange, services, head.vary)
      if (!fits(head.vary, outcome.growing.codings, fields)) return 'fetch'
      // After a store fault the first bytes may be gone for those who come now; what was given up has no end.
      if (blob.state === 'failed' || !blob.readableFromStart) return 'fetch'
      exchange.delivery = outcome.growing
      const until = blob.isSparse ? wantedUntil(exchange, outcome.growing.sizeBytes) : undefined
      exchange.source = part === undefined ? blob.reader(until) : partialReader(blob, part)
      exchange.result = 'miss-collapsed'
      return 'deliver'
    }
    case 'validated': {
      const { cached } = outcome
      if (!fits(cached.record.vary, cached.codings, exchange.request.fields)) return 'fetch'
      exchange.delivery = cached
      exchange.result = 'revalidated'
      if (cached.content === undefined && !(await openContent(exchange, services))) return 'fetch'
      return 'deliver'
    }
    case 'unshared':
      return 'fetch'
    case 'stale':
      return (await staleInstead(exchange, services)) ? 'deliver' : 'fetch'
    case 'failed': {
      exchange.fault = outcome.fault
      if (await staleInstead(exchange, services, outcome.fault)) return 'deliver'
      throw outcome.fault
    }
  }
}

/** The leader fetched a variant that does not fit: fly (or follow) under the variant's own name. */
function otherVariant(
  exchange: Exchange,
  services: Services,
  vary: { readonly [name: string]: string },
): 'fetch' | Promise<'deliver' | 'fetch' | 'refuse'> {
  const own = secondaryKey(Object.keys(vary).join(', '), exchange.request.fields)
  if (own === 'star') return 'fetch'
  const flightKey = `${exchange.key}\n${variantName(own)}`
  if (flightKey === exchange.flightKey) return 'fetch'
  exchange.flightKey = flightKey
  exchange.result = 'miss-variant'
  return services.flights.find(flightKey) === undefined ? 'fetch' : (join(exchange, services) as Promise<'deliver'>)
}

/** Makes the stale candidate the answer when the origin failed and the rules allow it (RFC 5861 section 4). */
export async function staleInstead(exchange: Exchange, services: Services, fault?: Fault): Promise<boolean> {
  const stale = exchange.candidate
  if (stale === undefined) return false
  if (!mayServeStaleOnError(stale.freshness, services.clock.now(), exchange.request.fields, fault?.code)) return false
  exchange.delivery = stale
  if (exchange.source === undefined && stale.content === undefined && !(await openContent(exchange, services)))
    return false
  exchange.result = 'stale-on-error'
  return true
}
