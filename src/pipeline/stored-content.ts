import { asFault, Fault } from '../base/faults.ts'
import type { ByteSource } from '../store/blob-store.ts'
import type { StoredResponse } from '../store/stored-response.ts'
import { CachedResponse, hotContentBytes, memoryBytesOf } from './cached-response.ts'
import type { Exchange } from './exchange.ts'
import { HealingSource } from './healing-source.ts'
import type { Services } from './services.ts'
import { storedRule } from './user-class.ts'

/** Keeps the stored responses of a key in memory, and answers them. */
export function remember(services: Services, key: string, records: readonly StoredResponse[]): CachedResponse[] {
  const variants: CachedResponse[] = []
  for (const record of records) {
    const target = services.parseTarget(record.url)
    if ('invalid' in target) continue
    variants.push(new CachedResponse(record, storedRule(target, record.rule, services), services.profile))
  }
  if (variants.length > 0) services.hot.set(key, variants, memoryBytesOf(variants))
  return variants
}

/**
 * Makes the content of `exchange.delivery` readable: small content is loaded into memory, larger content is opened as
 * `exchange.source`. Answers false, so that the origin is asked, when the blob is gone, whose record is then forgotten, and when the
 * store does not give it now.
 */
export async function openContent(exchange: Exchange, services: Services): Promise<boolean> {
  const cached = exchange.delivery as CachedResponse
  try {
    const source = await services.blobs.open(cached.record.content!)
    if (source !== undefined) {
      if (cached.sizeBytes > hotContentBytes) exchange.source = healing(source, cached, exchange, services)
      else cached.content = source.whole ?? (await loaded(cached.sizeBytes, source))
      if (cached.content !== undefined)
        services.hot.set(exchange.key, exchange.variants, memoryBytesOf(exchange.variants))
      return true
    }
    services.storeHealth.failed(new Fault('STORE_BLOB_MISSING', `sha256-${cached.record.content!.digest}`))
  } catch (error) {
    services.storeHealth.failed(error)
    // What a disk or a database does not give now, it may give later.
    if (asFault(error).code !== 'STORE_BLOB_CORRUPT') return false
  }
  forgetLost(exchange.key, services)
  return false
}

function healing(source: ByteSource, cached: CachedResponse, cause: Exchange, services: Services): HealingSource {
  const forget = (): void => forgetLost(cause.key, services)
  return new HealingSource({ source, ref: cached.record.content!, part: undefined, cause, services, forget })
}

async function loaded(sizeBytes: number, source: ByteSource): Promise<Buffer> {
  const content = Buffer.alloc(sizeBytes)
  try {
    for (let at = 0; at < content.length; ) {
      const chunk = await source.next(at, content.length - at)
      if (chunk === undefined) throw new Error(`content ends at byte ${at} of ${content.length}`)
      at += chunk.copy(content, at)
      source.release(chunk)
    }
  } finally {
    source.close()
  }
  return content
}

/** Drops a key from memory, from the index, and from fills that are not stored yet; the index follows in its own time. */
export function forget(key: string, services: Services): void {
  remove(key, services).catch((error) => services.storeHealth.failed(error))
}

/** As `forget`, for content that is gone. A record may be another daemon's, whose content is in its own store: then it stays, until ours replaces it. */
export function forgetLost(key: string, services: Services): void {
  if (services.index.isShared) services.hot.delete(key)
  else forget(key, services)
}

/** As `forget`; resolves when it is done, with whether something was stored. */
export function remove(key: string, services: Services): Promise<boolean> {
  services.fills.forget(key)
  services.hot.delete(key)
  return services.index.delete(key)
}
