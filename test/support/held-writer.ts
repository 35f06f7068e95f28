import { Fault } from '../../src/base/faults.ts'
import type { BlobRef, BlobWriter } from '../../src/store/blob-store.ts'

/** A writer whose disk the test plays: bytes become readable with `flush`, and it breaks with `breakDown`. */
export class HeldWriter implements BlobWriter {
  #bytes = Buffer.alloc(0)
  #drained: PromiseWithResolvers<void> | undefined
  #fault: Fault | undefined
  readonly #pauseAtBytes: number
  acceptedBytes = 0
  readableBytes = 0
  readCount = 0
  endCount = 0

  constructor(pauseAtBytes = Number.POSITIVE_INFINITY) {
    this.#pauseAtBytes = pauseAtBytes
  }

  write(chunk: Buffer): boolean {
    if (this.#fault !== undefined) return false
    this.#bytes = Buffer.concat([this.#bytes, chunk])
    this.acceptedBytes += chunk.length
    return this.acceptedBytes - this.readableBytes < this.#pauseAtBytes
  }

  drained(): Promise<void> {
    if (this.#fault !== undefined) return Promise.reject(this.#fault)
    this.#drained ??= Promise.withResolvers<void>()
    return this.#drained.promise
  }

  /** The disk has taken everything, or the first `sizeBytes`. */
  flush(sizeBytes = this.acceptedBytes): void {
    this.readableBytes = Math.max(this.readableBytes, sizeBytes)
    this.#drained?.resolve()
    this.#drained = undefined
  }

  breakDown(fault = new Fault('STORE_NO_SPACE', 'full')): void {
    this.#fault = fault
    this.#drained?.reject(fault)
  }

  async read(position: number, limitBytes: number): Promise<Buffer> {
    this.readCount += 1
    if (position >= this.readableBytes) throw new Fault('STORE_IO', `byte ${position} cannot be read yet`)
    return this.#bytes.subarray(position, Math.min(position + limitBytes, this.readableBytes))
  }

  release(): void {}

  endReading(): void {
    this.endCount += 1
  }

  digestAtHand(): undefined {}

  async commit(): Promise<BlobRef> {
    throw new Fault('STORE_IO', 'not for committing')
  }

  async abort(): Promise<void> {}
}
