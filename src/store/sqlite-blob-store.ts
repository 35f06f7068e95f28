import { ChurnMap } from '../base/churn-map.ts'
import { type Digest, parseDigest } from '../base/digest.ts'
import type { BlobRef, BlobStore, BlobWriter, ByteSource } from './blob-store.ts'
import { bufferSource } from './buffer-source.ts'
import { type Disk, systemDisk } from './disk.ts'
import { InMemoryWriter } from './in-memory-writer.ts'
import type { Quarantine } from './quarantine.ts'
import { contentBytes, decodeRow, encodeRow, headBytes, isRowOf } from './row-coding.ts'
import type { Checkpointer } from './sqlite-checkpointer.ts'
import type { Prepared } from './sqlite-file.ts'
import { SqliteGroupCommit } from './sqlite-group-commit.ts'
import type { Pace, Verdict, VerifiableBlobs } from './verifiable-blobs.ts'

const schema = `CREATE TABLE IF NOT EXISTS blob (
  id INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE, content BLOB NOT NULL) STRICT`

/** Content that is not in the file yet. */
interface Pending {
  readonly content: Buffer
  /** Settles with the transaction that will write it; `undefined` once that has begun, or when a removal follows in it. */
  queued: Promise<void> | undefined
}

/** Small blobs as rows: a file of its own costs each of them ten times as much (docs/decisions/0002). */
export class SqliteBlobStore implements BlobStore, VerifiableBlobs {
  readonly #commits: SqliteGroupCommit
  readonly #insert: Prepared
  readonly #exists: Prepared
  readonly #select: Prepared
  readonly #remove: Prepared
  readonly #removeDamaged: Prepared
  readonly #page: Prepared
  readonly #names: Prepared
  readonly #quarantine: Quarantine | undefined
  readonly #pending = new ChurnMap<Digest, Pending>()
  /** Those who meet the same damage wait for one. */
  readonly #settingAside = new Map<Digest, Promise<void>>()

  constructor(
    path: string,
    checkpointer: Checkpointer,
    disk: Disk = systemDisk,
    quarantine?: Quarantine,
    maxLogBytes?: number,
  ) {
    this.#commits = new SqliteGroupCommit(path, schema, checkpointer, { disk, maxLogBytes })
    this.#quarantine = quarantine
    // What is there already is written again only when it was damaged, which mends it: the same content is kept once.
    this.#insert = this.#commits.prepare(
      `INSERT INTO blob (digest, content) VALUES (?, ?)
       ON CONFLICT (digest) DO UPDATE SET content = excluded.content WHERE content != excluded.content`,
    )
    this.#exists = this.#commits.prepare('SELECT 1 FROM blob WHERE digest = ?')
    this.#select = this.#commits.prepare('SELECT content FROM blob WHERE digest = ?')
    this.#remove = this.#commits.prepare('DELETE FROM blob WHERE digest = ?')
    this.#removeDamaged = this.#commits.prepare('DELETE FROM blob WHERE digest = ? AND content = ?')
    this.#page = this.#commits.prepare(
      `SELECT id, hex(digest) AS digest, length(content) AS rowBytes, substr(content, 1, ${headBytes}) AS head
       FROM blob WHERE id > ? ORDER BY id LIMIT 500`,
    )
    // Under another name: ordered by the text, all rows would be read and sorted for each page.
    this.#names = this.#commits.prepare(
      'SELECT hex(digest) AS name FROM blob WHERE digest > ? ORDER BY digest LIMIT 500',
    )
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

  /** What the file takes, and gives back. */
  get room(): SqliteGroupCommit {
    return this.#commits
  }

  create(): BlobWriter {
    return new InMemoryWriter((digest, content) => this.put(digest, content))
  }

  /** Stores `content`, whose SHA-256 is `digest`; resolves when it survives power loss. */
  put(digest: Digest, content: Buffer): Promise<void> {
    // Many names may have the same content: within one transaction it is written once.
    const queued = this.#pending.get(digest)?.queued
    if (queued !== undefined) return queued
    const row = encodeRow(content)
    const pending: Pending = { content, queued: undefined }
    const insert = (): boolean => {
      pending.queued = undefined
      return this.#insert.run(Buffer.from(digest, 'hex'), row) > 0
    }
    this.#pending.set(digest, pending)
    pending.queued = this.#commits.enqueue(insert, row.length, () => {
      if (this.#pending.get(digest) === pending) this.#pending.delete(digest)
    })
    return pending.queued
  }

  async open(ref: BlobRef): Promise<ByteSource | undefined> {
    const row = this.#read(ref.digest)
    if (row === undefined) return undefined
    // Small enough to be looked at whole, so that no flipped bit leaves the store (CORRECTNESS T03).
    const content = decodeRow(row, ref)
    if (content !== undefined) return bufferSource(content)
    await this.#setAside(ref.digest, row)
    return undefined
  }

  async verify(digest: Digest, pace: Pace): Promise<Verdict> {
    const row = this.#read(digest)
    if (row === undefined) return 'absent'
    await pace(row.length)
    if (isRowOf(row, digest)) return 'sound'
    await this.#setAside(digest, row)
    return 'damaged'
  }

  #setAside(digest: Digest, row: Buffer): Promise<void> {
    const underWay = this.#settingAside.get(digest)
    if (underWay !== undefined) return underWay
    const done = this.#takeOut(digest, row).finally(() => this.#settingAside.delete(digest))
    this.#settingAside.set(digest, done)
    return done
  }

  /** Sound content that came meanwhile stays. */
  async #takeOut(digest: Digest, row: Buffer): Promise<void> {
    const detail = `the ${row.length} bytes of its row are not what was stored`
    await this.#quarantine?.content(row, { digest, damage: 'content', detail })
    await this.#commits.enqueue(() => this.#removeDamaged.run(Buffer.from(digest, 'hex'), row))
    if (this.#read(digest) === undefined) this.#quarantine?.taken(digest)
  }

  async *names(after: Digest | undefined): AsyncIterable<Digest> {
    for (let last = after; ; ) {
      const rows = this.#names.all(Buffer.from(last ?? '', 'hex')) as { name: string }[]
      if (rows.length === 0) return
      for (const { name } of rows) {
        last = name.toLowerCase() as Digest
        yield last
      }
    }
  }

  async has(digest: Digest): Promise<boolean> {
    return this.#has(digest)
  }

  async delete(digest: Digest): Promise<boolean> {
    const there = this.#has(digest)
    const pending = this.#pending.get(digest)
    if (pending !== undefined) pending.queued = undefined
    if (there) await this.#commits.enqueue(() => this.#remove.run(Buffer.from(digest, 'hex')))
    return there
  }

  async *list(): AsyncIterable<BlobRef> {
    for (let last = 0; ; ) {
      const rows = this.#page.all(last) as { id: number; digest: string; rowBytes: number; head: Uint8Array | null }[]
      if (rows.length === 0) return
      for (const row of rows) {
        last = row.id
        const digest = parseDigest(row.digest.toLowerCase())
        if (digest !== undefined) yield { digest, sizeBytes: contentBytes(Buffer.from(row.head ?? []), row.rowBytes) }
      }
    }
  }

  /** The digests of all that is in the file, page by page, by their index alone: content is a hundred times as much to read. */
  *digestPages(): Iterable<readonly Digest[]> {
    for (let last = ''; ; ) {
      const rows = this.#names.all(Buffer.from(last, 'hex')) as { name: string }[]
      if (rows.length === 0) return
      last = rows.at(-1)!.name
      yield rows.map(({ name }) => name.toLowerCase() as Digest)
    }
  }

  close(): Promise<void> {
    return this.#commits.close()
  }

  /** Without reading the content: it is not what is asked for. */
  #has(digest: Digest): boolean {
    if (this.#pending.has(digest)) return true
    const find = (): boolean => this.#exists.value(Buffer.from(digest, 'hex')) !== undefined
    return this.#commits.read(`reading sha256-${digest}`, find)
  }

  /** The row, or the content itself while it is not in the file yet. */
  #read(digest: Digest): Buffer | undefined {
    const pending = this.#pending.get(digest)
    if (pending !== undefined) return pending.content
    return this.#commits.read(`reading sha256-${digest}`, () => {
      const content = this.#select.value(Buffer.from(digest, 'hex')) as Uint8Array | undefined
      return content && Buffer.from(content.buffer, content.byteOffset, content.byteLength)
    })
  }
}
