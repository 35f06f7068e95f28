import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { type Digest, parseDigest } from '../base/digest.ts'
import { type BlobFileParts, BlobFileWriter } from './blob-file-writer.ts'
import type { BlobRef, BlobStore, BlobWriter, ByteSource } from './blob-store.ts'
import { BufferPool } from './buffer-pool.ts'
import { type Disk, systemDisk } from './disk.ts'
import { FolderSync } from './folder-sync.ts'
import { blobFile, fanOut, type Layout } from './layout.ts'
import { OpenFile, readFlags } from './open-file.ts'
import { storeFault } from './store-fault.ts'

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
    const found = await this.#openFile(path)
    if (found === undefined) return undefined
    const file = new OpenFile(disk, pool, found.fd, path)
    if (found.sizeBytes === ref.sizeBytes) return new BlobFileSource(file, pool, ref.sizeBytes)
    file.close()
    // Not the size that was committed: damaged, and better fetched again.
    await this.delete(ref.digest)
    return undefined
  }

  /** `undefined`: there is no such file, or it is none that we wrote. */
  async #openFile(path: string): Promise<{ readonly fd: number; readonly sizeBytes: number } | undefined> {
    const { disk } = this.#parts
    let fd: number | undefined
    try {
      fd = await disk.open(path, readFlags)
      return { fd, sizeBytes: await disk.size(fd) }
    } catch (error) {
      if (fd !== undefined) await disk.close(fd).catch(() => undefined)
      if (isAbsent(error)) return undefined
      throw storeFault(`reading ${path}`, error)
    }
  }

  async has(digest: Digest): Promise<boolean> {
    return (await this.#sizeOf(digest)) !== undefined
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
    for (const folder of fanOut()) {
      for (const name of await readdir(join(this.#parts.layout.blobs, folder))) {
        const digest = parseDigest(name)
        if (digest === undefined || !name.startsWith(folder)) continue
        const sizeBytes = await this.#sizeOf(digest)
        if (sizeBytes !== undefined) yield { digest, sizeBytes }
      }
    }
  }

  async #sizeOf(digest: Digest): Promise<number | undefined> {
    const found = await this.#openFile(blobFile(this.#parts.layout, digest))
    if (found === undefined) return undefined
    await this.#parts.disk.close(found.fd)
    return found.sizeBytes >= 0 ? found.sizeBytes : undefined
  }

  async close(): Promise<void> {}
}

/** Gone, or a symbolic link where a blob should be: either way there is no blob. */
function isAbsent(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException
  return code === 'ENOENT' || code === 'ELOOP'
}

class BlobFileSource implements ByteSource {
  readonly #file: OpenFile
  readonly #pool: BufferPool
  readonly sizeBytes: number

  constructor(file: OpenFile, pool: BufferPool, sizeBytes: number) {
    this.#file = file
    this.#pool = pool
    this.sizeBytes = sizeBytes
  }

  next(position: number, limitBytes: number): undefined | Promise<Buffer> {
    if (position >= this.sizeBytes) return undefined
    return this.#file.read(position, Math.min(limitBytes, this.sizeBytes - position))
  }

  release(chunk: Buffer): void {
    this.#pool.give(chunk)
  }

  close(): void {
    this.#file.close()
  }
}
