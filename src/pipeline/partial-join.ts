import type { BlobRef } from '../store/blob-store.ts'
import type { StoredResponse } from '../store/stored-response.ts'
import { withVariant } from './cached-response.ts'
import type { Fill } from './fills.ts'
import { lengthOf, nextJoin, type PartRecord, piecesOf, withPart } from './partial-records.ts'
import { openPieces } from './partial-source.ts'
import type { Services } from './services.ts'

/** Bytes copied at a time. */
const chunkBytes = 256 * 1024

/** Where a part was recorded. */
export interface RecordedPart {
  readonly services: Services
  readonly key: string
  readonly added: PartRecord
  readonly fill: Fill
  /** What is stored under the key now. */
  readonly records: readonly StoredResponse[]
}

/** Makes a part that was committed known to the index. `undefined`: newer content is there already, or the key was invalidated. */
export async function recordPart(
  services: Services,
  key: string,
  added: PartRecord,
  fill: Fill,
): Promise<RecordedPart | undefined> {
  let records: readonly StoredResponse[] = []
  let isKept = false
  await services.index.update(key, (stored) => {
    records = fill.forgotten ? stored : withPart(stored, added, services.profile)
    isKept = records !== stored
    return records
  })
  services.hot.delete(key)
  return isKept ? { services, key, added, fill, records } : undefined
}

/** Joins a recorded part with its neighbours, as far as that is worth it. A failure loses nothing; never rejects. */
export async function joinParts({ services, key, added, fill, records: before }: RecordedPart): Promise<void> {
  let records = before
  try {
    for (let parts = nextJoin(records, added); parts !== undefined; parts = nextJoin(records, added)) {
      const content = await joined(services, parts)
      await services.index.update(key, (stored) => {
        records = fill.forgotten ? stored : withJoined(stored, parts, content)
        return records
      })
      services.hot.delete(key)
      if (parts.every((part) => records.some((record) => isSame(record, part)))) return
    }
  } catch (error) {
    services.storeHealth.failed(error)
  }
}

/** The bytes of `parts`, which follow each other, as one blob. Fails when some are gone. */
async function joined(services: Services, parts: readonly PartRecord[]): Promise<BlobRef> {
  const range = rangeOf(parts)
  const pieces = piecesOf(
    range,
    parts.map((of) => ({ of, part: of.part })),
  )
  const source = await openPieces(services.blobs, parts[0]!.part.sizeBytes, pieces!)
  const writer = services.blobs.create(lengthOf(range))
  try {
    for (let at = range.first; at <= range.last; ) {
      const chunk = await source.next(at, Math.min(chunkBytes, range.last - at + 1))
      at += chunk.length
      const writable = writer.write(Buffer.from(chunk))
      source.release(chunk)
      if (!writable) await writer.drained()
    }
    return await writer.commit({ sizeBytes: lengthOf(range) })
  } catch (error) {
    void writer.abort()
    throw error
  } finally {
    writer.endReading()
    source.close()
  }
}

/** `stored` with one record in place of `parts`, a whole one when they are all of it; unchanged when one of them is not there any more. */
function withJoined(
  stored: readonly StoredResponse[],
  parts: readonly PartRecord[],
  content: BlobRef,
): readonly StoredResponse[] {
  const found = parts.map((part) => stored.find((one) => isSame(one, part)))
  const newest = found.find((one) => one !== undefined)
  if (newest === undefined || found.includes(undefined)) return stored
  const range = rangeOf(parts)
  const { sizeBytes } = parts[0]!.part
  const { part: _, ...whole } = { ...newest, content, fetchMs: Math.max(...parts.map(({ fetchMs }) => fetchMs)) }
  if (content.sizeBytes === sizeBytes) return withVariant(stored, { ...whole, status: 200 })
  return [{ ...whole, part: { ...range, sizeBytes } }, ...stored.filter((one) => !found.includes(one))]
}

/** The same bytes at the same place; meanwhile its fields may have been updated. */
function isSame(one: StoredResponse, { part, content, vary }: PartRecord): boolean {
  return (
    one.part?.first === part.first &&
    one.part.sizeBytes === part.sizeBytes &&
    one.content!.digest === content!.digest &&
    JSON.stringify(one.vary) === JSON.stringify(vary)
  )
}

function rangeOf(parts: readonly PartRecord[]): { first: number; last: number } {
  return { first: parts[0]!.part.first, last: Math.max(...parts.map(({ part }) => part.last)) }
}
