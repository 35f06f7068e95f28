import type { BytePart } from '../http/range.ts'
import type { BlobRef, BlobWriter } from '../store/blob-store.ts'
import { lengthOf } from './partial-records.ts'
import type { Services } from './services.ts'

/** Bytes copied at a time. */
const chunkBytes = 256 * 1024
/** Most bytes that are copied to keep them: fetching them anew may be cheaper than more. */
const maxCopiedBytes = 256 * 1024 * 1024

/** Of the bytes that are there ahead of a beginning, the parts that are worth keeping when no more will come. */
export function partsAhead(
  runs: readonly { readonly first: number; readonly end: number }[],
  sizeBytes: number,
  minPartBytes: number,
): readonly BytePart[] {
  let leftBytes = maxCopiedBytes
  const parts: BytePart[] = []
  for (const { first, end } of runs) {
    const last = Math.min(end, first + leftBytes) - 1
    if (last - first + 1 < minPartBytes) continue
    parts.push({ first, last, sizeBytes })
    leftBytes -= last - first + 1
  }
  return parts
}

/** Copies a part out of an ingest that ends without it. */
export async function copyPart(services: Services, writer: BlobWriter, part: BytePart): Promise<BlobRef> {
  const copy = services.blobs.create(lengthOf(part))
  try {
    for (let at = part.first; at <= part.last; ) {
      const chunk = await writer.read(at, Math.min(chunkBytes, part.last - at + 1))
      at += chunk.length
      const isWritable = copy.write(Buffer.from(chunk))
      writer.release(chunk)
      if (!isWritable) await copy.drained()
    }
    return await copy.commit({ sizeBytes: lengthOf(part) })
  } catch (error) {
    void copy.abort()
    throw error
  } finally {
    copy.endReading()
  }
}
