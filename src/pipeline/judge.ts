import { Fields } from '../http/fields.ts'
import { storability } from '../policy/storable.ts'
import type { Step } from './step.ts'
import { forget } from './stored-content.ts'

/** May this response be stored? Then it is filled, else relayed with the reason (RFC 9111 section 3). */
export const judge: Step<'judge'> = (exchange, services) => {
  const upstream = exchange.upstream!
  const fields = new Fields(upstream.fields)
  exchange.upstreamFields = fields
  const verdict = storability(
    exchange.request,
    { status: upstream.status, fields, framing: upstream.framing },
    exchange.rule!,
    services.profile,
  )
  if (verdict.storable) return 'fill'
  exchange.stored = verdict.reason
  // What the origin says is gone must not come back from the store.
  if (exchange.candidate !== undefined && (upstream.status === 404 || upstream.status === 410)) {
    forget(exchange.key, services)
  }
  exchange.flight?.announce({ kind: 'unshared' })
  exchange.flight?.land()
  return 'relay'
}
