import { ifRangeHolds } from '../http/conditions.ts'
import { Fields } from '../http/fields.ts'
import { type BytePart, parseRange, resolveRange } from '../http/range.ts'
import { storablePart } from '../policy/partial.ts'
import type { Exchange } from './exchange.ts'
import type { Services } from './services.ts'
import { beginsWhole } from './sparse-request.ts'

/**
 * The Range of a request that goes to the origin, with its If-Range: under the profile `standards`, where nothing whole is stored. Under
 * `builds` the whole is fetched instead, for everybody. Empty: the whole is asked for.
 */
export function forwardedRange(exchange: Exchange, services: Services): readonly string[] {
  const { method, fields, background } = exchange.request
  if (services.profile !== 'standards' || method !== 'GET' || background) return []
  if (exchange.candidate !== undefined || parseRange(fields.get('range')) === undefined) return []
  const forwarded = ['Range', fields.get('range')!]
  const condition = fields.get('if-range')
  return condition === undefined ? forwarded : [...forwarded, 'If-Range', condition]
}

/** The flight of those whose same Range goes to the origin; for all others the one that they have. */
export function rangeFlightKey(exchange: Exchange, services: Services): string {
  const range = forwardedRange(exchange, services)
  return range.length === 0 ? exchange.flightKey : `${exchange.key}\n${range.join(' ')}`
}

/** What to do with a 206: fill its part, when it may be stored and answers the request, else pass it on. */
export function judgePart(exchange: Exchange, services: Services): 'fill' | 'relay' {
  const upstream = exchange.upstream!
  const fields = new Fields(upstream.fields)
  const { framing, declaredBytes } = upstream
  const verdict = storablePart(
    exchange.request,
    { status: 206, fields, framing, declaredBytes },
    exchange.rule!,
    services.profile,
  )
  if (typeof verdict === 'string') exchange.stored = verdict
  // What one signature opens is told to others as a whole only.
  else if (exchange.recordUrl !== undefined) exchange.stored = 'rule'
  else if (!partAnswers(verdict, exchange, fields) || !describesItself(exchange, fields)) exchange.stored = 'partial'
  else {
    exchange.part = verdict
    exchange.wantsWhole = beginsWhole(exchange, services)
  }
  if (exchange.part !== undefined) return 'fill'
  exchange.flight?.announce({ kind: 'unshared' })
  exchange.flight?.land()
  return 'relay'
}

/** Has the part all that the client asked for? The origin may have answered with less, or to another question. */
export function partAnswers(part: BytePart, exchange: Exchange, fields: Fields): boolean {
  const range = resolveRange(exchange.request.fields.get('range'), part.sizeBytes)
  if (range.kind !== 'partial' || range.first < part.first || range.last > part.last) return false
  return ifRangeHolds(exchange.request.fields, { status: 200, fields })
}

/** A 206 to If-Range may leave out what the client knows already, which others do not (RFC 9110 section 15.3.7). */
function describesItself(exchange: Exchange, fields: Fields): boolean {
  return !exchange.request.fields.has('if-range') || fields.has('content-type')
}
