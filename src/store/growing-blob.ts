import { asFault, Fault } from '../base/faults.ts'
import type { BlobWriter, ByteSource } from './blob-store.ts'
import { ChunkList } from './chunk-list.ts'
import { GrowingReader, type ReadWhileGrowing } from './growing-reader.ts'
import { SlowestReader } from './slowest-reader.ts'
import { type Run, SparseMap } from './sparse-map.ts'

export interface GrowingBlobOptions {
  /** Bytes behind the newest that stay in memory, so that readers near the head need no disk; also what a relay holds. */
  readonly tailBytes?: number
}

/** Somebody waits for the byte at `position`, which is not there, and wants the bytes from it to before `until`. */
export type OnWanted = (position: number, until: number | undefined) => void

/** A disk that takes nothing for so long must not hold up who reads. */
const drainWaitMs = 2_000
const defaultTailBytes = 2 * 1024 * 1024
/** Largest content that `wholeInMemory` puts together. */
const maxWholeBytes = 256 * 1024

/**
 * A blob that is still being ingested, which any number of readers may follow from any position. Readers near the head
 * share the very chunks that came from the origin; those behind read what was written. When the store fails, the blob
 * goes on as a relay: the slowest reader then slows the origin, and nothing can be committed (CORRECTNESS I9, T36).
 */
export class GrowingBlob implements ReadWhileGrowing {
  readonly #writer: BlobWriter
  readonly #declaredBytes: number | undefined
  readonly #tailBytes: number
  readonly #tail = new ChunkList()
  readonly #readers = new SlowestReader<GrowingReader>()
  #state: 'growing' | 'complete' | 'failed' = 'growing'
  #fault: Fault | undefined
  #storeFault: Fault | undefined
  #draining = false
  #paused = false
  /** Settles at the next change. */
  #changed: PromiseWithResolvers<void> | undefined
  /** Readers that wait for the next change. */
  readonly #waits: (() => void)[] = []
  #onWritable: () => void = () => {}
  #onUnread: (early: boolean) => void = () => {}
  /** The bytes ahead of the rest; `undefined`: there may be none. */
  #map: SparseMap | undefined
  #onWanted: OnWanted = () => {}

  constructor(writer: BlobWriter, declaredBytes: number | undefined, options: GrowingBlobOptions = {}) {
    this.#writer = writer
    this.#declaredBytes = declaredBytes
    this.#tailBytes = options.tailBytes ?? defaultTailBytes
  }

  get state(): 'growing' | 'complete' | 'failed' {
    return this.#state
  }

  /** Bytes so far. */
  get sizeBytes(): number {
    return this.#tail.end
  }

  /** Bytes of it that are in memory. */
  get heldBytes(): number {
    return this.sizeBytes - this.#tail.start
  }

  /** The length that the content will have, when it is known. */
  get expectedBytes(): number | undefined {
    return this.#state === 'complete' ? this.sizeBytes : this.#declaredBytes
  }

  /** What went wrong with storing; the content itself goes on. */
  get storeFault(): Fault | undefined {
    return this.#storeFault
  }

  /** Can a new reader still begin at the first byte? Only a relay forgets bytes. */
  get readableFromStart(): boolean {
    return this.#storeFault === undefined || this.#tail.start <= this.#writer.readableBytes
  }

  /** The whole content of a small complete blob that never left memory. */
  get wholeInMemory(): Buffer | undefined {
    if (this.#state !== 'complete' || this.#tail.start > 0 || this.sizeBytes > maxWholeBytes) return undefined
    return this.#tail.whole()
  }

  /** Called when appending may go on after a `false`. */
  onWritable(listener: () => void): void {
    this.#onWritable = listener
  }

  /** Does anybody read it now? */
  get isRead(): boolean {
    return this.#readers.size > 0
  }

  /**
   * Called when nobody reads any more while it grows, with whether the last reader gave up before it had what it wanted;
   * also when the store fails and nobody reads.
   */
  onUnread(listener: (early: boolean) => void): void {
    this.#onUnread = listener
  }

  /** From now on bytes may be there ahead of the rest, as the map says that is answered. */
  makeSparse(onWanted: OnWanted): SparseMap {
    this.#onWanted = onWanted
    this.#map = new SparseMap()
    return this.#map
  }

  get isSparse(): boolean {
    return this.#map !== undefined
  }

  /** Bytes that are there ahead of the rest, in order. */
  get runs(): readonly Run[] {
    return this.#map?.runs ?? []
  }

  /** Bytes that are there, wherever they are. */
  get doneBytes(): number {
    return this.sizeBytes + (this.#map?.byteCount ?? 0)
  }

  /** Takes the bytes before `end`, which are there ahead of the rest, as the next ones. Rejects when the store fails. */
  async absorb(end: number): Promise<void> {
    try {
      await this.#writer.ahead!.absorb(end)
    } catch (error) {
      this.storeFailed(asFault(error))
      throw error
    }
    this.#tail.skipTo(end)
    this.#map!.dropBefore(end)
    this.wake()
  }

  /** Settles with the next change. */
  get changed(): Promise<void> {
    this.#changed ??= Promise.withResolvers<void>()
    return this.#changed.promise
  }

  /** Takes the next bytes, which must not change afterwards. Answers `false` when the origin should pause. */
  append(chunk: Buffer): boolean {
    this.#tail.push(chunk)
    const writable = this.#storeFault === undefined ? this.#write(chunk) : this.#relayable()
    this.#trim()
    this.wake()
    if (!writable) this.#paused = true
    return writable
  }

  /** All bytes are in. */
  complete(): void {
    this.#end('complete')
  }

  /** No more bytes will come. Readers get what is there, then the fault. */
  fail(fault: Fault): void {
    this.#fault = fault
    this.#end('failed')
  }

  /** A new reader, of what comes before `until`. It must be closed. */
  reader(until?: number): ByteSource {
    const reader = new GrowingReader(this, until)
    this.#readers.add(reader)
    return reader
  }

  #end(state: 'complete' | 'failed'): void {
    this.#state = state
    this.wake()
    if (this.#readers.size === 0) this.#writer.endReading()
  }

  #write(chunk: Buffer): boolean {
    if (this.#writer.write(chunk)) return true
    if (!this.#draining) {
      this.#draining = true
      const wait = setTimeout(() => this.#tooSlow(), drainWaitMs).unref()
      this.#writer
        .drained()
        .then(
          () => this.#drained(),
          (error) => this.storeFailed(asFault(error)),
        )
        .finally(() => clearTimeout(wait))
    }
    return false
  }

  /** Without readers the fill can wait for the disk as long as it takes. */
  #tooSlow(): void {
    if (!this.isRead || this.#state !== 'growing') return
    this.storeFailed(new Fault('STORE_IO', `the disk took nothing for ${drainWaitMs} ms`))
  }

  #drained(): void {
    this.#draining = false
    if (this.#storeFault !== undefined) return this.#makeRoom()
    this.#trim()
    this.#resume()
  }

  /** What comes can be stored no more; bytes ahead of the rest are lost. */
  storeFailed(fault: Fault): void {
    if (this.#storeFault !== undefined) return
    this.#storeFault = fault
    this.#map?.clear()
    this.#makeRoom()
    if (this.#state === 'growing' && this.#readers.size === 0) this.#onUnread(true)
  }

  #resume(): void {
    if (!this.#paused) return
    this.#paused = false
    this.#onWritable()
  }

  /** First byte that a relay must hold: the rest was written, or every reader has passed it. */
  #neededFrom(): number {
    return Math.max(this.#readers.position ?? this.sizeBytes, this.#writer.readableBytes)
  }

  #relayable(): boolean {
    return this.sizeBytes - this.#neededFrom() <= this.#tailBytes
  }

  /** A reader of a relay has moved on. */
  #makeRoom(): void {
    this.#trim()
    if (this.#relayable()) this.#resume()
  }

  /** Drops the oldest chunks that can be read back, or in a relay those that no reader needs. */
  #trim(): void {
    const outside = this.sizeBytes - this.#tailBytes
    if (this.#tail.start >= outside) return
    const spare = this.#storeFault === undefined ? this.#writer.readableBytes : this.#neededFrom()
    this.#tail.dropBefore(Math.min(outside, spare))
  }

  /** Something may be there for readers that wait. */
  wake(): void {
    this.#changed?.resolve()
    this.#changed = undefined
    for (const look of this.#waits.splice(0)) look()
  }

  /** For readers: what `next` promises. */
  at(reader: GrowingReader, position: number, limitBytes: number): Buffer | undefined | Promise<Buffer | undefined> {
    if (this.#readers.moved(reader, position) && this.#storeFault !== undefined) this.#makeRoom()
    return this.#bytesAt(reader, position, limitBytes)
  }

  #bytesAt(
    reader: GrowingReader,
    position: number,
    limitBytes: number,
  ): Buffer | undefined | Promise<Buffer | undefined> {
    if (reader.closed) return undefined
    if (position < this.sizeBytes) return this.#there(position, limitBytes)
    if (this.#state === 'complete') return undefined
    if (this.#state === 'failed') return Promise.reject(this.#fault)
    const ahead = this.#map?.covering(position)
    if (ahead !== undefined && position < ahead.end) {
      return this.#writer.read(position, Math.min(limitBytes, ahead.end - position))
    }
    if (this.#map !== undefined) this.#onWanted(position, reader.until)
    return new Promise((resolve) => this.#waits.push(() => resolve(this.#bytesAt(reader, position, limitBytes))))
  }

  #there(position: number, limitBytes: number): Buffer | Promise<Buffer> {
    if (position >= this.#tail.start) return this.#tail.at(position, limitBytes)
    const writtenBytes = this.#writer.readableBytes - position
    if (writtenBytes > 0) return this.#writer.read(position, Math.min(limitBytes, writtenBytes))
    return Promise.reject(this.#storeFault ?? new Fault('STORE_IO', `byte ${position} is gone`))
  }

  /** For readers: a chunk is done with. */
  release(chunk: Buffer): void {
    this.#writer.release(chunk)
  }

  /** For readers: one is gone. */
  leave(reader: GrowingReader, early: boolean): void {
    if (!this.#readers.delete(reader)) return
    if (this.#storeFault !== undefined) this.#makeRoom()
    if (this.#readers.size > 0) return
    if (this.#state === 'growing') this.#onUnread(early)
    else this.#writer.endReading()
  }
}
