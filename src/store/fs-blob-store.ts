import { constants } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { type Digest, parseDigest } from '../base/digest.ts'
import { type BlobFileParts, BlobFileWriter } from './blob-file-writer.ts'
import type { BlobRef, BlobStore, BlobWriter, ByteSource } from './blob-store.ts'
import { BufferPool } from './buffer-pool.ts'
import { type Disk, systemDisk } from './disk.ts'
import { FolderSync } from './folder-sync.ts'
import { blobFile, fanOut, type Layout } from './layout.ts'
import { storeFault } from './store-fault.ts'

const readFlags = constants.O_RDONLY | constants.O_NOFOLLOW

/** Blobs as files in a folder that `prepareFolder` made. */
export function createFsBlobStore(layout: Layout, disk: Disk = systemDisk): BlobStore {
  return new FsBlobStore({ layout, disk, pool: new BufferPool(), folders: new FolderSync(disk) })
}

class FsBlobStore implements BlobStore {
  readonly #parts: BlobFileParts

  constructor(parts: BlobFileParts) {
    this.#parts = parts
  }

  create(): BlobWriter {
    return new BlobFileWriter(this.#parts)
  }

  async open(ref: BlobRef): Promise<ByteSource | undefined> {
    const { disk, layout, pool } = this.#parts
    const path = blobFile(layout, ref.digest)
    try {
      const fd = await disk.open(path, readFlags)
      if ((await disk.size(fd)) === ref.sizeBytes) return new BlobFileSource(disk, pool, fd, ref.sizeBytes, path)
      await disk.close(fd)
    } catch (error) {
      if (isAbsent(error)) return undefined
      throw storeFault(`reading ${path}`, error)
    }
    // Not the size that was committed: damaged, and better fetched again.
    await this.delete(ref.digest)
    return undefined
  }

  async has(digest: Digest): Promise<boolean> {
    const { disk, layout } = this.#parts
    try {
      await disk.close(await disk.open(blobFile(layout, digest), readFlags))
      return true
    } catch (error) {
      if (isAbsent(error)) return false
      throw storeFault(`looking for sha256-${digest}`, error)
    }
  }

  async delete(digest: Digest): Promise<boolean> {
    try {
      await this.#parts.disk.unlink(blobFile(this.#parts.layout, digest))
      return true
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false
      throw storeFault(`removing sha256-${digest}`, error)
    }
  }

  async *list(): AsyncIterable<BlobRef> {
    const { disk, layout } = this.#parts
    for (const folder of fanOut()) {
      for (const name of await readdir(join(layout.blobs, folder))) {
        const digest = parseDigest(name)
        if (digest === undefined || !name.startsWith(folder)) continue
        const fd = await disk.open(blobFile(layout, digest), readFlags).catch(() => undefined)
        if (fd === undefined) continue
        const sizeBytes = await disk.size(fd)
        await disk.close(fd)
        if (sizeBytes >= 0) yield { digest, sizeBytes }
      }
    }
  }

  async close(): Promise<void> {}
}

/** Gone, or a symbolic link where a blob should be: either way there is no blob. */
function isAbsent(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException
  return code === 'ENOENT' || code === 'ELOOP'
}

class BlobFileSource implements ByteSource {
  readonly #disk: Disk
  readonly #pool: BufferPool
  readonly #fd: number
  readonly #path: string
  readonly sizeBytes: number
  #closed = false

  constructor(disk: Disk, pool: BufferPool, fd: number, sizeBytes: number, path: string) {
    this.#disk = disk
    this.#pool = pool
    this.#fd = fd
    this.sizeBytes = sizeBytes
    this.#path = path
    pool.readerCount += 1
  }

  next(position: number, limitBytes: number): undefined | Promise<Buffer> {
    if (position >= this.sizeBytes) return undefined
    return this.#read(position, Math.min(limitBytes, this.sizeBytes - position))
  }

  release(chunk: Buffer): void {
    this.#pool.give(chunk)
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#pool.readerCount -= 1
    this.#disk.close(this.#fd).catch(() => undefined)
  }

  async #read(position: number, limitBytes: number): Promise<Buffer> {
    const target = this.#pool.take(limitBytes)
    try {
      const count = await this.#disk.read(this.#fd, target, position)
      if (count === 0) throw new Error(`ends before byte ${position}`)
      return target.subarray(0, count)
    } catch (error) {
      this.#pool.give(target)
      throw storeFault(`reading ${this.#path}`, error)
    }
  }
}
