import { ifRangeHolds } from '../http/conditions.ts'
import { resolveRange } from '../http/range.ts'
import { reuse, reuseOffline } from '../policy/reuse.ts'
import type { ByteSource } from '../store/blob-store.ts'
import { type CachedResponse, fits } from './cached-response.ts'
import type { Exchange } from './exchange.ts'
import { HealingSource } from './healing-source.ts'
import { isPart, ofSameRepresentation, type PartRecord, type Piece, piecesOf } from './partial-records.ts'
import { openPieces } from './partial-source.ts'
import type { Services } from './services.ts'
import { forgetLost } from './stored-content.ts'

/** A range found in stored parts. */
export interface FoundRange {
  /** The newest of the parts: its fields and its freshness are those of all. */
  readonly cached: CachedResponse
  /** Empty for a range behind the end. */
  readonly pieces: readonly Piece<PartRecord>[]
  readonly ttlSeconds: number
}

/** The range that a GET asks for, when fresh parts of one representation have all of it (RFC 9111 section 3.3). */
export function findRange(exchange: Exchange, services: Services): FoundRange | undefined {
  const { method, fields, background } = exchange.request
  if (method !== 'GET' || background || !fields.has('range')) return undefined
  const parts = exchange.variants.filter((one) => one.isPart && fits(one.record.vary, one.codings, fields))
  for (const cached of parts) {
    const pieces = piecesFor(fields.get('range'), cached, parts)
    if (pieces === undefined || !ifRangeHolds(fields, cached)) continue
    const verdict = services.isOffline
      ? reuseOffline(cached.freshness, services.clock.now())
      : reuse({ fields }, cached.freshness, services.clock.now())
    const { kind } = verdict
    const usable = kind === 'fresh' || (kind === 'stale-usable' && verdict.reason !== 'stale-while-revalidate')
    if (usable) return { cached, pieces, ttlSeconds: verdict.ttlSeconds }
  }
  return undefined
}

/** From the part itself, or from it and others with the same strong entity tag. */
function piecesFor(
  range: string | undefined,
  cached: CachedResponse,
  parts: readonly CachedResponse[],
): readonly Piece<PartRecord>[] | undefined {
  const resolved = resolveRange(range, cached.sizeBytes)
  if (resolved.kind === 'whole') return undefined
  if (resolved.kind === 'unsatisfiable') return []
  const records = parts.map((one) => one.record).filter(isPart)
  const same = records.filter((one) => one === cached.record || ofSameRepresentation(one, cached.record))
  return piecesOf(
    resolved,
    same.map((of) => ({ of, part: of.part })),
  )
}

/** Makes a found range what is delivered. Answers false when content of it is gone; then its key is forgotten. */
export async function openRange(exchange: Exchange, services: Services, found: FoundRange): Promise<boolean> {
  const { cached, pieces, ttlSeconds } = found
  const forget = (): void => forgetLost(exchange.key, services)
  const healing = (source: ByteSource, { part, content }: PartRecord): ByteSource =>
    new HealingSource({ source, ref: content!, part, cause: exchange, services, forget })
  try {
    exchange.source = await openPieces(services.blobs, cached.sizeBytes, pieces, healing)
  } catch (error) {
    services.storeHealth.failed(error)
    forgetLost(exchange.key, services)
    return false
  }
  exchange.delivery = cached
  exchange.ttlSeconds = ttlSeconds
  exchange.savedMs = cached.record.fetchMs
  exchange.result = ttlSeconds > 0 ? 'hit' : 'hit-stale'
  return true
}
