import type { Digest } from '../base/digest.ts'
import type { BufferPool } from './buffer-pool.ts'
import { ChunkHash } from './chunk-sums.ts'
import type { OpenFile } from './open-file.ts'

/** `absent`: it has gone since it was listed. */
export type Verdict = 'sound' | 'damaged' | 'absent'

/** Called after each piece that was read, with its length; resolves when the next may be. */
export type Pace = (sizeBytes: number) => Promise<void> | undefined

/** A store whose blobs can be read again, one by one, to see whether they are what they were. */
export interface VerifiableBlobs {
  /** What stands for a blob, whatever it is, in the order of the digests, from behind `after` on. */
  names(after: Digest | undefined): AsyncIterable<Digest>
  /** Hashes a blob whole. A damaged one is set aside and reported. Rejects with `STORE_IO` when the store cannot be read. */
  verify(digest: Digest, pace: Pace): Promise<Verdict>
}

/** What was read, and what its sums are. */
export interface WholeSums {
  readonly digest: Digest
  readonly sums: Buffer
  readonly sizeBytes: number
}

/** Reads a file from beginning to end. */
export async function wholeSums(
  file: OpenFile,
  pool: BufferPool,
  sizeBytes: number,
  pace: Pace | undefined,
): Promise<WholeSums> {
  const hash = new ChunkHash()
  for (let at = 0; at < sizeBytes; ) {
    const bytes = await file.read(at, sizeBytes - at)
    hash.update(bytes)
    at += bytes.length
    pool.give(bytes)
    const pause = pace?.(bytes.length)
    if (pause !== undefined) await pause
  }
  return { ...hash.end(), sizeBytes }
}
