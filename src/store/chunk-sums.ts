import { createHash, type Hash } from 'node:crypto'
import type { Digest } from '../base/digest.ts'

/** A blob is checked in chunks of this size, the last may be shorter. */
export const sumChunkBytes = 1024 * 1024
export const sumBytes = 32

export function sumCountOf(sizeBytes: number): number {
  return Math.max(1, Math.ceil(sizeBytes / sumChunkBytes))
}

/**
 * SHA-256 of each MiB of a blob, one after another, by the blob's digest. They follow from the blob, whose name proves it:
 * sums that are lost are made again from the whole content, so they need not be durable before it.
 */
export interface ChunkSums {
  get(digest: Digest): Uint8Array | undefined
  put(digest: Digest, sums: Buffer): void
  delete(digest: Digest): void
}

/** Hashes content whole and by chunk. Content of one chunk is hashed but once. */
export class ChunkHash {
  readonly #whole = createHash('sha256')
  #chunk: Hash | undefined
  #roomBytes = sumChunkBytes
  #sums: Buffer[] = []
  #sizeBytes = 0

  update(bytes: Buffer): void {
    // Until a second chunk begins, the whole is the first chunk.
    for (let at = 0; at < bytes.length; ) {
      if (this.#roomBytes === 0) this.#endChunk()
      const piece = bytes.subarray(at, at + this.#roomBytes)
      this.#whole.update(piece)
      this.#chunk?.update(piece)
      this.#roomBytes -= piece.length
      this.#sizeBytes += piece.length
      at += piece.length
    }
  }

  /** Call once, at the end. */
  end(): { readonly digest: Digest; readonly sums: Buffer } {
    if (this.#sizeBytes > sumChunkBytes) this.#endChunk()
    const whole = this.#whole.digest()
    const digest = whole.toString('hex') as Digest
    return { digest, sums: this.#sums.length === 0 ? whole : Buffer.concat(this.#sums) }
  }

  #endChunk(): void {
    this.#sums.push(this.#chunk === undefined ? this.#whole.copy().digest() : this.#chunk.digest())
    this.#chunk = createHash('sha256')
    this.#roomBytes = sumChunkBytes
  }
}

/** Sums for stores that have no place for them: each blob is hashed whole once more after a start. */
export function sumsInMemory(): ChunkSums {
  const sums = new Map<Digest, Buffer>()
  return {
    get: (digest) => sums.get(digest),
    put: (digest, made) => void sums.set(digest, made),
    delete: (digest) => void sums.delete(digest),
  }
}
