import { existsSync, statSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type Digest, parseDigest } from '../base/digest.ts'
import type { BlobDamage } from '../base/events.ts'
import { asFault } from '../base/faults.ts'
import { type BlobFileParts, BlobFileWriter } from './blob-file-writer.ts'
import type { BlobRef, BlobStore, BlobWriter, ByteSource } from './blob-store.ts'
import { BufferPool } from './buffer-pool.ts'
import { CheckedFile } from './checked-file.ts'
import { type ChunkCheck, ChunkChecks } from './chunk-checks.ts'
import { type ChunkSums, sumBytes, sumCountOf, sumsInMemory } from './chunk-sums.ts'
import { type Disk, type FileFacts, systemDisk } from './disk.ts'
import { damageOf, type Owners } from './file-facts.ts'
import { FolderSync } from './folder-sync.ts'
import { blobFile, fanOut, type Layout } from './layout.ts'
import { OpenFile, readFlags } from './open-file.ts'
import { Quarantine } from './quarantine.ts'
import { storeFault } from './store-fault.ts'
import type { Suspects } from './suspects.ts'
import { type Pace, type Verdict, type VerifiableBlobs, wholeSums } from './verifiable-blobs.ts'

/** A suspect up to this size is hashed whole before its first byte leaves; of a larger one each chunk is, before it leaves. */
const maxSuspectBytes = 64 * 1024 * 1024

export interface FsBlobStoreOptions {
  readonly disk?: Disk
  readonly sums?: ChunkSums
  readonly quarantine?: Quarantine
  /** Files that may not have survived an unclean stop. */
  readonly suspects?: Suspects
  /** As `BlobFileParts.claim`. */
  readonly claim?: BlobFileParts['claim']
}

/** Blobs as files in a folder that `prepareFolder` made. */
export function createFsBlobStore(layout: Layout, options: FsBlobStoreOptions = {}): FsBlobStore {
  return new FsBlobStore(layout, options)
}

interface Opened {
  readonly fd: number
  readonly facts: FileFacts
}

export class FsBlobStore implements BlobStore, VerifiableBlobs {
  readonly #parts: BlobFileParts
  readonly #quarantine: Quarantine
  readonly #suspects: Suspects | undefined
  readonly #checks = new ChunkChecks()
  readonly #owners: Owners
  readonly #wholeChecks = new Map<Digest, Promise<ChunkCheck | undefined>>()

  constructor(layout: Layout, options: FsBlobStoreOptions) {
    const { disk = systemDisk, sums = sumsInMemory(), quarantine = new Quarantine(layout), suspects } = options
    const { claim = () => undefined } = options
    this.#parts = { layout, disk, pool: new BufferPool(), folders: new FolderSync(disk), sums, claim }
    this.#quarantine = quarantine
    this.#suspects = suspects
    this.#owners = new Set([0, process.geteuid?.() ?? 0, statSync(layout.root).uid])
  }

  create(_sizeBytes?: number): BlobWriter {
    return new BlobFileWriter(this.#parts)
  }

  async open(ref: BlobRef): Promise<ByteSource | undefined> {
    const { digest, sizeBytes } = ref
    const found = await this.#openSound(digest, sizeBytes)
    if (found === undefined) return undefined
    const { disk, pool, layout } = this.#parts
    const { fd, facts } = found
    const file = new OpenFile(disk, pool, fd, blobFile(layout, digest))
    if (this.#checks.of(digest, facts)?.isDamaged === true) {
      // It is about to be set aside.
      file.close()
      return undefined
    }
    try {
      const check = this.#checkOf(digest, facts) ?? (await this.#checkShared(digest, facts, file))
      if (check !== undefined) return this.#source(digest, file, check, facts)
    } catch (error) {
      file.close()
      throw error
    }
    file.close()
    return undefined
  }

  #source(digest: Digest, file: OpenFile, check: ChunkCheck, facts: FileFacts): ByteSource {
    const { pool, sums } = this.#parts
    const onDamaged = (reason: string): void => {
      if (check.isDamaged) return
      check.isDamaged = true
      // Remembered until the file in its place is another.
      void this.#setAside(digest, 'content', reason, facts.inode)
    }
    return new BlobFileSource(
      new CheckedFile({ file, pool, check, name: `sha256-${digest}`, onDamaged }),
      pool,
      facts.sizeBytes,
      () => check.sums ?? sums.get(digest),
    )
  }

  /** What is known of the file's chunks; `undefined`: it must be hashed whole first. */
  #checkOf(digest: Digest, facts: FileFacts): ChunkCheck | undefined {
    const known = this.#checks.of(digest, facts)
    if (known !== undefined) return known
    const sums = this.#parts.sums.get(digest)
    if (sums?.length !== sumCountOf(facts.sizeBytes) * sumBytes) return undefined
    if (facts.sizeBytes <= maxSuspectBytes && this.#suspects?.includes(facts.changedAtNs) === true) return undefined
    return this.#checks.begin(digest, facts, sums)
  }

  /** Those who open a blob while it is hashed whole wait for the same check. */
  async #checkShared(digest: Digest, facts: FileFacts, file: OpenFile): Promise<ChunkCheck | undefined> {
    const underWay = this.#wholeChecks.get(digest)
    if (underWay !== undefined) {
      if ((await underWay) === undefined) return undefined
      const known = this.#checks.of(digest, facts)
      if (known !== undefined) return known
    }
    const checking = this.#checkWhole(digest, facts, file, undefined)
    this.#wholeChecks.set(digest, checking)
    const over = (): void => void (this.#wholeChecks.get(digest) === checking && this.#wholeChecks.delete(digest))
    checking.then(over, over)
    return checking
  }

  /** `undefined`: the content is damaged, and has been set aside. */
  async #checkWhole(
    digest: Digest,
    facts: FileFacts,
    file: OpenFile,
    pace: Pace | undefined,
  ): Promise<ChunkCheck | undefined> {
    const found = await wholeSums(file, this.#parts.pool, facts.sizeBytes, pace)
    if (found.digest !== digest) {
      await this.#setAside(digest, 'content', `its content is sha256-${found.digest}`, facts.inode)
      return undefined
    }
    this.#parts.sums.put(digest, found.sums)
    return this.#checks.begin(digest, facts, undefined)
  }

  async verify(digest: Digest, pace: Pace): Promise<Verdict> {
    const found = await this.#open(digest)
    if (found === undefined) return 'absent'
    const { disk, pool, layout } = this.#parts
    if (found === 'damaged' || !(await this.#isFit(digest, undefined, found))) return 'damaged'
    const file = new OpenFile(disk, pool, found.fd, blobFile(layout, digest))
    try {
      return (await this.#checkWhole(digest, found.facts, file, pace)) === undefined ? 'damaged' : 'sound'
    } catch (error) {
      const { code } = asFault(error)
      // Where one file cannot be read while its facts can, the disk has lost that file.
      if (code !== 'STORE_IO') throw error
      await this.#setAside(digest, 'content', asFault(error).message, found.facts.inode)
      return 'damaged'
    } finally {
      file.close()
    }
  }

  /** Opens the file of a blob if it is one that we wrote; anything else in its place is set aside. */
  async #openSound(digest: Digest, sizeBytes: number | undefined): Promise<Opened | undefined> {
    const found = await this.#open(digest)
    if (found === undefined || found === 'damaged') return undefined
    return (await this.#isFit(digest, sizeBytes, found)) ? found : undefined
  }

  async #isFit(digest: Digest, sizeBytes: number | undefined, { fd, facts }: Opened): Promise<boolean> {
    const damage = damageOf(facts, sizeBytes, this.#owners)
    if (damage === undefined) return true
    await this.#parts.disk.close(fd)
    await this.#setAside(digest, ...damage, facts.inode)
    return false
  }

  async #open(digest: Digest): Promise<Opened | 'damaged' | undefined> {
    const { disk, layout } = this.#parts
    const path = blobFile(layout, digest)
    let fd: number | undefined
    try {
      fd = await disk.open(path, readFlags)
      return { fd, facts: await disk.facts(fd) }
    } catch (error) {
      if (fd !== undefined) await disk.close(fd).catch(() => undefined)
      const { code = '' } = error as NodeJS.ErrnoException
      // Without its folder nothing is known of it.
      if (code === 'ENOENT' && existsSync(dirname(path))) return undefined
      const damage = unfit[code]
      if (damage === undefined) throw storeFault(`reading ${path}`, error)
      await this.#setAside(digest, ...damage)
      return 'damaged'
    }
  }

  #setAside(digest: Digest, damage: BlobDamage, detail: string, inode?: bigint): Promise<void> {
    this.#parts.sums.delete(digest)
    return this.#quarantine.file(blobFile(this.#parts.layout, digest), { digest, damage, detail }, inode)
  }

  async has(digest: Digest): Promise<boolean> {
    return (await this.#sizeOf(digest)) !== undefined
  }

  async delete(digest: Digest): Promise<boolean> {
    this.#checks.forget(digest)
    try {
      await this.#parts.disk.unlink(blobFile(this.#parts.layout, digest))
      this.#parts.sums.delete(digest)
      return true
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false
      throw storeFault(`removing sha256-${digest}`, error)
    }
  }

  async *list(): AsyncIterable<BlobRef> {
    for await (const digest of this.names(undefined)) {
      const sizeBytes = await this.#sizeOf(digest)
      if (sizeBytes !== undefined) yield { digest, sizeBytes }
    }
  }

  async *names(after: Digest | undefined): AsyncIterable<Digest> {
    for (const folder of fanOut()) {
      if (after !== undefined && folder < after.slice(0, 2)) continue
      for (const name of (await readdir(join(this.#parts.layout.blobs, folder))).sort()) {
        const digest = parseDigest(name)
        if (digest === undefined || !name.startsWith(folder)) continue
        if (after === undefined || digest > after) yield digest
      }
    }
  }

  /** `undefined`: there is no file that could be a blob's. */
  async #sizeOf(digest: Digest): Promise<number | undefined> {
    const { disk, layout } = this.#parts
    const path = blobFile(layout, digest)
    let fd: number | undefined
    try {
      fd = await disk.open(path, readFlags)
      const { isFile, sizeBytes } = await disk.facts(fd)
      return isFile ? sizeBytes : undefined
    } catch (error) {
      const { code = '' } = error as NodeJS.ErrnoException
      if (code === 'ENOENT' || Object.hasOwn(unfit, code)) return undefined
      throw storeFault(`reading ${path}`, error)
    } finally {
      if (fd !== undefined) await disk.close(fd)
    }
  }

  async close(): Promise<void> {}
}

/** What stands in a blob's place when opening says so: a symbolic link, a socket or a device, a file that may not be read. */
const unfit: Readonly<Record<string, [BlobDamage, string]>> = {
  ELOOP: ['kind', 'a symbolic link'],
  ENXIO: ['kind', 'not a regular file'],
  ENODEV: ['kind', 'not a regular file'],
  EACCES: ['access', 'may not be read'],
}

class BlobFileSource implements ByteSource {
  readonly #file: CheckedFile
  readonly #pool: BufferPool
  readonly sizeBytes: number
  readonly sums: () => Uint8Array | undefined

  constructor(file: CheckedFile, pool: BufferPool, sizeBytes: number, sums: () => Uint8Array | undefined) {
    this.sums = sums
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
