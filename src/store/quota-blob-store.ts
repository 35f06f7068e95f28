import type { Digest } from '../base/digest.ts'
import { Fault } from '../base/faults.ts'
import type { BlobRef, BlobStore, BlobWriter, ByteSource } from './blob-store.ts'
import type { Reservations } from './reservations.ts'
import { ReservedWriter } from './reserved-writer.ts'
import type { StoreLedger } from './store-ledger.ts'

export interface QuotaBlobStoreOptions {
  readonly inner: BlobStore
  readonly reservations: Reservations
  readonly ledger: StoreLedger
  readonly largestRowBytes: number
  readonly largestBytes: number
}

const mostStepBytes = 64 * 1024 * 1024

/** A blob store that takes in only what there is room for. */
export class QuotaBlobStore implements BlobStore {
  readonly #options: QuotaBlobStoreOptions
  readonly #inner: BlobStore

  constructor(options: QuotaBlobStoreOptions) {
    this.#options = options
    this.#inner = options.inner
  }

  /** Throws `STORE_TOO_LARGE`. */
  create(sizeBytes?: number): BlobWriter {
    const { reservations, ledger, largestRowBytes, largestBytes } = this.#options
    if (sizeBytes !== undefined && sizeBytes > largestBytes) {
      throw new Fault('STORE_TOO_LARGE', `${sizeBytes} bytes are more than ${largestBytes}, a tenth of the store`)
    }
    return new ReservedWriter({
      inner: this.#inner.create(sizeBytes),
      reservations,
      declaredBytes: sizeBytes,
      largestRowBytes,
      largestBytes,
      mostStepBytes: Math.min(mostStepBytes, largestBytes),
      claim: (digest) => ledger.claim(digest),
      committed: (ref) => ledger.blobs.add(ref),
    })
  }

  open(ref: BlobRef): Promise<ByteSource | undefined> {
    return this.#inner.open(ref)
  }

  has(digest: Digest): Promise<boolean> {
    return this.#inner.has(digest)
  }

  async delete(digest: Digest): Promise<boolean> {
    const { ledger } = this.#options
    const wasThere = await this.#inner.delete(digest)
    if (!ledger.isClaimed(digest)) ledger.blobs.remove(digest)
    return wasThere
  }

  list(): AsyncIterable<BlobRef> {
    return this.#inner.list()
  }

  close(): Promise<void> {
    return this.#inner.close()
  }
}
