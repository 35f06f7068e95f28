import { Fields } from '../http/fields.ts'
import { isRedirect } from '../http/location.ts'
import { headConfirms } from '../policy/head-update.ts'
import { storability } from '../policy/storable.ts'
import { type CachedResponse, fits, selectVariant } from './cached-response.ts'
import type { Exchange } from './exchange.ts'
import { freshen } from './freshen.ts'
import { judgePart } from './partial-request.ts'
import type { Services } from './services.ts'
import { noteRedirect } from './signed-urls.ts'
import type { Step } from './step.ts'
import { forget } from './stored-content.ts'

/** May this response be stored? Then it is filled, else relayed with the reason (RFC 9111 section 3). */
export const judge: Step<'judge'> = (exchange, services) => {
  const upstream = exchange.upstream!
  const fields = new Fields(upstream.fields)
  exchange.upstreamFields = fields
  if (isRedirect(upstream.status)) noteRedirect(exchange, services)
  if (upstream.status === 206) return judgePart(exchange, services)
  const verdict = storability(
    exchange.request,
    { status: upstream.status, fields, framing: upstream.framing },
    exchange.rule!,
    services.profile,
  )
  // What a store says to one signature, but the object itself, it need not say to another.
  const isOwn = exchange.recordUrl !== undefined && upstream.status !== 200
  if (verdict.storable && !isOwn) return 'fill'
  exchange.stored = verdict.storable ? 'rule' : verdict.reason
  if (exchange.request.method === 'HEAD' && upstream.status === 200) applyHead(exchange, services)
  // What the origin says is gone must not come back from the store.
  const isStored = exchange.candidate !== undefined || exchange.variants.some((variant) => variant.isPart)
  if (isStored && (upstream.status === 404 || upstream.status === 410)) {
    forget(exchange.key, services)
  }
  exchange.flight?.announce({ kind: 'unshared' })
  exchange.flight?.land()
  return 'relay'
}

/** What HEAD tells of a stored response to GET: fresh again, or out of date (RFC 9111 section 4.3.5). */
function applyHead(exchange: Exchange, services: Services): void {
  const upstream = exchange.upstream!
  const confirmed = (one: CachedResponse): boolean => headConfirms(one.record.fields, one.sizeBytes, upstream.fields)
  const stale = exchange.candidate ?? selectVariant(exchange.variants, exchange.request.fields)
  if (stale?.status === 200 && confirmed(stale)) freshen(exchange, services, stale, upstream)
  else if (stale?.status === 200 || partsFor(exchange).some((part) => !confirmed(part))) forget(exchange.key, services)
}

function partsFor({ variants, request }: Exchange): readonly CachedResponse[] {
  return variants.filter((one) => one.isPart && fits(one.record.vary, one.codings, request.fields))
}
