import type { Digest } from '../base/digest.ts'
import { Fault } from '../base/faults.ts'
import type { AheadWriter, RunListener, RunWriter } from './ahead-writer.ts'
import type { BlobRef, BlobStore, BlobWriter, ByteSource } from './blob-store.ts'
import { bufferSource } from './buffer-source.ts'
import { InMemoryWriter } from './in-memory-writer.ts'

/** Blobs in memory only: for tests. */
export class MemoryBlobStore implements BlobStore {
  readonly #blobs = new Map<Digest, Buffer>()

  create(): BlobWriter {
    return new SparseInMemoryWriter(async (digest, content) => {
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

/** Holds runs by the positions of their chunks. */
class SparseInMemoryWriter extends InMemoryWriter implements AheadWriter {
  readonly #ahead = new Map<number, Buffer>()

  get ahead(): AheadWriter {
    return this
  }

  begin(first: number, listener: RunListener): RunWriter {
    let end = first
    const write = (chunk: Buffer): boolean => {
      this.#ahead.set(end, chunk)
      end += chunk.length
      listener.written(end, true)
      return true
    }
    return { write }
  }

  override async read(position: number, limitBytes: number): Promise<Buffer> {
    if (position < this.readableBytes) return super.read(position, limitBytes)
    for (const [first, chunk] of this.#ahead) {
      const at = position - first
      if (at >= 0 && at < chunk.length) return chunk.subarray(at, at + limitBytes)
    }
    throw new Fault('STORE_IO', `byte ${position} is not there`)
  }

  async absorb(end: number): Promise<void> {
    while (this.acceptedBytes < end) {
      const next = await this.read(this.acceptedBytes, end - this.acceptedBytes)
      if (!this.write(next)) throw new Fault('STORE_IO', 'the ingest is over')
    }
  }
}
