import { createHash, randomBytes } from 'node:crypto'
import { constants } from 'node:fs'
import { join } from 'node:path'
import type { Digest } from '../base/digest.ts'
import { Fault } from '../base/faults.ts'
import type { BlobRef, BlobWriter } from './blob-store.ts'
import type { BufferPool } from './buffer-pool.ts'
import type { Disk } from './disk.ts'
import type { FolderSync } from './folder-sync.ts'
import { blobFile, blobFolder, type Layout } from './layout.ts'
import { storeFault } from './store-fault.ts'

/** Bytes waiting to be written, beyond which the producer should pause. */
const maxPendingBytes = 1024 * 1024
const stagingFlags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW
const readFlags = constants.O_RDONLY | constants.O_NOFOLLOW
const privateMode = 0o600

export interface BlobFileParts {
  readonly layout: Layout
  readonly disk: Disk
  readonly pool: BufferPool
  readonly folders: FolderSync
}

/** One ingest into a file: `tmp/<random>`, hashed while writing, then fsync, rename, fsync of the folder (CORRECTNESS section 5). */
export class BlobFileWriter implements BlobWriter {
  readonly #parts: BlobFileParts
  readonly #hash = createHash('sha256')
  #path: string
  #fd: Promise<number> | undefined
  #readFd: Promise<number> | undefined
  #pending: Buffer[] = []
  #pendingBytes = 0
  #writing: Promise<void> | undefined
  #fault: Fault | undefined
  #over = false
  #drained: PromiseWithResolvers<void> | undefined
  acceptedBytes = 0
  readableBytes = 0

  constructor(parts: BlobFileParts) {
    this.#parts = parts
    this.#path = join(parts.layout.staging, randomBytes(16).toString('hex'))
  }

  write(chunk: Buffer): boolean {
    this.acceptedBytes += chunk.length
    if (this.#fault !== undefined || this.#over) return false
    this.#hash.update(chunk)
    this.#pending.push(chunk)
    this.#pendingBytes += chunk.length
    this.#writing ??= this.#writeAll()
    return this.#pendingBytes < maxPendingBytes
  }

  drained(): Promise<void> {
    if (this.#fault !== undefined) return Promise.reject(this.#fault)
    if (this.#pendingBytes < maxPendingBytes) return Promise.resolve()
    this.#drained ??= Promise.withResolvers<void>()
    return this.#drained.promise
  }

  async read(position: number, limitBytes: number): Promise<Buffer> {
    const { disk, pool } = this.#parts
    const target = pool.take(limitBytes)
    try {
      this.#readFd ??= disk.open(this.#path, readFlags)
      const count = await disk.read(await this.#readFd, target, position)
      if (count === 0) throw new Error(`${this.#path} ends before byte ${position}`)
      return target.subarray(0, count)
    } catch (error) {
      pool.give(target)
      throw storeFault(`reading ${this.#path}`, error)
    }
  }

  release(chunk: Buffer): void {
    this.#parts.pool.give(chunk)
  }

  endReading(): void {
    const fd = this.#readFd
    this.#readFd = undefined
    fd?.then((open) => this.#parts.disk.close(open)).catch(() => undefined)
  }

  digestAtHand(): undefined {}

  async commit(expected: { readonly sizeBytes?: number; readonly digest?: Digest } = {}): Promise<BlobRef> {
    try {
      await this.#writing
      if (this.#fault !== undefined) throw this.#fault
      const digest = this.#verified(expected)
      await this.#publish(digest)
      return { digest, sizeBytes: this.acceptedBytes }
    } catch (error) {
      await this.abort()
      throw storeFault(`storing ${this.#path}`, error)
    }
  }

  async abort(): Promise<void> {
    if (this.#over) return
    this.#over = true
    const { disk } = this.#parts
    await this.#writing
    if (this.#fd === undefined) return
    // What fails here leaves a staging file, which the next start sweeps.
    await this.#fd.then((fd) => disk.close(fd)).catch(() => undefined)
    await disk.unlink(this.#path).catch(() => undefined)
  }

  #verified(expected: { readonly sizeBytes?: number; readonly digest?: Digest }): Digest {
    const digest = this.#hash.digest('hex') as Digest
    if (expected.sizeBytes !== undefined && expected.sizeBytes !== this.acceptedBytes) {
      throw new Fault('ORIGIN_TRUNCATED', `${this.acceptedBytes} bytes came, ${expected.sizeBytes} were announced`)
    }
    if (expected.digest !== undefined && expected.digest !== digest) {
      throw new Fault('CONTENT_DIGEST_MISMATCH', `the content is sha256-${digest}, not sha256-${expected.digest}`)
    }
    return digest
  }

  async #publish(digest: Digest): Promise<void> {
    const { disk, layout, folders } = this.#parts
    this.#fd ??= this.#open()
    const fd = await this.#fd
    await disk.fsync(fd)
    this.#fd = undefined
    await disk.close(fd)
    const file = blobFile(layout, digest)
    await disk.rename(this.#path, file)
    this.#path = file
    this.#over = true
    await folders.sync(blobFolder(layout, digest))
  }

  #open(): Promise<number> {
    return this.#parts.disk.open(this.#path, stagingFlags, privateMode)
  }

  /** Never rejects: the fault is kept for `drained` and `commit`. */
  async #writeAll(): Promise<void> {
    try {
      this.#fd ??= this.#open()
      const fd = await this.#fd
      while (this.#pending.length > 0 && !this.#over) await this.#writeSome(fd)
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
