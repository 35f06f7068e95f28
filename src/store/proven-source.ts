import { hash } from 'node:crypto'
import { Fault } from '../base/faults.ts'
import type { ByteSource } from './blob-store.ts'
import { sumBytes, sumChunkBytes } from './chunk-sums.ts'

export interface ProvenParts {
  /** Where the content is to come from; it is closed with this source. */
  readonly source: ByteSource
  /** Where in that source the content begins. */
  readonly begins: number
  readonly sizeBytes: number
  /** Of each chunk of the content. */
  readonly sums: Uint8Array
  readonly name: string
}

/**
 * Content that comes from elsewhere, as it comes: each chunk is collected whole and has its sum before a byte of it is lent. What is other
 * content rejects with `STORE_BLOB_CORRUPT`.
 */
export class ProvenSource implements ByteSource {
  readonly #parts: ProvenParts
  #chunk: { readonly begins: number; readonly bytes: Buffer } | undefined

  constructor(parts: ProvenParts) {
    this.#parts = parts
  }

  get sizeBytes(): number {
    return this.#parts.sizeBytes
  }

  next(position: number, limitBytes: number): Buffer | undefined | Promise<Buffer> {
    if (position >= this.sizeBytes) return undefined
    return this.#held(position, limitBytes) ?? this.#collect(position, limitBytes)
  }

  /** Chunks have memory of their own. */
  release(): void {}

  close(early?: boolean): void {
    this.#parts.source.close(early)
  }

  #held(position: number, limitBytes: number): Buffer | undefined {
    if (this.#chunk === undefined) return undefined
    const { begins, bytes } = this.#chunk
    const at = position - begins
    return at >= 0 && at < bytes.length ? bytes.subarray(at, at + limitBytes) : undefined
  }

  async #collect(position: number, limitBytes: number): Promise<Buffer> {
    const { sums, name } = this.#parts
    const number = Math.floor(position / sumChunkBytes)
    const begins = number * sumChunkBytes
    const bytes = await this.#read(begins, Math.min(sumChunkBytes, this.sizeBytes - begins))
    const sum = sums.subarray(number * sumBytes, (number + 1) * sumBytes)
    if (Buffer.compare(hash('sha256', bytes, 'buffer'), sum) !== 0) {
      throw new Fault('STORE_BLOB_CORRUPT', `${name}: what came in place of MiB ${number + 1} is other content`)
    }
    this.#chunk = { begins, bytes }
    return this.#held(position, limitBytes)!
  }

  async #read(begins: number, sizeBytes: number): Promise<Buffer> {
    const { source, name } = this.#parts
    const bytes = Buffer.allocUnsafeSlow(sizeBytes)
    for (let at = 0; at < sizeBytes; ) {
      const lent = await source.next(this.#parts.begins + begins + at, sizeBytes - at)
      if (lent === undefined) throw new Fault('STORE_BLOB_CORRUPT', `${name}: what came in its place is shorter`)
      at += lent.copy(bytes, at)
      source.release(lent)
    }
    return bytes
  }
}
