import { forwardableRequestFields } from '../http/end-to-end.ts'
import { FieldNames } from '../http/field-names.ts'
import { forwardsLeft } from '../http/max-forwards.ts'
import type { MirrorTerms, OriginRequest, StoredVersion } from '../upstream/origin-fetcher.ts'
import type { CachedResponse } from './cached-response.ts'
import type { Exchange } from './exchange.ts'
import { viaValue } from './response-stem.ts'

/** Fields that select a part or a condition for this one client; a shared fill asks for the whole. */
const clientOnly = new FieldNames([
  'range',
  'if-range',
  'if-none-match',
  'if-modified-since',
  'if-match',
  'if-unmodified-since',
])

const acceptEncoding = new FieldNames(['accept-encoding'])

/** The request for a fill: the client's, made whole and unconditional, plus `extra` (our own validators). */
export function fillRequest(exchange: Exchange, extra: readonly string[] = []): OriginRequest {
  const fields = forwardableRequestFields(exchange.request.fields.raw)
  const whole: string[] = []
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const name = fields[i]!
    if (clientOnly.has(name) || (exchange.uncoded && acceptEncoding.has(name))) continue
    whole.push(name, fields[i + 1]!)
  }
  if (exchange.uncoded) whole.push('Accept-Encoding', 'identity')
  whole.push('Via', viaValue, ...extra)
  return {
    method: exchange.request.method,
    target: exchange.target!,
    fields: whole,
    onInterim: (status, interim) => exchange.response.sendInterim(status, interim),
    isWanted: () => isWanted(exchange),
    mirrors: () => mirrorTerms(exchange),
  }
}

/**
 * An answer of another origin must agree with what is stored for the request. What is stored for others says nothing of it; a part,
 * only to whom asks for its rest.
 */
function mirrorTerms(exchange: Exchange): MirrorTerms | undefined {
  const { candidate, variants } = exchange
  if (candidate === undefined && variants.some(({ isPart }) => !isPart)) return undefined
  return { stored: candidate && versionOf(candidate), onMirror: (authority) => (exchange.mirror = authority) }
}

/** `undefined` for what was missing: then another origin may have it. */
function versionOf({ record }: CachedResponse): StoredVersion | undefined {
  if (record.status >= 400) return undefined
  const { fields, content } = record
  return { fields, sizeBytes: content?.sizeBytes ?? 0, digest: content?.digest }
}

/** The request as the client made it, content included. */
export function relayRequest(exchange: Exchange): OriginRequest {
  const { method, fields: received } = exchange.request
  const fields = forwardableRequestFields(received.raw)
  fields.push('Via', viaValue)
  const left = forwardsLeft(method, received)
  if (typeof left === 'number') lowerMaxForwards(fields, left - 1)
  return {
    method,
    target: exchange.target!,
    fields,
    ...(exchange.request.body === undefined ? {} : { body: exchange.request.body }),
    onInterim: (status, interim) => exchange.response.sendInterim(status, interim),
    isWanted: () => isWanted(exchange),
  }
}

/** A client that left may have been the leader of others. */
function isWanted({ request, response, flight }: Exchange): boolean {
  return request.background === true || !response.closed || flight?.isFollowed === true
}

/** RFC 9110 section 7.6.2. */
function lowerMaxForwards(fields: string[], left: number): void {
  for (let i = 0; i + 1 < fields.length; i += 2) {
    if (fields[i]!.toLowerCase() === 'max-forwards') fields[i + 1] = String(left)
  }
}
