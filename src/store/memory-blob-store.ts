import type { Digest } from '../base/digest.ts'
import type { BlobRef, BlobStore, BlobWriter, ByteSource } from './blob-store.ts'
import { bufferSource } from './buffer-source.ts'
import { InMemoryWriter } from './in-memory-writer.ts'

/** Blobs in memory only: for tests. */
export class MemoryBlobStore implements BlobStore {
  readonly #blobs = new Map<Digest, Buffer>()

  create(): BlobWriter {
    return new InMemoryWriter(async (digest, content) => {
      this.#blobs.set(digest, content)
    })
  }

  async open(ref: BlobRef): Promise<ByteSource | undefined> {
    const content = this.#blobs.get(ref.digest)
    if (content === undefined || content.length === ref.sizeBytes) return content && bufferSource(content)
    this.#blobs.delete(ref.digest)
    return undefined
  }

  async has(digest: Digest): Promise<boolean> {
    return this.#blobs.has(digest)
  }

  async delete(digest: Digest): Promise<boolean> {
    return this.#blobs.delete(digest)
  }

  async *list(): AsyncIterable<BlobRef> {
    for (const [digest, content] of this.#blobs) yield { digest, sizeBytes: content.length }
  }

  async close(): Promise<void> {}
}
