import { asFault } from '../base/faults.ts'
import type { Stored } from '../base/results.ts'
import { withoutQuery } from '../http/masked-query.ts'
import type { BytePart } from '../http/range.ts'
import { partToKeep } from '../policy/leaving.ts'
import { withoutPartFields } from '../policy/partial.ts'
import type { BlobRef, BlobWriter } from '../store/blob-store.ts'
import { maxVariantCount } from '../store/response-index.ts'
import type { StoredResponse } from '../store/stored-response.ts'
import { CachedResponse, memoryBytesOf, variantName, withVariant } from './cached-response.ts'
import type { Exchange } from './exchange.ts'
import type { Fill } from './fills.ts'
import type { GrowingResponse } from './growing-response.ts'
import { joinParts, recordPart } from './partial-join.ts'
import { isPart, lengthOf, type PartRecord } from './partial-records.ts'
import type { Services } from './services.ts'
import { copyPart, partsAhead } from './sparse-parts.ts'

/** A fill whose content has come, all of it or not. */
export interface Filled {
  readonly exchange: Exchange
  readonly services: Services
  readonly growing: GrowingResponse
  readonly writer: BlobWriter
  readonly fill: Fill
}

/** Commits blob, then index; only then it counts as stored (CORRECTNESS section 5). Calls `over` in the end, whatever happens. */
export function store(filled: Filled, over: (stored: Stored) => void): void {
  const { services, growing, writer } = filled
  const { heldBytes, storeFault } = growing.blob
  services.storeHealth.waits(heldBytes)
  const ended = (stored: Stored): void => {
    services.storeHealth.waitsNoMore(heldBytes)
    if (stored === 'yes') services.storeHealth.succeeded()
    over(stored)
  }
  const failed = (error: unknown): void => {
    void writer.abort()
    services.storeHealth.failed(error)
    ended(whyNotStored(error))
  }
  if (storeFault !== undefined) return failed(storeFault)
  let committed: Promise<BlobRef>
  try {
    committed = writer.commit(growing.declaredBytes === undefined ? {} : { sizeBytes: growing.declaredBytes })
    shareEarly(filled)
  } catch (error) {
    return failed(error)
  }
  // Not chained: each promise in between would have to outlive the wait for the disk.
  committed.then((content) => record(filled, content, ended, failed), failed)
}

/** What became of content that the store failed to keep. */
export function whyNotStored(error: unknown): Stored {
  const { code } = asFault(error)
  if (code === 'STORE_TOO_LARGE') return 'too-large'
  return code === 'STORE_NO_SPACE' || code === 'STORE_BUSY' ? 'no-space' : 'store-fault'
}

/** Content that is in memory can be read from the store at once; that it becomes durable is awaited only for the index. */
function shareEarly(filled: Filled): void {
  const { exchange, growing, writer, fill } = filled
  const digest = growing.head.part === undefined ? writer.digestAtHand() : undefined
  if (digest === undefined || fill.forgotten) return
  const response = recordOf(filled, { digest, sizeBytes: growing.blob.sizeBytes })
  fill.arrived(
    withVariant(
      exchange.variants.map((variant) => variant.record),
      response,
    ),
  )
  replaceHot(filled, response)
  exchange.flight?.land()
}

function record(
  filled: Filled,
  content: BlobRef,
  ended: (stored: Stored) => void,
  failed: (error: unknown) => void,
): void {
  if (filled.fill.forgotten) return ended('content-changed')
  try {
    const response = recordOf(filled, content)
    const recorded = isPart(response) ? recordPartOf(filled, response) : recordWhole(filled, response, content)
    recorded.then((stored) => ended(stored ?? 'yes'), failed)
  } catch (error) {
    failed(error)
  }
}

function recordWhole(filled: Filled, response: StoredResponse, content: BlobRef): Promise<void> {
  const { exchange, services } = filled
  tellChange(filled, content)
  replaceHot(filled, response)
  const change = (variants: readonly StoredResponse[]): readonly StoredResponse[] => withVariant(variants, response)
  return services.index.update(exchange.key, change, knownVariants(filled))
}

async function recordPartOf({ exchange, services, fill }: Filled, response: PartRecord): Promise<Stored> {
  const recorded = await recordPart(services, exchange.key, response, fill)
  exchange.flight?.land()
  if (recorded === undefined) return 'content-changed'
  await joinParts(recorded)
  return 'yes'
}

/** Keeps what there is of content that will not come to its end as parts, where the rest can be asked for later. Never rejects. */
export async function keepPart(filled: Filled): Promise<void> {
  const { services, growing, writer } = filled
  try {
    if (mayKeep(filled)) {
      // They are at the end of the same file, and lost with the commit of its beginning.
      for (const part of ahead(filled)) await keep(filled, part, await copyPart(services, writer, part))
      const part = beginning(filled)
      if (part !== undefined) return await keep(filled, part, await writer.commit({ sizeBytes: lengthOf(part) }))
    }
    await writer.abort()
  } catch (error) {
    void writer.abort()
    services.storeHealth.failed(error)
  } finally {
    if (growing.blob.isSparse && !growing.blob.isRead) writer.endReading()
  }
}

async function keep(filled: Filled, part: BytePart, content: BlobRef): Promise<void> {
  const { exchange, services, growing, fill } = filled
  if (fill.forgotten) return
  const fields = withoutPartFields(growing.head.fields)
  const added = { ...recordOf(filled, content), status: 206, fields, part }
  const recorded = await recordPart(services, exchange.key, added, fill)
  if (recorded !== undefined) await joinParts(recorded)
}

/** Beside a whole response that is stored, though older, a part is of no use; what one signature opens is told to others as a whole only. */
function mayKeep({ exchange, growing, fill }: Filled): boolean {
  const isWelcome = exchange.candidate === undefined && exchange.recordUrl === undefined
  return isWelcome && !fill.forgotten && growing.blob.storeFault === undefined
}

function beginning({ services, growing }: Filled): BytePart | undefined {
  const { head, blob, declaredBytes } = growing
  const { status, fields, part } = head
  return partToKeep({ status, fields, part, declaredBytes, doneBytes: blob.sizeBytes }, services.leaving.minPartBytes)
}

function ahead({ services, growing }: Filled): readonly BytePart[] {
  const { blob, declaredBytes } = growing
  return blob.isSparse ? partsAhead(blob.runs, declaredBytes!, services.leaving.minPartBytes) : []
}

/** Content of class immutable can still be asked for again, where its origin wants that: then people should know that it changed (CORRECTNESS T18). */
function tellChange({ exchange, services, growing }: Filled, after: BlobRef): void {
  if (exchange.rule!.class !== 'immutable' || growing.head.status !== 200) return
  const name = variantName(growing.head.vary)
  const before = exchange.variants.find(({ record }) => record.status === 200 && variantName(record.vary) === name)
  const digest = before?.isPart === false ? before.record.content?.digest : undefined
  if (digest === undefined || digest === after.digest) return
  const url = withoutQuery(growing.head.url)
  services.observer({ kind: 'content-changed', url, rule: exchange.rule!.name, before: digest, after: after.digest })
}

/** A leader that went straight from lookup to its fill, and was alone with its key, knows that nothing else is stored. */
function knownVariants({ exchange, fill }: Filled): readonly StoredResponse[] | undefined {
  // A record whose content the disk does not give is there still.
  if (exchange.result === 'miss-blob-lost') return undefined
  const alone = exchange.flight !== undefined && fill.alone && !exchange.trail.includes('join')
  return alone && exchange.variants.length === 0 ? [] : undefined
}

function recordOf({ services, growing }: Filled, content: BlobRef): StoredResponse {
  const fetchMs = Math.max(0, Math.round(services.clock.now() - growing.head.requestedAt))
  return { ...growing.head, fetchMs, content }
}

/** A key that is hot gets its new variant; one that is not becomes so with its first hit. */
function replaceHot({ exchange, services }: Filled, response: StoredResponse): void {
  const known = services.hot.get(exchange.key)
  if (known === undefined) return
  const cached = new CachedResponse(response, exchange.rule!, services.profile)
  const others = known.filter((variant) => variantName(variant.record.vary) !== variantName(response.vary))
  const variants = [cached, ...others].slice(0, maxVariantCount)
  services.hot.set(exchange.key, variants, memoryBytesOf(variants))
}
