import { Fields } from '../http/fields.ts'
import { freshened, type NotModified } from '../policy/validation.ts'
import { CachedResponse, memoryBytesOf, variantName, withVariant } from './cached-response.ts'
import type { Exchange } from './exchange.ts'
import type { Services } from './services.ts'
import { variantKey } from './variant-key.ts'

/** Updates a stored response, one of `exchange.variants`, with what the origin just said of it; the index follows in its own time. */
export function freshen(
  exchange: Exchange,
  services: Services,
  stale: CachedResponse,
  update: NotModified,
): CachedResponse {
  const updated = freshened(stale.record, update, services.profile)
  // The update may bring another Vary, which selects from now on (RFC 9111 section 4.1).
  const record = { ...updated, vary: variantKey(new Fields(updated.fields).get('vary'), exchange) }
  const cached = new CachedResponse(record, exchange.rule!, services.profile, stale.content)
  // What was purged or outdated since the origin was asked stays so.
  if (services.fills.isForgotten(exchange.key, exchange.invalidationCount)) return cached
  const others = exchange.variants.filter((variant) => variant !== stale)
  services.hot.set(exchange.key, [cached, ...others], memoryBytesOf([cached, ...others]))
  const before = variantName(stale.record.vary)
  services.index
    .update(exchange.key, (variants) => {
      const kept = variants.filter((variant) => variantName(variant.vary) !== before)
      return withVariant(kept, record)
    })
    .catch((error) => services.storeHealth.failed(error))
  return cached
}
