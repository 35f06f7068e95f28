import { existsSync, renameSync, statSync } from 'node:fs'
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite'
import { Fault } from '../base/faults.ts'
import { setAside } from './set-aside.ts'
import { isDamaged, storeFault } from './store-fault.ts'

/** How long opening may wait for another process, at start alone: nobody is served then. */
const openWaitMs = 1000

/** A statement that stays good when its file is opened again. */
export class Prepared {
  readonly #sql: string
  #statement: StatementSync | undefined
  #givesArrays = false

  constructor(sql: string) {
    this.#sql = sql
  }

  /** `undefined`: the file is closed. */
  bind(database: DatabaseSync | undefined): void {
    this.#statement = database?.prepare(this.#sql)
    this.#givesArrays = false
  }

  /** The first column of the first row; `undefined`: there is none. Made for many calls: to read a row that is an object is slow. */
  value(...values: SQLInputValue[]): unknown {
    const row = this.#giving(true).get(...values) as readonly unknown[] | undefined
    return row?.[0]
  }

  /** The rows as objects. */
  all(...values: SQLInputValue[]): unknown[] {
    return this.#giving(false).all(...values)
  }

  /** The number of the row that was added; `undefined`: none was. */
  insert(...values: SQLInputValue[]): number | undefined {
    const { changes, lastInsertRowid } = this.#bound.run(...values)
    return changes === 0 ? undefined : Number(lastInsertRowid)
  }

  /** Answers how many rows it changed. */
  run(...values: SQLInputValue[]): number {
    return Number(this.#bound.run(...values).changes)
  }

  #giving(arrays: boolean): StatementSync {
    const statement = this.#bound
    if (this.#givesArrays !== arrays) statement.setReturnArrays(arrays)
    this.#givesArrays = arrays
    return statement
  }

  get #bound(): StatementSync {
    if (this.#statement === undefined) throw new Fault('STORE_IO', 'the file is being opened again')
    return this.#statement
  }
}

/**
 * A SQLite file with a write-ahead log that can be closed and opened again while it is used. What is no database, or a damaged
 * one, is set aside when it is opened, and a new one begun: what it held is only a copy.
 */
export class SqliteFile {
  readonly path: string
  readonly #schema: string
  readonly #statements: Prepared[] = []
  #database: DatabaseSync | undefined
  /** What the file was when it was opened. */
  #inode = 0
  openCount = 0
  /** Grows when another file than before has the name. */
  fileCount = 0
  /** Where the damaged file is that was found last. */
  asideAs: string | undefined

  /** Throws `STORE_IO` or `STORE_NO_SPACE`. */
  constructor(path: string, schema: string) {
    this.path = path
    this.#schema = schema
    // The last process ended between two steps of `SqliteMending`.
    if (!existsSync(path) && existsSync(hiddenName(path))) renameSync(hiddenName(path), path)
    this.open(openWaitMs)
  }

  get isOpen(): boolean {
    return this.#database !== undefined
  }

  /** Has another file its name now, or none? Looks at the name alone: a descriptor closed would drop SQLite's locks. */
  get isMoved(): boolean {
    return statSync(this.path, { throwIfNoEntry: false })?.ino !== this.#inode
  }

  /** Throws a fault while the file is closed. */
  get database(): DatabaseSync {
    if (this.#database === undefined) throw new Fault('STORE_IO', `${this.path} is being opened again`)
    return this.#database
  }

  prepare(sql: string): Prepared {
    const statement = new Prepared(sql)
    statement.bind(this.#database)
    this.#statements.push(statement)
    return statement
  }

  open(waitMs = 0): void {
    try {
      this.#open(waitMs)
    } catch (error) {
      if (!isDamaged(error)) throw storeFault(this.path, error)
      this.setAside()
      try {
        this.#open(waitMs)
      } catch (again) {
        throw storeFault(this.path, again)
      }
    }
  }

  /** The file is damaged. Throws a store fault. */
  setAside(): void {
    this.asideAs = setAside(this.path)
    this.fileCount += 1
  }

  close(): void {
    const database = this.#database
    this.#database = undefined
    for (const statement of this.#statements) statement.bind(undefined)
    database?.close()
  }

  #open(waitMs: number): void {
    const database = new DatabaseSync(this.path)
    try {
      // Once it is open nothing waits: that would hold up the event loop.
      database.exec(
        `PRAGMA busy_timeout=${waitMs}; PRAGMA auto_vacuum=INCREMENTAL; PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA wal_autocheckpoint=0; PRAGMA cache_size=-8192; ${this.#schema}; PRAGMA busy_timeout=0`,
      )
      for (const statement of this.#statements) statement.bind(database)
    } catch (error) {
      for (const statement of this.#statements) statement.bind(undefined)
      database.close()
      throw error
    }
    this.#database = database
    const { ino } = statSync(this.path)
    if (ino !== this.#inode) this.fileCount += 1
    this.#inode = ino
    this.openCount += 1
  }
}

/** While a file has this name, closing it does not fold its log (see `SqliteMending`). */
export function hiddenName(path: string): string {
  return `${path}.mending`
}
