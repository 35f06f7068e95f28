import { LateFlush } from './late-flush.ts'
import { Bundle, BundleDraft, type BundleEntry, type StoredBundle } from './record-bundle.ts'
import { recordsThatCount } from './records-that-count.ts'
import type { Prepared } from './sqlite-file.ts'
import type { SqliteGroupCommit } from './sqlite-group-commit.ts'

/** A version that was never released had a row for each record. */
export const bundlesSchema = `
  DROP TABLE IF EXISTS record;
  CREATE TABLE IF NOT EXISTS bundle
    (id INTEGER PRIMARY KEY, hashes BLOB NOT NULL, entries BLOB NOT NULL, proof BLOB NOT NULL) STRICT`
/** Rooms of drafts that are kept for the next ones, and how large one may be. */
const mostRooms = 2
const mostRoomBytes = 1024 * 1024
/** Rows of which only what is small is read at once. */
const pageCount = 100

/** A bundle on the disk: a higher number overrules a lower one. */
export interface NumberedBundle extends StoredBundle {
  readonly id: number
}

/** Told when a bundle is written, or lost: so many entries of it were new. */
export type BundleListener = (newCount: number) => void

/**
 * A copy of each record of the index, as a log (docs/decisions/0030): what was kept or removed within a moment is one row, a bundle. Written
 * behind: copies follow from the index, so those that a crash takes from here are its newest alone.
 */
export class SqliteRecordBundles {
  /** Bytes that were ever written, and bundles that could not be. */
  writtenBytes = 0
  failedCount = 0
  readonly #commits: SqliteGroupCommit
  readonly #onFault: (error: unknown) => void
  readonly #insert: Prepared
  readonly #remove: Prepared
  readonly #before: Prepared
  readonly #after: Prepared
  readonly #one: Prepared
  readonly #hashPage: Prepared
  readonly #sizePage: Prepared
  readonly #newest: Prepared
  #draft = new BundleDraft()
  #newCount = 0
  #listener: BundleListener = () => {}
  /** Those that are not on the disk yet, oldest first. */
  #waiting: StoredBundle[] = []
  readonly #rooms: Buffer[] = []
  readonly #flush = new LateFlush(() => this.#write())

  constructor(commits: SqliteGroupCommit, onFault: (error: unknown) => void) {
    this.#commits = commits
    this.#onFault = onFault
    const all = 'SELECT id, hashes, entries, proof FROM bundle'
    this.#insert = commits.prepare('INSERT INTO bundle (hashes, entries, proof) VALUES (?, ?, ?)')
    this.#remove = commits.prepare('DELETE FROM bundle WHERE id = ?')
    this.#before = commits.prepare(`${all} WHERE id < ? ORDER BY id DESC LIMIT 1`)
    this.#after = commits.prepare(`${all} WHERE id > ? ORDER BY id LIMIT 1`)
    this.#one = commits.prepare(`${all} WHERE id = ?`)
    this.#hashPage = commits.prepare('SELECT id, hashes FROM bundle WHERE id > ? ORDER BY id LIMIT ?')
    this.#newest = commits.prepare('SELECT coalesce(max(id), 0) AS id FROM bundle')
    this.#sizePage = commits.prepare(
      'SELECT id, length(hashes) + length(entries) AS bytes FROM bundle WHERE id > ? ORDER BY id LIMIT ?',
    )
  }

  /** As `SqliteGroupCommit.fileCount`. */
  get fileCount(): number {
    return this.#commits.fileCount
  }

  /** Are there any copies? */
  get isEmpty(): boolean {
    return this.#draft.count === 0 && this.#waiting.length === 0 && this.#read(this.#sizePage, 0, 1).length === 0
  }

  /** There is one listener. */
  onWritten(listener: BundleListener): void {
    this.#listener = listener
  }

  /** Keeps the copy of a record of the index; `undefined`: it is gone. */
  keep(key: string, value: string | undefined): void {
    this.#newCount += 1
    this.keepAgain(key, value)
  }

  /** Keeps a copy that was in a bundle already: that is nothing new. */
  keepAgain(key: string, value: string | undefined): void {
    this.#draft.add(key, value)
    if (this.#draft.isFull) void this.#flush.now()
    else this.#flush.later(this.#draft.count)
  }

  /** Resolves when everything so far is written, or lost. */
  flush(): Promise<void> {
    return this.#flush.now()
  }

  /** As `recordsThatCount`, of what is on the disk. Throws a store fault. */
  records(): ReturnType<typeof recordsThatCount> {
    return recordsThatCount(this.#newestFirst())
  }

  /** What is known of a key from what is not on the disk yet. */
  findWaiting(key: string): BundleEntry | undefined {
    const found = this.#draft.peek().find(key)
    if (found !== undefined) return found
    for (const { hashes, entries } of this.#waiting.toReversed()) {
      const entry = Bundle.of(hashes, entries)!.find(key)
      if (entry !== undefined) return entry
    }
    return undefined
  }

  read(id: number): NumberedBundle | undefined {
    return this.#read<NumberedBundle>(this.#one, id)[0]
  }

  /** The oldest bundle of a higher number. */
  next(id: number): NumberedBundle | undefined {
    return this.#read<NumberedBundle>(this.#after, id)[0]
  }

  /** The hashes of some bundles after `id`, in the order of their numbers. */
  hashesAfter(id: number): readonly Pick<NumberedBundle, 'id' | 'hashes'>[] {
    return this.#read(this.#hashPage, id, pageCount)
  }

  /** The sizes of some bundles after `id`, in the order of their numbers. */
  sizesAfter(id: number): readonly { readonly id: number; readonly bytes: number }[] {
    return this.#read(this.#sizePage, id, pageCount)
  }

  /** The highest number of a bundle on the disk. */
  get newest(): number {
    return this.#read<{ id: number }>(this.#newest)[0]!.id
  }

  /** Removes all bundles. Rejects with a store fault. */
  clear(): Promise<void> {
    return this.#commits.enqueue(() => this.#commits.database.exec('DELETE FROM bundle'))
  }

  /** Removes bundles of the file that has this `fileCount`. Rejects with a store fault. */
  remove(ids: readonly number[], fileCount: number): Promise<void> {
    return this.#commits.enqueue(() => {
      if (fileCount === this.#commits.fileCount) for (const id of ids) this.#remove.run(id)
    })
  }

  *#newestFirst(): Iterable<NumberedBundle> {
    for (let before = Number.MAX_SAFE_INTEGER; ; ) {
      const [bundle] = this.#read<NumberedBundle>(this.#before, before)
      if (bundle === undefined) return
      before = bundle.id
      yield bundle
    }
  }

  #read<T>(statement: Prepared, ...values: number[]): T[] {
    return this.#commits.read('reading the copies of records', () => statement.all(...values) as T[])
  }

  /** Never rejects. */
  async #write(): Promise<void> {
    if (this.#draft.count === 0) return
    const { room } = this.#draft
    const newCount = this.#newCount
    const bundle = this.#draft.seal()
    const isInRoom = bundle.entries.buffer === room.buffer
    if (!isInRoom) this.#giveBack(room)
    this.#newCount = 0
    this.#draft = new BundleDraft(this.#rooms.pop())
    this.#waiting.push(bundle)
    await this.#insertOne(bundle)
    this.#waiting = this.#waiting.filter((one) => one !== bundle)
    if (isInRoom) this.#giveBack(room)
    this.#listener(newCount)
  }

  async #insertOne({ hashes, entries, proof }: StoredBundle): Promise<void> {
    try {
      await this.#commits.enqueue(() => this.#insert.run(hashes, entries, proof), entries.length)
      this.writtenBytes += hashes.length + entries.length
    } catch (error) {
      this.failedCount += 1
      this.#onFault(error)
    }
  }

  #giveBack(room: Buffer): void {
    if (this.#rooms.length < mostRooms && room.length <= mostRoomBytes) this.#rooms.push(room)
  }
}
