import { asFault, type Fault } from '../base/faults.ts'
import type { BlobWriter, ByteSource } from './blob-store.ts'

interface Piece {
  readonly start: number
  readonly bytes: Buffer
}

/** Bytes behind the newest that stay in memory, so that readers near the head need no disk. */
const initialTailBytes = 2 * 1024 * 1024

/**
 * A blob that is still being ingested, which any number of readers may follow from any position. Readers near the head share the
 * very chunks that came from the origin; those behind read what was written. When the store fails, the blob goes on as a
 * relay: the slowest reader then slows the origin, and nothing can be committed (CORRECTNESS I9).
 */
export class GrowingBlob {
  readonly #writer: BlobWriter
  readonly #declaredBytes: number | undefined
  readonly #tailBytes: number
  /** The newest pieces, oldest first, without gaps. */
  #tail: Piece[] = []
  #sizeBytes = 0
  #state: 'growing' | 'complete' | 'failed' = 'growing'
  #fault: Fault | undefined
  #storeFault: Fault | undefined
  #waiters: (() => void)[] = []
  #onWritable: () => void = () => {}
  #paused = false
  readonly #readers = new Set<GrowingReader>()

  constructor(writer: BlobWriter, declaredBytes: number | undefined, tailBytes = initialTailBytes) {
    this.#writer = writer
    this.#declaredBytes = declaredBytes
    this.#tailBytes = tailBytes
  }

  get state(): 'growing' | 'complete' | 'failed' {
    return this.#state
  }

  /** Bytes so far. */
  get sizeBytes(): number {
    return this.#sizeBytes
  }

  /** The length that `complete` will have, when it is known. */
  get expectedBytes(): number | undefined {
    return this.#state === 'complete' ? this.#sizeBytes : this.#declaredBytes
  }

  /** What went wrong with storing; the content itself goes on. */
  get storeFault(): Fault | undefined {
    return this.#storeFault
  }

  /** The whole content of a complete blob that never left memory. */
  get wholeInMemory(): Buffer | undefined {
    if (this.#state !== 'complete' || this.#tailStart() !== 0) return undefined
    if (this.#tail.length === 1) return this.#tail[0]!.bytes
    return Buffer.concat(this.#tail.map((piece) => piece.bytes))
  }

  /** Called when appending may go on after a `false`. */
  onWritable(listener: () => void): void {
    this.#onWritable = listener
  }

  /** Takes the next bytes, which must not change afterwards. Answers `false` when the origin should pause. */
  append(bytes: Buffer): boolean {
    this.#tail.push({ start: this.#sizeBytes, bytes })
    this.#sizeBytes += bytes.length
    const writable = this.#storeFault === undefined ? this.#write(bytes) : this.#relayable()
    this.#trim()
    this.#wake()
    if (!writable) this.#paused = true
    return writable
  }

  /** All bytes are in. */
  complete(): void {
    this.#state = 'complete'
    this.#wake()
    this.#endWhenUnread()
  }

  /** No more bytes will come. Readers get what is there, then the fault. */
  fail(fault: Fault): void {
    this.#state = 'failed'
    this.#fault = fault
    this.#wake()
    this.#endWhenUnread()
  }

  /** A new reader. It must be closed. */
  reader(): ByteSource {
    const reader = new GrowingReader(this)
    this.#readers.add(reader)
    return reader
  }

  #write(bytes: Buffer): boolean {
    const writable = this.#writer.write(bytes)
    if (!writable) {
      this.#writer.drained().then(
        () => {
          this.#trim()
          this.#resume()
        },
        (error) => this.#storeFailed(asFault(error)),
      )
    }
    return writable
  }

  #storeFailed(fault: Fault): void {
    this.#storeFault ??= fault
    if (this.#relayable()) this.#resume()
  }

  #resume(): void {
    if (!this.#paused) return
    this.#paused = false
    this.#onWritable()
  }

  #tailStart(): number {
    return this.#tail[0]?.start ?? this.#sizeBytes
  }

  /** Without a store only so much may be held for the slowest reader. */
  #relayable(): boolean {
    return this.#sizeBytes - Math.max(this.#slowest(), this.#writer.readableBytes) <= this.#tailBytes
  }

  #slowest(): number {
    let slowest = this.#sizeBytes
    for (const reader of this.#readers) slowest = Math.min(slowest, reader.position)
    return slowest
  }

  /** Drops the oldest pieces that can be read back, or that every reader has passed when they cannot. */
  #trim(): void {
    const keepFrom = this.#sizeBytes - this.#tailBytes
    if (this.#tailStart() >= keepFrom) return
    const readable = this.#writer.readableBytes
    const passed = this.#storeFault === undefined ? readable : Math.max(readable, this.#slowest())
    let count = 0
    while (count < this.#tail.length) {
      const piece = this.#tail[count]!
      const end = piece.start + piece.bytes.length
      if (end > keepFrom || end > passed) break
      count += 1
    }
    if (count > 0) this.#tail.splice(0, count)
  }

  #wake(): void {
    if (this.#waiters.length === 0) return
    const waiters = this.#waiters
    this.#waiters = []
    for (const wake of waiters) wake()
  }

  /** For readers: what `next` promises. */
  at(position: number, limitBytes: number): Buffer | undefined | Promise<Buffer | undefined> {
    if (position < this.#sizeBytes) return this.#there(position, limitBytes)
    if (this.#state === 'complete') return undefined
    if (this.#state === 'failed') return Promise.reject(this.#fault)
    return new Promise<void>((resolve) => this.#waiters.push(resolve)).then(() => this.at(position, limitBytes))
  }

  #there(position: number, limitBytes: number): Buffer | Promise<Buffer> {
    if (position < this.#tailStart()) {
      return this.#writer.read(position, Math.min(limitBytes, this.#writer.readableBytes - position))
    }
    for (let i = this.#tail.length - 1; i >= 0; i--) {
      const { start, bytes } = this.#tail[i]!
      if (start <= position) return bytes.subarray(position - start, position - start + limitBytes)
    }
    throw new Error('a growing blob has no gaps')
  }

  /** For readers: a chunk is done with. */
  release(chunk: Buffer): void {
    this.#writer.release(chunk)
    if (this.#storeFault === undefined) return
    this.#trim()
    if (this.#relayable()) this.#resume()
  }

  /** For readers: one is gone. */
  leave(reader: GrowingReader): void {
    if (!this.#readers.delete(reader)) return
    if (this.#storeFault !== undefined && this.#relayable()) this.#resume()
    this.#endWhenUnread()
  }

  #endWhenUnread(): void {
    if (this.#state !== 'growing' && this.#readers.size === 0) this.#writer.endReading()
  }
}

class GrowingReader implements ByteSource {
  readonly #blob: GrowingBlob
  position = 0

  constructor(blob: GrowingBlob) {
    this.#blob = blob
  }

  get sizeBytes(): number | undefined {
    return this.#blob.expectedBytes
  }

  next(position: number, limitBytes: number): Buffer | undefined | Promise<Buffer | undefined> {
    this.position = position
    return this.#blob.at(position, limitBytes)
  }

  release(chunk: Buffer): void {
    this.#blob.release(chunk)
  }

  close(): void {
    this.#blob.leave(this)
  }
}
