import { EventEmitter } from 'node:events'
import type { KeyvStoreAdapter, StoredData } from 'keyv'
import { ChurnMap } from '../base/churn-map.ts'
import { type Disk, systemDisk } from './disk.ts'
import type { RecordKeys } from './entry-table.ts'
import { KeyFilter } from './key-filter.ts'
import { LostRecords, lostSchema, type RecordCopies } from './lost-records.ts'
import type { Checkpointer } from './sqlite-checkpointer.ts'
import type { Prepared } from './sqlite-file.ts'
import { SqliteGroupCommit } from './sqlite-group-commit.ts'

const schema = `CREATE TABLE IF NOT EXISTS record (
  id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, value TEXT NOT NULL) STRICT;
  ${lostSchema}`
/** Records come in groups already, when the contents of a group are durable. Waiting longer, each would outlive a collection of garbage or two. */
const windowMs = 1
/** Rows that one step of the iterator reads. */
const pageCount = 200
/** Records, and keys alone, that are read at once for those who learn what is stored: in a millisecond or less. */
const learntCount = 100
const filterPageCount = 500

/** A record as it stands in the file. */
export interface StoredRow {
  /** The number of its row, which stays the same. */
  readonly id: number
  readonly key: string
  readonly value: string
}

/** A storage adapter for Keyv over a SQLite file. Writes resolve when they survive power loss; reads see them at once. */
export class SqliteKeyvStorage extends EventEmitter implements KeyvStoreAdapter, RecordKeys {
  readonly opts = { dialect: 'sqlite' }
  namespace: string | undefined = undefined
  readonly #commits: SqliteGroupCommit
  readonly #insert: Prepared
  readonly #update: Prepared
  readonly #select: Prepared
  readonly #remove: Prepared
  readonly #page: Prepared
  readonly #idOf: Prepared
  readonly #keyAt: Prepared
  readonly #someKeys: Prepared
  /** Keys that are stored, once all are in it: nearly every miss is for one that is not, and SQLite need not look. */
  readonly #keys = new KeyFilter()
  #knowsKeys = false
  readonly #counted = Promise.withResolvers<number>()
  #closed = false
  /** Told of each value that is on the disk; `undefined`: removed. */
  readonly #onWritten: (key: string, value: string | undefined) => void
  /** Values that are not in the file yet; `undefined` for removed ones. */
  readonly #pending = new ChurnMap<string, { readonly value: string | undefined }>()
  readonly #lost: LostRecords

  constructor(
    path: string,
    checkpointer: Checkpointer,
    disk: Disk = systemDisk,
    onWritten: (key: string, value: string | undefined) => void = () => {},
    maxLogBytes?: number,
    copies?: RecordCopies,
  ) {
    super()
    this.#onWritten = onWritten
    this.#commits = new SqliteGroupCommit(path, schema, checkpointer, { disk, maxLogBytes, windowMs })
    this.#insert = this.#commits.prepare('INSERT OR IGNORE INTO record (key, value) VALUES (?, ?)')
    this.#update = this.#commits.prepare('UPDATE record SET value = ? WHERE key = ? RETURNING id')
    this.#select = this.#commits.prepare('SELECT value FROM record WHERE key = ?')
    this.#remove = this.#commits.prepare('DELETE FROM record WHERE key = ?')
    this.#page = this.#commits.prepare('SELECT id, key, value FROM record WHERE id > ? ORDER BY id LIMIT ?')
    // By the index of the keys alone: records are eight times as much to read.
    this.#someKeys = this.#commits.prepare('SELECT key FROM record WHERE key > ? ORDER BY key LIMIT ?')
    this.#idOf = this.#commits.prepare('SELECT id FROM record WHERE key = ?')
    this.#keyAt = this.#commits.prepare('SELECT key FROM record WHERE id = ?')
    this.#lost = new LostRecords(this.#commits, copies)
    this.#learnKeys('')
  }

  async get<Value>(key: string): Promise<StoredData<Value> | undefined> {
    return this.peek(key) as StoredData<Value> | undefined
  }

  /** As `get`, at once. */
  peek(key: string): string | undefined {
    const pending = this.#pending.get(key)
    if (pending !== undefined) return pending.value
    if (this.#knowsKeys && !this.#keys.mayHave(key)) return this.#lost.copyOf(key)
    return this.#stored(key) ?? this.#lost.copyOf(key)
  }

  /** About how many records there were when the file was opened, once they are counted. */
  get count(): Promise<number> {
    return this.#counted.promise
  }

  /** What the file takes, and gives back. */
  get room(): SqliteGroupCommit {
    return this.#commits
  }

  /** The number of a key's row, which stays the same. */
  idOf(key: string): number | undefined {
    return this.#commits.read('reading the response index', () => this.#idOf.value(key) as number | undefined)
  }

  keyAt(id: number): string | undefined {
    return this.#commits.read('reading the response index', () => this.#keyAt.value(id) as string | undefined)
  }

  isStored(key: string): boolean {
    const pending = this.#pending.get(key)
    if (pending !== undefined) return pending.value !== undefined
    if (this.#knowsKeys && !this.#keys.mayHave(key)) return false
    return this.idOf(key) !== undefined
  }

  /** Is this the record of a key as it stands in the file, whatever is being written? Throws a store fault. */
  holds(key: string, value: string): boolean {
    return this.#stored(key) === value
  }

  forget(): void {}

  /** Records have no lifetime of their own here: freshness is the policy's business, room that of eviction. */
  set(key: string, value: string): Promise<void> {
    return this.write(key, value, () => {})
  }

  /** As `set`; before that settles `settled` is told the number of the row, or `undefined` when the value is lost. It must not throw. */
  write(key: string, value: string, settled: (id: number | undefined) => void): Promise<void> {
    let id = 0
    const write = (): void => {
      id = this.#put(key, value)
    }
    return this.#write(key, value, write, (isDurable) => {
      if (isDurable) this.#onWritten(key, value)
      settled(isDurable ? id : undefined)
    })
  }

  async delete(key: string): Promise<boolean> {
    const there = this.isStored(key) || this.#lost.copyOf(key) !== undefined
    const note = this.#lost.remove(key)
    const remove = (): void => {
      this.#remove.run(key)
      note()
    }
    if (!there) return false
    await this.#write(key, undefined, remove, (isDurable) => {
      if (isDurable) this.#onWritten(key, undefined)
    })
    return true
  }

  get isEmpty(): boolean {
    return this.#page.all(0, 1).length === 0
  }

  /** As `LostRecords.isPartial`. */
  get isPartial(): boolean {
    return this.#lost.isPartial
  }

  /** As `LostRecords.isWhole`. */
  get isWhole(): boolean {
    return this.#lost.isWhole
  }

  /** As `LostRecords.setWhole`. */
  setWhole(): Promise<void> {
    return this.#lost.setWhole()
  }

  /**
   * Takes records back by `work`, which calls `takeBack` for each copy. Until that is done, and from when another file was found in the place of
   * this one, a record that is not here is read from the copies, and whoever wants to see all waits. What is removed meanwhile is
   * noted here, so that no later start takes it back either. Rejects as `work` does: then it is to be begun again.
   */
  restore(work: () => Promise<void>): Promise<void> {
    return this.#lost.restore(work)
  }

  /** Takes in the copy of a record, unless there is a newer one or it was removed. Resolves, once that is durable, with whether it did. */
  async takeBack(key: string, value: string): Promise<boolean> {
    if (this.#pending.has(key) || this.isStored(key) || this.#lost.isRemoved(key)) return false
    await this.#write(key, value, () => this.#put(key, value))
    return true
  }

  async clear(): Promise<void> {
    await this.#commits.enqueue(() => this.#commits.database.exec('DELETE FROM record'))
  }

  /** Every record. While records are taken back it waits; rejects when they could not be. */
  async *iterator<Value>(): AsyncGenerator<(string | Awaited<Value> | undefined)[], void> {
    for (let last = 0, fileCount = 0; ; ) {
      if (fileCount !== this.fileCount) {
        // Rows of another file have other numbers.
        last = 0
        await this.#lost.allBack()
        fileCount = this.fileCount
      }
      const rows = this.#page.all(last, pageCount) as { id: number; key: string; value: string }[]
      if (rows.length === 0) return
      for (const row of rows) {
        last = row.id
        yield [row.key, row.value]
      }
    }
  }

  /**
   * Every record, page by page. Those that are being written when theirs is read are left out: `onWritten` tells of them. So whoever
   * takes in a page before anything else runs, and each change once it is told, has the whole index in the end.
   */
  *pages(): Iterable<readonly StoredRow[]> {
    for (let last = 0; ; ) {
      const rows = this.#page.all(last, learntCount) as StoredRow[]
      if (rows.length === 0) return
      last = rows.at(-1)!.id
      yield this.#pending.size === 0 ? rows : rows.filter(({ key }) => !this.#pending.has(key))
    }
  }

  /** As `SqliteGroupCommit.heal`. */
  async heal(): Promise<void> {
    const { openCount } = this.#commits
    await this.#commits.heal()
    if (this.#commits.openCount === openCount) return
    // Another file may be in its place, with other keys.
    this.#knowsKeys = false
    this.#learnKeys('')
  }

  /** As `SqliteGroupCommit.fileCount`. */
  get fileCount(): number {
    return this.#commits.fileCount
  }

  /** As `SqliteGroupCommit.asideAs`. */
  get asideAs(): string | undefined {
    return this.#commits.asideAs
  }

  disconnect(): Promise<void> {
    this.#closed = true
    return this.#commits.close()
  }

  #stored(key: string): string | undefined {
    return this.#commits.read('reading the response index', () => this.#select.value(key) as string | undefined)
  }

  /** Most keys are new: then SQLite tells the row's number with the insertion, and need not make a table of one row for it. */
  #put(key: string, value: string): number {
    return this.#insert.insert(key, value) ?? (this.#update.value(value, key) as number)
  }

  #write(
    key: string,
    value: string | undefined,
    write: () => void,
    settled?: (isDurable: boolean) => void,
  ): Promise<void> {
    const pending = { value }
    this.#pending.set(key, pending)
    this.#keys.add(key)
    return this.#commits.enqueue(write, value?.length, (isDurable) => {
      settled?.(isDurable)
      if (this.#pending.get(key) === pending) this.#pending.delete(key)
    })
  }

  /** Reads the keys page by page, between requests; until all are known, SQLite is asked. */
  #learnKeys(after: string, before = 0): void {
    if (this.#closed) return this.#counted.resolve(before)
    try {
      const rows = this.#someKeys.all(after, filterPageCount) as { key: string }[]
      for (const { key } of rows) this.#keys.add(key)
      const count = before + rows.length
      if (rows.length === filterPageCount) setImmediate(() => this.#learnKeys(rows.at(-1)!.key, count))
      else {
        this.#knowsKeys = true
        this.#counted.resolve(count)
      }
    } catch {
      this.#counted.resolve(before)
      // What cannot be read now is told to whoever asks for a key.
    }
  }
}
