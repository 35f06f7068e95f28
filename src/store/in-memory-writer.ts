import { hash } from 'node:crypto'
import type { Digest } from '../base/digest.ts'
import { Fault } from '../base/faults.ts'
import type { BlobRef, BlobWriter } from './blob-store.ts'

/** An ingest that stays in memory until `commit` hands it to `put`. */
export class InMemoryWriter implements BlobWriter {
  readonly #put: (digest: Digest, content: Buffer) => Promise<void>
  #chunks: Buffer[] = []
  #digest: Digest | undefined
  acceptedBytes = 0

  constructor(put: (digest: Digest, content: Buffer) => Promise<void>) {
    this.#put = put
  }

  get readableBytes(): number {
    return this.acceptedBytes
  }

  /** The whole content so far. */
  get content(): Buffer {
    if (this.#chunks.length !== 1) this.#chunks = [Buffer.concat(this.#chunks)]
    return this.#chunks[0]!
  }

  write(chunk: Buffer): boolean {
    this.#chunks.push(chunk)
    this.#digest = undefined
    this.acceptedBytes += chunk.length
    return true
  }

  async drained(): Promise<void> {}

  async read(position: number, limitBytes: number): Promise<Buffer> {
    return this.content.subarray(position, position + limitBytes)
  }

  release(): void {}
  endReading(): void {}

  digestAtHand(): Digest {
    return (this.#digest ??= hash('sha256', this.content) as Digest)
  }

  async commit(expected: { readonly sizeBytes?: number; readonly digest?: Digest } = {}): Promise<BlobRef> {
    const { content } = this
    if (expected.sizeBytes !== undefined && expected.sizeBytes !== content.length) {
      throw new Fault('ORIGIN_TRUNCATED', `${content.length} bytes came, ${expected.sizeBytes} were announced`)
    }
    const digest = this.digestAtHand()
    if (expected.digest !== undefined && expected.digest !== digest) {
      throw new Fault('CONTENT_DIGEST_MISMATCH', `the content is sha256-${digest}, not sha256-${expected.digest}`)
    }
    await this.#put(digest, content)
    return { digest, sizeBytes: content.length }
  }

  async abort(): Promise<void> {
    this.#chunks = []
  }
}
