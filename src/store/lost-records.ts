import { Fault } from '../base/faults.ts'
import type { Prepared } from './sqlite-file.ts'
import type { SqliteGroupCommit } from './sqlite-group-commit.ts'

/** Beside the table `record`, which has a column `key`. */
export const lostSchema = 'CREATE TABLE IF NOT EXISTS removed (key TEXT PRIMARY KEY) STRICT, WITHOUT ROWID'
/** What the header of the file says (`PRAGMA application_id`) of records that were lost: some are not back yet, or nothing is missing. */
const partialMark = 0x6c_61_72_70
const wholeMark = 0x6c_61_72_77

/** Where records are that an index lost and has not back yet. */
export interface RecordCopies {
  copyOf(key: string): string | undefined
  /** None will be asked for in the near future. */
  forget(): void
}

/**
 * What an index lost and has not back yet: it is read from its copies, as if it was here, and is not taken back when it was removed
 * meanwhile. Both outlast a restart.
 */
export class LostRecords {
  readonly #commits: SqliteGroupCommit
  /** `undefined`: there are none, and so nothing is ever missing. */
  readonly #copies: RecordCopies | undefined
  readonly #mark: Prepared
  readonly #first: Prepared
  readonly #noteRemoved: Prepared
  readonly #allRemoved: Prepared
  /** The `fileCount` of the file that has all records. */
  #wholeCount = 0
  #restoring: Promise<void> | undefined
  /** What was removed since all were here: its copy counts no more. */
  readonly #removed = new Set<string>()

  constructor(commits: SqliteGroupCommit, copies: RecordCopies | undefined) {
    this.#commits = commits
    this.#copies = copies
    this.#mark = commits.prepare('PRAGMA application_id')
    this.#first = commits.prepare('SELECT id FROM record LIMIT 1')
    this.#noteRemoved = commits.prepare('INSERT OR IGNORE INTO removed (key) VALUES (?)')
    this.#allRemoved = commits.prepare('SELECT key FROM removed')
  }

  /** All records are here that there are, in the file that is open. */
  get isWhole(): boolean {
    return this.#copies === undefined || this.#wholeCount === this.#commits.fileCount
  }

  /** Records may be missing: the file is new, or taking them back was begun and not ended, perhaps by an earlier process. */
  get isPartial(): boolean {
    const mark = this.#markOf()
    return mark === partialMark || (mark !== wholeMark && this.#first.value() === undefined)
  }

  /** The record of a key that is not here; `undefined`: there is none. Throws a store fault. */
  copyOf(key: string): string | undefined {
    return this.isWhole || this.#removed.has(key) ? undefined : this.#copies!.copyOf(key)
  }

  isRemoved(key: string): boolean {
    return this.#removed.has(key)
  }

  /** The record of a key is removed, with what is to be written beside that. */
  remove(key: string): () => void {
    if (this.isWhole) return () => {}
    this.#removed.add(key)
    return () => this.#noteRemoved.run(key)
  }

  /** Nothing is missing. */
  async setWhole(): Promise<void> {
    this.#wholeCount = this.#commits.fileCount
    this.#restoring = undefined
    this.#removed.clear()
    this.#copies?.forget()
    if (this.#markOf() !== wholeMark) await this.#setMark(wholeMark)
  }

  /** See `SqliteKeyvStorage.restore`. */
  restore(work: () => Promise<void>): Promise<void> {
    const restoring = this.#restore(work)
    this.#restoring = restoring
    return restoring
  }

  /** Resolves when nothing is missing; rejects with a store fault when taking back failed, or has not begun. */
  async allBack(): Promise<void> {
    await this.#restoring
    if (!this.isWhole) throw new Fault('STORE_IO', 'the records of the index are not all back yet')
  }

  async #restore(work: () => Promise<void>): Promise<void> {
    // Another file may take its place meanwhile.
    for (let fileCount = 0; fileCount !== this.#commits.fileCount; ) {
      fileCount = this.#commits.fileCount
      for (const { key } of this.#allRemoved.all() as { key: string }[]) this.#removed.add(key)
      await this.#setMark(partialMark, () => {
        for (const key of this.#removed) this.#noteRemoved.run(key)
      })
      await work()
      await this.#setMark(wholeMark, () => this.#commits.database.exec('DELETE FROM removed'))
    }
    await this.setWhole()
  }

  #markOf(): number {
    return this.#mark.value() as number
  }

  #setMark(mark: number, beside = (): void => {}): Promise<void> {
    return this.#commits.enqueue(() => {
      this.#commits.database.exec(`PRAGMA application_id=${mark}`)
      beside()
    })
  }
}
