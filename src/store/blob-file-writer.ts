import { randomBytes } from 'node:crypto'
import { constants } from 'node:fs'
import type { Digest } from '../base/digest.ts'
import { Fault } from '../base/faults.ts'
import type { AheadWriter, RunListener, RunWriter } from './ahead-writer.ts'
import type { BlobRef, BlobWriter } from './blob-store.ts'
import type { BufferPool } from './buffer-pool.ts'
import { ChunkHash, type ChunkSums } from './chunk-sums.ts'
import type { Disk } from './disk.ts'
import { checkContent, type ExpectedContent } from './expected-content.ts'
import { FileRun } from './file-run.ts'
import type { FolderSync } from './folder-sync.ts'
import { blobFile, blobFolder, type Layout, stagingFile } from './layout.ts'
import { OpenFile, readFlags } from './open-file.ts'
import { storeFault } from './store-fault.ts'

/** Bytes waiting to be written, beyond which the producer should pause. */
const maxPendingBytes = 1024 * 1024
/** Bytes read back at a time. */
const absorbBytes = 256 * 1024
const stagingFlags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW
const privateMode = 0o600

export interface BlobFileParts {
  readonly layout: Layout
  readonly disk: Disk
  readonly pool: BufferPool
  readonly folders: FolderSync
  readonly sums: ChunkSums
  /** A blob is about to get its name; resolves when none of that name is being deleted. */
  readonly claim?: (digest: Digest) => Promise<void> | undefined
}

/** One ingest into a file: `tmp/<random>`, hashed while writing, then fsync, rename, fsync of the folder (CORRECTNESS section 5). */
export class BlobFileWriter implements BlobWriter, AheadWriter {
  readonly #parts: BlobFileParts
  readonly #hash = new ChunkHash()
  #path: string
  /** Open for writing; `undefined` before the first write and after the last. */
  #fd: Promise<number> | undefined
  #reading: Promise<OpenFile> | undefined
  #readingEnded = false
  /** The file is about to lose its name: a reader needs it open before. */
  #renaming = false
  #pending: Buffer[] = []
  #pendingBytes = 0
  #writing: Promise<void> | undefined
  #fault: Fault | undefined
  #over = false
  /** There may be a staging file. */
  #created = false
  #drained: PromiseWithResolvers<void> | undefined
  /** Made for the first run ahead. */
  #runs: FileRun[] | undefined
  acceptedBytes = 0
  readableBytes = 0

  constructor(parts: BlobFileParts) {
    this.#parts = parts
    this.#path = stagingFile(parts.layout, randomBytes(16).toString('hex'))
  }

  write(chunk: Buffer): boolean {
    if (this.#fault !== undefined || this.#over) return false
    this.acceptedBytes += chunk.length
    this.#hash.update(chunk)
    this.#pending.push(chunk)
    this.#pendingBytes += chunk.length
    this.#writing ??= this.#writeAll()
    return this.#pendingBytes < maxPendingBytes
  }

  drained(): Promise<void> {
    if (this.#fault !== undefined) return Promise.reject(this.#fault)
    if (this.#over) return Promise.reject(ended())
    if (this.#pendingBytes < maxPendingBytes) return Promise.resolve()
    this.#drained ??= Promise.withResolvers<void>()
    return this.#drained.promise
  }

  async read(position: number, limitBytes: number): Promise<Buffer> {
    this.#readingEnded = false
    return (await this.#openForReading()).read(position, limitBytes)
  }

  release(chunk: Buffer): void {
    this.#parts.pool.give(chunk)
  }

  endReading(): void {
    this.#readingEnded = true
    if (!this.#renaming) this.#closeReading()
  }

  digestAtHand(): undefined {}

  get ahead(): AheadWriter {
    return this
  }

  begin(first: number, listener: RunListener): RunWriter {
    const open = (): Promise<number> => (this.#fd ??= this.#create())
    const run = new FileRun({ disk: this.#parts.disk, path: this.#path, open, listener }, first)
    this.#runs ??= []
    this.#runs.push(run)
    if (this.#over) void run.end()
    return run
  }

  async absorb(end: number): Promise<void> {
    await this.#writing
    while (this.acceptedBytes < end) {
      if (this.#fault !== undefined || this.#over) throw this.#fault ?? ended()
      const chunk = await this.read(this.acceptedBytes, Math.min(absorbBytes, end - this.acceptedBytes))
      this.#hash.update(chunk)
      this.acceptedBytes += chunk.length
      this.readableBytes = this.acceptedBytes
      this.release(chunk)
    }
  }

  async commit(expected: ExpectedContent = {}): Promise<BlobRef> {
    if (this.#over) throw ended()
    this.#over = true
    try {
      await this.#settled()
      if (this.#fault !== undefined) throw this.#fault
      const { digest, sums } = this.#hash.end()
      checkContent(expected, this.acceptedBytes, digest)
      await this.#publish(digest)
      this.#parts.sums.put(digest, sums)
      return { digest, sizeBytes: this.acceptedBytes }
    } catch (error) {
      await this.#discard()
      throw storeFault(`storing ${this.#path}`, error)
    }
  }

  async abort(): Promise<void> {
    if (this.#over) return
    this.#over = true
    await this.#settled()
    await this.#discard()
  }

  async #settled(): Promise<void> {
    await this.#writing
    for (const run of this.#runs ?? []) await run.end()
  }

  /** The order is that of CORRECTNESS section 5; a failed fsync or close is never repeated (T05). */
  async #publish(digest: Digest): Promise<void> {
    const { disk, layout, folders } = this.#parts
    const fd = await (this.#fd ??= this.#create())
    // Of what runs have written ahead only what was absorbed belongs to the blob.
    if (this.#runs !== undefined) await disk.truncate(fd, this.acceptedBytes)
    await disk.fsync(fd)
    this.#fd = undefined
    await disk.close(fd)
    const file = blobFile(layout, digest)
    await this.#parts.claim?.(digest)
    await this.#whileReadable(async () => {
      await disk.rename(this.#path, file)
      this.#path = file
    })
    await folders.sync(blobFolder(layout, digest))
  }

  /** What fails here leaves a staging file, which the next start sweeps. */
  async #discard(): Promise<void> {
    const { disk } = this.#parts
    const fd = this.#fd
    this.#fd = undefined
    await fd?.then((open) => disk.close(open)).catch(() => undefined)
    if (!this.#created) return
    await this.#whileReadable(() => disk.unlink(this.#path)).catch(() => undefined)
  }

  /** Takes the file's name away. Readers, who may come at any time until `endReading`, keep it open. */
  async #whileReadable(rename: () => Promise<void>): Promise<void> {
    this.#renaming = true
    try {
      // Should this fail, so will the readers; the content itself is not at stake.
      if (this.readableBytes > 0) await this.#openForReading().catch(() => undefined)
      await rename()
    } finally {
      this.#renaming = false
      if (this.#readingEnded) this.#closeReading()
    }
  }

  #closeReading(): void {
    const reading = this.#reading
    this.#reading = undefined
    reading?.then((file) => file.close()).catch(() => undefined)
  }

  #openForReading(): Promise<OpenFile> {
    const { disk, pool } = this.#parts
    this.#reading ??= disk.open(this.#path, readFlags).then((fd) => new OpenFile(disk, pool, fd, this.#path))
    return this.#reading
  }

  #create(): Promise<number> {
    this.#created = true
    return this.#parts.disk.open(this.#path, stagingFlags, privateMode)
  }

  /** Never rejects: the fault is kept for `drained` and `commit`. */
  async #writeAll(): Promise<void> {
    try {
      const fd = await (this.#fd ??= this.#create())
      while (this.#pending.length > 0) await this.#writeSome(fd)
    } catch (error) {
      this.#fault = storeFault(`writing ${this.#path}`, error)
      this.#pending = []
      this.#drained?.reject(this.#fault)
    }
    this.#writing = undefined
  }

  async #writeSome(fd: number): Promise<void> {
    const buffers = this.#pending
    this.#pending = []
    while (buffers.length > 0) {
      let count = await this.#parts.disk.writev(fd, buffers, this.readableBytes)
      if (count === 0 && buffers[0]!.length > 0) throw new Error('nothing was written')
      this.readableBytes += count
      this.#pendingBytes -= count
      // A short write: what is left of a buffer is written again.
      while (buffers.length > 0 && count >= buffers[0]!.length) count -= buffers.shift()!.length
      if (count > 0) buffers[0] = buffers[0]!.subarray(count)
    }
    if (this.#pendingBytes < maxPendingBytes) {
      this.#drained?.resolve()
      this.#drained = undefined
    }
  }
}

function ended(): Fault {
  return new Fault('STORE_IO', 'the ingest is over')
}
