import { hash } from 'node:crypto'
import type { Digest } from '../base/digest.ts'
import { Fault } from '../base/faults.ts'
import type { BlobRef, BlobWriter } from './blob-store.ts'
import { ChunkList } from './chunk-list.ts'
import { checkContent, type ExpectedContent } from './expected-content.ts'

/** An ingest that stays in memory until `commit` hands it to `put`. */
export class InMemoryWriter implements BlobWriter {
  readonly #put: (digest: Digest, content: Buffer) => Promise<void>
  readonly #chunks = new ChunkList()
  #digest: Digest | undefined
  #over = false

  /** `put` resolves once the content is as durable as the store makes it. */
  constructor(put: (digest: Digest, content: Buffer) => Promise<void>) {
    this.#put = put
  }

  get acceptedBytes(): number {
    return this.#chunks.end
  }

  get readableBytes(): number {
    return this.#chunks.end
  }

  /** The chunks so far. */
  get chunks(): readonly Buffer[] {
    return this.#chunks.chunks
  }

  write(chunk: Buffer): boolean {
    if (this.#over) return false
    this.#chunks.push(chunk)
    this.#digest = undefined
    return true
  }

  drained(): Promise<void> {
    return this.#over ? Promise.reject(ended()) : Promise.resolve()
  }

  async read(position: number, limitBytes: number): Promise<Buffer> {
    return this.#chunks.at(position, limitBytes)
  }

  release(): void {}
  endReading(): void {}

  digestAtHand(): Digest {
    return (this.#digest ??= hash('sha256', this.#chunks.whole()) as Digest)
  }

  commit(expected: ExpectedContent = {}): Promise<BlobRef> {
    if (this.#over) return Promise.reject(ended())
    this.#over = true
    try {
      const ref = { digest: this.digestAtHand(), sizeBytes: this.acceptedBytes }
      checkContent(expected, ref.sizeBytes, ref.digest)
      return this.#put(ref.digest, this.#chunks.whole()).then(() => ref)
    } catch (error) {
      return Promise.reject(error)
    }
  }

  async abort(): Promise<void> {
    this.#over = true
  }
}

function ended(): Fault {
  return new Fault('STORE_IO', 'the ingest is over')
}
