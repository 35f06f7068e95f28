import { closeSync, constants, fdatasync, openSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import type { Checkpointer } from './sqlite-checkpointer.ts'
import { storeFault } from './store-fault.ts'

/** Writes that share one transaction and one sync of the disk. */
const windowMs = 20

/**
 * A SQLite file whose writes are made durable in groups: all writes of a window run in one transaction, then the write-ahead log is
 * synced in the thread pool, and only then their promises resolve. That is durable, although `synchronous` is NORMAL: each
 * frame of the log has a checksum, and at the next start SQLite replays the log up to its last whole commit. Checkpoints,
 * which would block this thread for tens of milliseconds, run elsewhere.
 */
export class SqliteGroupCommit {
  readonly database: DatabaseSync
  readonly #path: string
  readonly #checkpointer: Checkpointer
  #walFd: number | undefined
  #writes: (() => void)[] = []
  #window: Promise<void> | undefined
  #syncing: Promise<void> = Promise.resolve()
  #writtenCount = 0

  /** Opens or makes the file; `schema` must be idempotent. Throws `STORE_IO`. */
  constructor(path: string, schema: string, checkpointer: Checkpointer) {
    this.#path = path
    this.#checkpointer = checkpointer
    try {
      this.database = new DatabaseSync(path)
      this.database.exec(
        `PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA busy_timeout=5000; PRAGMA wal_autocheckpoint=0; ${schema}`,
      )
    } catch (error) {
      throw storeFault(path, error)
    }
  }

  /** Runs `write` within the next transaction; resolves when it survives power loss, rejects with a store fault. */
  enqueue(write: () => void): Promise<void> {
    this.#writes.push(write)
    this.#window ??= new Promise<void>((resolve) => setTimeout(resolve, windowMs)).then(() => this.#commit())
    return this.#window
  }

  /** Commits what waits and closes the file. */
  async close(): Promise<void> {
    await this.#window?.catch(() => undefined)
    await this.#syncing.catch(() => undefined)
    if (this.#walFd !== undefined) closeSync(this.#walFd)
    this.#walFd = undefined
    if (this.database.isOpen) this.database.close()
  }

  #commit(): Promise<void> {
    const writes = this.#writes
    this.#writes = []
    this.#window = undefined
    try {
      this.database.exec('BEGIN IMMEDIATE')
      for (const write of writes) write()
      this.database.exec('COMMIT')
    } catch (error) {
      if (this.database.isTransaction) this.database.exec('ROLLBACK')
      return Promise.reject(storeFault(this.#path, error))
    }
    this.#writtenCount = this.#checkpointer.wrote(this.#path, this.#writtenCount + writes.length)
    this.#syncing = this.#sync()
    return this.#syncing
  }

  /** Closing this descriptor does no harm to SQLite's locks: those are on the other two files. */
  #sync(): Promise<void> {
    return new Promise((resolve, reject) => {
      try {
        this.#walFd ??= openSync(`${this.#path}-wal`, constants.O_RDWR | constants.O_NOFOLLOW)
        fdatasync(this.#walFd, (error) => (error === null ? resolve() : reject(storeFault(this.#path, error))))
      } catch (error) {
        reject(storeFault(this.#path, error))
      }
    })
  }
}
