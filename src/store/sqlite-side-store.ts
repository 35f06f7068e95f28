import { hash } from 'node:crypto'
import type { Digest } from '../base/digest.ts'
import type { ChunkSums } from './chunk-sums.ts'
import { type Disk, systemDisk } from './disk.ts'
import type { Checkpointer } from './sqlite-checkpointer.ts'
import type { Prepared } from './sqlite-file.ts'
import { SqliteGroupCommit } from './sqlite-group-commit.ts'

const schema = `
  CREATE TABLE IF NOT EXISTS sums (digest BLOB PRIMARY KEY, sums BLOB NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS record (id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, value TEXT NOT NULL, proof BLOB NOT NULL) STRICT`
/**
 * What is kept here is written so much later, all of it together, or as soon as there is so much: nobody waits for it. Held for longer,
 * it would outlive the garbage collector's young generation, at a cost to every miss.
 */
const flushMs = 50
const flushCount = 200
const pageCount = 200
const proofBytes = 16

/**
 * What stands beside the blobs, in a file of its own: the sums of their chunks, and a copy of each record of the index, with a proof
 * that it is whole, so that a lost index is made again. Written behind: sums follow from the blobs, and copies from the index, so
 * what a crash takes from here is made again too.
 */
export class SqliteSideStore implements ChunkSums {
  readonly #commits: SqliteGroupCommit
  readonly #selectSums: Prepared
  readonly #page: Prepared
  readonly #writes: {
    readonly putSums: Prepared
    readonly removeSums: Prepared
    readonly putRecord: Prepared
    readonly removeRecord: Prepared
  }
  /** Sums that are not on the disk yet, and of them those that no write has begun with; `undefined`: gone. */
  readonly #sums = new Map<Digest, Buffer | undefined>()
  #newSums = new Map<Digest, Buffer | undefined>()
  #newRecords = new Map<string, string | undefined>()
  #timer: NodeJS.Timeout | undefined
  #flushing: Promise<unknown> = Promise.resolve()
  readonly #onFault: (error: unknown) => void

  constructor(
    path: string,
    checkpointer: Checkpointer,
    onFault: (error: unknown) => void,
    disk: Disk = systemDisk,
    maxLogBytes?: number,
  ) {
    this.#commits = new SqliteGroupCommit(path, schema, checkpointer, { disk, maxLogBytes, syncs: false })
    this.#onFault = onFault
    this.#selectSums = this.#commits.prepare('SELECT sums FROM sums WHERE digest = ?')
    this.#page = this.#commits.prepare('SELECT id, key, value, proof FROM record WHERE id > ? ORDER BY id LIMIT ?')
    this.#writes = {
      putSums: this.#commits.prepare('INSERT OR REPLACE INTO sums (digest, sums) VALUES (?, ?)'),
      removeSums: this.#commits.prepare('DELETE FROM sums WHERE digest = ?'),
      putRecord: this.#commits.prepare(
        'INSERT INTO record (key, value, proof) VALUES (?1, ?2, ?3) ON CONFLICT (key) DO UPDATE SET value = ?2, proof = ?3',
      ),
      removeRecord: this.#commits.prepare('DELETE FROM record WHERE key = ?'),
    }
  }

  /** What the file takes, and gives back. */
  get room(): SqliteGroupCommit {
    return this.#commits
  }

  /** As `SqliteGroupCommit.heal`. */
  heal(): Promise<void> {
    return this.#commits.heal()
  }

  /** As `SqliteGroupCommit.fileCount`. */
  get fileCount(): number {
    return this.#commits.fileCount
  }

  /** As `SqliteGroupCommit.asideAs`. */
  get asideAs(): string | undefined {
    return this.#commits.asideAs
  }

  get(digest: Digest): Uint8Array | undefined {
    if (this.#sums.has(digest)) return this.#sums.get(digest)
    try {
      return (this.#selectSums.get(Buffer.from(digest, 'hex')) as { sums: Uint8Array } | undefined)?.sums
    } catch (error) {
      // Without sums a blob is hashed whole.
      this.#onFault(error)
      return undefined
    }
  }

  put(digest: Digest, sums: Buffer): void {
    this.#setSums(digest, sums)
  }

  delete(digest: Digest): void {
    this.#setSums(digest, undefined)
  }

  /** Keeps the copy of a record of the index; `undefined`: it is gone. */
  keep(key: string, value: string | undefined): void {
    this.#newRecords.set(key, value)
    this.#flushLater()
  }

  get hasRecords(): boolean {
    return this.#page.all(0, 1).length > 0
  }

  /** Every copy that is as it was written. */
  *records(): Iterable<readonly [key: string, value: string]> {
    for (let last = 0; ; ) {
      const rows = this.#page.all(last, pageCount) as { id: number; key: string; value: string; proof: Uint8Array }[]
      if (rows.length === 0) return
      for (const { id, key, value, proof } of rows) {
        last = id
        if (proofOf(key, value).equals(proof)) yield [key, value]
      }
    }
  }

  /** Resolves when everything so far is written. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#flushing = Promise.all([this.#flushing, this.#write()])
    await this.#flushing
  }

  async close(): Promise<void> {
    await this.flush()
    await this.#commits.close()
  }

  #setSums(digest: Digest, sums: Buffer | undefined): void {
    this.#sums.set(digest, sums)
    this.#newSums.set(digest, sums)
    this.#flushLater()
  }

  #flushLater(): void {
    if (this.#newSums.size + this.#newRecords.size >= flushCount) void this.flush()
    else this.#timer ??= setTimeout(() => void this.flush(), flushMs)
  }

  /** Never rejects. */
  async #write(): Promise<void> {
    const [sums, records] = [this.#newSums, this.#newRecords]
    this.#newSums = new Map()
    this.#newRecords = new Map()
    const done = new Set<Promise<void>>()
    for (const [digest, made] of sums) done.add(this.#commits.enqueue(() => this.#writeSums(digest, made)))
    for (const [key, value] of records) {
      done.add(this.#commits.enqueue(() => this.#writeRecord(key, value), value?.length))
    }
    const failed = (await Promise.allSettled(done)).find((one) => one.status === 'rejected')
    for (const [digest, made] of sums) if (this.#sums.get(digest) === made) this.#sums.delete(digest)
    if (failed !== undefined) this.#onFault(failed.reason)
  }

  #writeSums(digest: Digest, sums: Buffer | undefined): void {
    const name = Buffer.from(digest, 'hex')
    if (sums === undefined) this.#writes.removeSums.run(name)
    else this.#writes.putSums.run(name, sums)
  }

  #writeRecord(key: string, value: string | undefined): void {
    if (value === undefined) this.#writes.removeRecord.run(key)
    else this.#writes.putRecord.run(key, value, proofOf(key, value))
  }
}

/** That a copy is as it was written. */
export function proofOf(key: string, value: string): Buffer {
  return hash('sha256', `${key}\0${value}`, 'buffer').subarray(0, proofBytes)
}
