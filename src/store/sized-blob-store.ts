import type { Digest } from '../base/digest.ts'
import type { BlobRef, BlobStore, BlobWriter, ByteSource } from './blob-store.ts'
import type { ExpectedContent } from './expected-content.ts'
import { InMemoryWriter } from './in-memory-writer.ts'

/** Blobs up to this size go to the store for small ones. */
export const maxSmallBytes = 64 * 1024

/** A blob store for small blobs, with the way past its writer that `SizedBlobStore` needs. */
export interface SmallBlobStore extends BlobStore {
  put(digest: Digest, content: Buffer): Promise<void>
}

/** Two stores as one: small blobs in one, larger ones in the other. */
export class SizedBlobStore implements BlobStore {
  readonly #small: SmallBlobStore
  readonly #large: BlobStore

  constructor(small: SmallBlobStore, large: BlobStore) {
    this.#small = small
    this.#large = large
  }

  create(sizeBytes?: number): BlobWriter {
    if (sizeBytes !== undefined && sizeBytes > maxSmallBytes) return this.#large.create(sizeBytes)
    return new SpillingWriter(this.#small, () => this.#large.create(sizeBytes))
  }

  open(ref: BlobRef): Promise<ByteSource | undefined> {
    return this.#of(ref.sizeBytes).open(ref)
  }

  async has(digest: Digest): Promise<boolean> {
    return (await this.#small.has(digest)) || this.#large.has(digest)
  }

  /** A blob is in one of the two: where it was removed, what the other says of it does not matter. Ends when both have. */
  async delete(digest: Digest): Promise<boolean> {
    const done = await Promise.allSettled([this.#small.delete(digest), this.#large.delete(digest)])
    if (done.some((one) => one.status === 'fulfilled' && one.value)) return true
    for (const one of done) if (one.status === 'rejected') throw one.reason
    return false
  }

  async *list(): AsyncIterable<BlobRef> {
    yield* this.#small.list()
    yield* this.#large.list()
  }

  async close(): Promise<void> {
    await Promise.all([this.#small.close(), this.#large.close()])
  }

  #of(sizeBytes: number): BlobStore {
    return sizeBytes <= maxSmallBytes ? this.#small : this.#large
  }
}

/** Keeps what is written in memory until it is too much for a small blob; then all of it goes on into a large one. */
class SpillingWriter implements BlobWriter {
  readonly #makeLarge: () => BlobWriter
  readonly #memory: InMemoryWriter
  #large: BlobWriter | undefined

  constructor(small: SmallBlobStore, makeLarge: () => BlobWriter) {
    this.#makeLarge = makeLarge
    this.#memory = new InMemoryWriter((digest, content) => small.put(digest, content))
  }

  get acceptedBytes(): number {
    return this.#writer.acceptedBytes
  }

  /** What is in memory stays there, so that bytes once readable remain so while the file takes them. */
  get readableBytes(): number {
    return Math.max(this.#memory.readableBytes, this.#large?.readableBytes ?? 0)
  }

  write(chunk: Buffer): boolean {
    if (this.#large === undefined) {
      if (this.#memory.acceptedBytes + chunk.length <= maxSmallBytes) return this.#memory.write(chunk)
      this.#large = this.#makeLarge()
      for (const held of this.#memory.chunks) this.#large.write(held)
    }
    return this.#large.write(chunk)
  }

  drained(): Promise<void> {
    return this.#writer.drained()
  }

  read(position: number, limitBytes: number): Promise<Buffer> {
    const inMemory = position < this.#memory.readableBytes || this.#large === undefined
    return (inMemory ? this.#memory : this.#large!).read(position, limitBytes)
  }

  release(chunk: Buffer): void {
    this.#large?.release(chunk)
  }

  endReading(): void {
    this.#large?.endReading()
  }

  digestAtHand(): Digest | undefined {
    return this.#writer.digestAtHand()
  }

  commit(expected?: ExpectedContent): Promise<BlobRef> {
    return this.#writer.commit(expected)
  }

  abort(): Promise<void> {
    return this.#writer.abort()
  }

  get #writer(): BlobWriter {
    return this.#large ?? this.#memory
  }
}
