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
/** What is kept here is written so much later, all of it together: nobody waits for it. */
const flushMs = 1_000
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
  #sums = new Map<Digest, Buffer | undefined>()
  #records = new Map<string, string | undefined>()
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
    this.#commits = new SqliteGroupCommit(path, schema, checkpointer, disk, maxLogBytes)
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
    this.#sums.set(digest, sums)
    this.#flushLater()
  }

  delete(digest: Digest): void {
    this.#sums.set(digest, undefined)
    this.#flushLater()
  }

  /** Keeps the copy of a record of the index; `undefined`: it is gone. */
  keep(key: string, value: string | undefined): void {
    this.#records.set(key, value)
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

  /** Resolves when everything so far is on the disk. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#flushing = this.#write(this.#takeWrites())
    await this.#flushing
  }

  async close(): Promise<void> {
    await this.#flushing
    await this.flush()
    await this.#commits.close()
  }

  #flushLater(): void {
    this.#timer ??= setTimeout(() => void this.flush(), flushMs)
  }

  #takeWrites(): (() => void)[] {
    const { putSums, removeSums, putRecord, removeRecord } = this.#writes
    const [sums, records] = [this.#sums, this.#records]
    const writes: (() => void)[] = []
    for (const [digest, made] of sums) {
      const name = Buffer.from(digest, 'hex')
      writes.push(() => (made === undefined ? removeSums.run(name) : putSums.run(name, made)))
      // What is not on the disk yet is still known.
      writes.push(() => this.#sums.get(digest) === made && this.#sums.delete(digest))
    }
    this.#records = new Map()
    for (const [key, value] of records) {
      writes.push(() => (value === undefined ? removeRecord.run(key) : putRecord.run(key, value, proofOf(key, value))))
    }
    return writes
  }

  /** Never rejects. */
  async #write(writes: readonly (() => void)[]): Promise<void> {
    const done = await Promise.allSettled(writes.map((write) => this.#commits.enqueue(write)))
    const failed = done.find((one) => one.status === 'rejected')
    if (failed !== undefined) this.#onFault(failed.reason)
  }
}

function proofOf(key: string, value: string): Buffer {
  return hash('sha256', `${key}\0${value}`, 'buffer').subarray(0, proofBytes)
}
