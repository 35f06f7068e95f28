import { setTimeout as delay, setImmediate as turn } from 'node:timers/promises'
import type { Digest } from '../base/digest.ts'
import type { BlobRef } from '../store/blob-store.ts'
import type { Services } from './services.ts'

/** What a sweep found. */
export interface Swept {
  /** Blobs that no record names. */
  readonly blobCount: number
  readonly blobBytes: number
  /** Files that ingests left. */
  readonly stagingCount: number
  /** Damaged files that were set aside long ago. */
  readonly quarantineCount: number
}

type SweptBlobs = Pick<Swept, 'blobCount' | 'blobBytes'>

/** A record follows its blob in far less. */
const graceMs = 5_000
const blobsATurn = 100
/** So many hexadecimal digits are a number to the letter. Two digests that share them keep each other: nothing is lost. */
const digitsInNumber = 13

/**
 * Removes blobs that no record names. A blob that is about to get its record is spared: only what has none before and after a time
 * of grace goes, and nothing that `isClaimed` by what is being stored. Should content come just then that was an orphan before, its record is found without a blob and fetched anew.
 * Rejects with `STORE_INDEX_DOWN` before anything is removed.
 */
export async function sweepBlobs(
  services: Services,
  isTrial: boolean,
  isClaimed: (digest: Digest) => boolean,
  waitMs = graceMs,
): Promise<SweptBlobs> {
  const orphans = (await unnamed(services)).filter(({ digest }) => !isClaimed(digest))
  if (orphans.length > 0 && !isTrial) {
    await delay(waitMs)
    const named = await namedDigests(services)
    return removeAll(
      orphans.filter(({ digest }) => !named.has(numberOf(digest)) && !isClaimed(digest)),
      services,
    )
  }
  return { blobCount: orphans.length, blobBytes: bytesOf(orphans) }
}

async function removeAll(orphans: readonly BlobRef[], { blobs }: Services): Promise<SweptBlobs> {
  const removed: BlobRef[] = []
  for (let at = 0; at < orphans.length; at += blobsATurn) {
    const batch = orphans.slice(at, at + blobsATurn)
    const gone = await Promise.all(batch.map(({ digest }) => blobs.delete(digest)))
    removed.push(...batch.filter((_, index) => gone[index]))
  }
  return { blobCount: removed.length, blobBytes: bytesOf(removed) }
}

/** Blobs are listed after the records: what comes meanwhile is spared by the grace alone. */
async function unnamed(services: Services): Promise<BlobRef[]> {
  const named = await namedDigests(services)
  const orphans: BlobRef[] = []
  let count = 0
  for await (const ref of services.blobs.list()) {
    if (!named.has(numberOf(ref.digest))) orphans.push(ref)
    if (++count % blobsATurn === 0) await turn()
  }
  return orphans
}

async function namedDigests({ index }: Services): Promise<ReadonlySet<number>> {
  const named = new Set<number>()
  let count = 0
  for await (const [, variants] of index.entries()) {
    for (const { content } of variants) if (content !== undefined) named.add(numberOf(content.digest))
    if (++count % blobsATurn === 0) await turn()
  }
  return named
}

function numberOf(digest: Digest): number {
  return Number.parseInt(digest.slice(0, digitsInNumber), 16)
}

function bytesOf(refs: readonly BlobRef[]): number {
  return refs.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
}
