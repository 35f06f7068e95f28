import type { Digest } from '../base/digest.ts'
import { asFault, Fault } from '../base/faults.ts'
import { fileBytes, recordBytes, rowBytesOf } from './accounting.ts'
import type { AheadWriter } from './ahead-writer.ts'
import type { BlobRef, BlobWriter } from './blob-store.ts'
import type { ExpectedContent } from './expected-content.ts'
import type { Medium, Reservations } from './reservations.ts'

export interface ReservedWriterOptions {
  readonly inner: BlobWriter
  readonly reservations: Reservations
  readonly declaredBytes: number | undefined
  readonly largestRowBytes: number
  /** Longer content is not stored. */
  readonly largestBytes: number
  /** So much is promised at once to content of unknown length, as it grows. */
  readonly mostStepBytes: number
  /** Small content is about to be stored. */
  readonly claim: (digest: Digest) => void
  /** The blob is stored; its bytes are counted now. */
  readonly committed: (ref: BlobRef) => void
}

const leastStepBytes = 1024 * 1024

/**
 * A writer that writes only what it has room for. While it waits for room its producer pauses; when there is none, it fails
 * as on a full disk. What comes meanwhile is held, which is one chunk for a producer that heeds the pause.
 */
export class ReservedWriter implements BlobWriter {
  readonly #options: ReservedWriterOptions
  readonly #inner: BlobWriter
  /** Promised: content of so many bytes, which take so many on the disk. */
  #roomBytes = 0
  #reserved: { readonly bytes: number; readonly medium: Medium }[] = []
  #held: Buffer[] = []
  #heldBytes = 0
  #waiting: Promise<void> | undefined
  #fault: Fault | undefined
  #over = false

  constructor(options: ReservedWriterOptions) {
    this.#options = options
    this.#inner = options.inner
  }

  get acceptedBytes(): number {
    return this.#inner.acceptedBytes + this.#heldBytes
  }

  get readableBytes(): number {
    return this.#inner.readableBytes
  }

  /** Room for all of it is promised before a byte is written ahead; where it is not had at once, content comes in order. */
  get ahead(): AheadWriter | undefined {
    const { declaredBytes } = this.#options
    if (declaredBytes === undefined || this.#waiting !== undefined || !this.#hasRoom(declaredBytes)) return undefined
    return this.#inner.ahead
  }

  write(chunk: Buffer): boolean {
    if (this.#fault !== undefined || this.#over) return false
    if (this.#waiting === undefined && this.#hasRoom(this.acceptedBytes + chunk.length)) return this.#inner.write(chunk)
    this.#held.push(chunk)
    this.#heldBytes += chunk.length
    this.#waiting ??= this.#wait()
    return false
  }

  async drained(): Promise<void> {
    await this.#waiting
    if (this.#fault !== undefined) throw this.#fault
    await this.#inner.drained()
  }

  read(position: number, limitBytes: number): Promise<Buffer> {
    return this.#inner.read(position, limitBytes)
  }

  release(chunk: Buffer): void {
    this.#inner.release(chunk)
  }

  endReading(): void {
    this.#inner.endReading()
  }

  digestAtHand(): Digest | undefined {
    return this.#waiting === undefined && this.#fault === undefined ? this.#inner.digestAtHand() : undefined
  }

  commit(expected?: ExpectedContent): Promise<BlobRef> {
    // At once where nothing is waited for: small content can then be read from the store while it becomes durable.
    return this.#waiting === undefined ? this.#commit(expected) : this.#waiting.then(() => this.#commit(expected))
  }

  async abort(): Promise<void> {
    this.#over = true
    await this.#waiting
    await this.#inner.abort()
    this.#giveBack()
  }

  #commit(expected?: ExpectedContent): Promise<BlobRef> {
    if (this.#over) return Promise.reject(new Fault('STORE_IO', 'the ingest is over'))
    this.#over = true
    const failed = (error: unknown): Promise<never> => this.#failed(error)
    if (this.#fault !== undefined) return failed(this.#fault)
    // Content without bytes takes a row, too.
    if (this.#roomBytes > 0 || this.#hasRoom(1)) return this.#handOn(expected, failed)
    return this.#reserve(1).then(() => this.#handOn(expected, failed), failed)
  }

  #handOn(expected: ExpectedContent | undefined, failed: (error: unknown) => Promise<never>): Promise<BlobRef> {
    const digest = this.#inner.digestAtHand()
    if (digest !== undefined) this.#options.claim(digest)
    return this.#inner.commit(expected).then((ref) => {
      this.#options.committed(ref)
      this.#giveBack()
      return ref
    }, failed)
  }

  async #failed(error: unknown): Promise<never> {
    try {
      await this.#inner.abort()
    } finally {
      this.#giveBack()
    }
    throw error
  }

  /** Promises room for `sizeBytes` of content where that is possible at once. */
  #hasRoom(sizeBytes: number): boolean {
    if (sizeBytes <= this.#roomBytes) return true
    if (sizeBytes > this.#options.largestBytes) return false
    const wanted = this.#wanted(sizeBytes)
    if (!this.#options.reservations.tryReserve(wanted.bytes, wanted.medium)) return false
    this.#promised(wanted)
    return true
  }

  async #reserve(sizeBytes: number): Promise<void> {
    if (sizeBytes <= this.#roomBytes) return
    if (sizeBytes > this.#options.largestBytes) {
      throw new Fault('STORE_TOO_LARGE', `more than ${this.#options.largestBytes} bytes, a tenth of the store`)
    }
    const wanted = this.#wanted(sizeBytes)
    await this.#options.reservations.reserve(wanted.bytes, wanted.medium)
    this.#promised(wanted)
  }

  #promised(wanted: { roomBytes: number; bytes: number; medium: Medium }): void {
    this.#roomBytes = wanted.roomBytes
    this.#reserved.push(wanted)
  }

  /** Small content and its record are rows; what grows beyond that gets a file, and its room in steps that double. */
  #wanted(sizeBytes: number): { roomBytes: number; bytes: number; medium: Medium } {
    const { declaredBytes, largestRowBytes, mostStepBytes, largestBytes } = this.#options
    const isDeclared = declaredBytes !== undefined && declaredBytes >= sizeBytes
    if ((isDeclared ? declaredBytes : sizeBytes) <= largestRowBytes) {
      const roomBytes = isDeclared ? declaredBytes : largestRowBytes
      return { roomBytes, bytes: rowBytesOf(roomBytes) + recordBytes, medium: 'row' }
    }
    const step = Math.min(mostStepBytes, Math.max(leastStepBytes, this.#roomBytes))
    const roomBytes = isDeclared ? declaredBytes : Math.min(largestBytes, Math.max(sizeBytes, this.#roomBytes + step))
    const already = this.#reserved.reduce((sum, { bytes, medium }) => sum + (medium === 'file' ? bytes : 0), 0)
    return { roomBytes, bytes: Math.max(0, fileBytes(roomBytes) + recordBytes - already), medium: 'file' }
  }

  /** Never rejects: the fault is kept for `drained` and `commit`. */
  async #wait(): Promise<void> {
    try {
      while (this.#held.length > 0 && !this.#over) {
        await this.#reserve(this.acceptedBytes)
        for (const chunk of this.#held.splice(0)) {
          this.#heldBytes -= chunk.length
          this.#inner.write(chunk)
        }
      }
    } catch (error) {
      this.#fault = asFault(error)
      this.#held = []
    }
    this.#waiting = undefined
  }

  #giveBack(): void {
    for (const { bytes, medium } of this.#reserved.splice(0)) this.#options.reservations.release(bytes, medium)
  }
}
