import { constants } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { asFault, type Fault } from '../base/faults.ts'
import { type Disk, systemDisk } from './disk.ts'
import type { Checkpointer } from './sqlite-checkpointer.ts'
import { storeFault } from './store-fault.ts'
import { WriteBatch } from './write-batch.ts'

const windowMs = 10
/** Largest batch: a transaction holds up the event loop while it runs. */
const maxBatchCount = 250
const maxBatchBytes = 4 * 1024 * 1024
/** The log is folded into the file when about so much was written; it then begins anew. */
const maxLogBytes = 32 * 1024 * 1024
/** What a write takes beside its own bytes: pages of the table and of its index. */
const overheadBytes = 12 * 1024

/**
 * A SQLite file whose writes are made durable in groups: the writes of a window run in one transaction, then the
 * write-ahead log is synced in the thread pool, and only then their promises resolve.
 *
 * Why that is durable although `synchronous` is NORMAL, where SQLite itself syncs at checkpoints alone: every frame of the log
 * carries a checksum that covers all frames before it, and a commit is a mark on its last frame. The next start replays
 * the log up to the last whole commit. So a commit survives power loss when its frames, and those before them, were on the disk:
 * that is what our sync waits for. The log's name in its folder is synced once. A sync that fails may have lost frames that
 * later ones build upon, and would succeed if repeated (CORRECTNESS T05): from then on nothing is accepted any more.
 *
 * Folding the log into the file would block this thread for tens of milliseconds, so another one does it. Under steady writes the
 * log never is folded whole, and would never begin anew; a second pass, short since most is done, runs while commits are held.
 */
export class SqliteGroupCommit {
  readonly database: DatabaseSync
  readonly #path: string
  readonly #checkpointer: Checkpointer
  readonly #disk: Disk
  #logFd: number | undefined
  #batches: WriteBatch[] = []
  #committing: Promise<void> | undefined
  #folding: Promise<void> | undefined
  /** Commits wait for this. */
  #held: Promise<unknown> | undefined
  #logBytes = 0
  #commitCount = 0
  #fault: Fault | undefined

  /** Opens or makes the file; `schema` must be idempotent. Throws `STORE_IO` or `STORE_NO_SPACE`. */
  constructor(path: string, schema: string, checkpointer: Checkpointer, disk: Disk = systemDisk) {
    this.#path = path
    this.#checkpointer = checkpointer
    this.#disk = disk
    try {
      this.database = new DatabaseSync(path)
      this.database.exec(
        `PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA busy_timeout=1000; PRAGMA wal_autocheckpoint=0; PRAGMA cache_size=-8192; ${schema}`,
      )
    } catch (error) {
      throw storeFault(path, error)
    }
  }

  /** Runs `write` in the next transaction; resolves when it survives power loss, rejects with a store fault. */
  enqueue(write: () => void, sizeBytes = 0): Promise<void> {
    if (this.#fault !== undefined) return Promise.reject(this.#fault)
    const batch = this.#openBatch()
    batch.writes.push(write)
    batch.sizeBytes += sizeBytes + overheadBytes
    if (isFull(batch)) batch.ripen()
    this.#committing ??= this.#commitAll()
    return batch.done
  }

  /** Makes everything enqueued durable and closes the file. */
  async close(): Promise<void> {
    for (const batch of this.#batches) batch.ripen()
    await this.#committing
    await this.#folding
    if (this.#logFd !== undefined) await this.#disk.close(this.#logFd)
    this.#logFd = undefined
    if (this.database.isOpen) this.database.close()
  }

  #openBatch(): WriteBatch {
    const last = this.#batches.at(-1)
    if (last !== undefined && !isFull(last)) return last
    const batch = new WriteBatch(windowMs)
    this.#batches.push(batch)
    return batch
  }

  /** One batch after another, so that no frame is taken for durable before those under it. */
  async #commitAll(): Promise<void> {
    for (let batch = this.#batches[0]; batch !== undefined; batch = this.#batches[0]) {
      await batch.ripe
      while (this.#held !== undefined) await this.#held
      this.#batches.shift()
      try {
        await this.#commit(batch)
        batch.resolve()
      } catch (error) {
        batch.reject(storeFault(this.#path, error))
      }
    }
    this.#committing = undefined
  }

  async #commit(batch: WriteBatch): Promise<void> {
    if (this.#fault !== undefined) throw this.#fault
    this.#transact(batch.writes)
    try {
      await this.#sync()
    } catch (error) {
      this.#fault = storeFault(`${this.#path}-wal`, error)
      throw this.#fault
    }
    this.#logBytes += batch.sizeBytes
    if (this.#logBytes > maxLogBytes) this.#folding ??= this.#fold()
  }

  #transact(writes: readonly (() => void)[]): void {
    this.#commitCount += 1
    try {
      this.database.exec('BEGIN IMMEDIATE')
      for (const write of writes) write()
      this.database.exec('COMMIT')
    } catch (error) {
      if (this.database.isTransaction) this.database.exec('ROLLBACK')
      throw error
    }
  }

  /** SQLite's own locks are on the file and its shared memory: closing a descriptor of the log does not drop them. */
  async #sync(): Promise<void> {
    if (this.#logFd !== undefined) return this.#disk.fdatasync(this.#logFd)
    this.#logFd = await this.#disk.open(`${this.#path}-wal`, constants.O_RDWR | constants.O_NOFOLLOW)
    await this.#disk.fdatasync(this.#logFd)
    const folder = await this.#disk.open(dirname(this.#path), constants.O_RDONLY | constants.O_DIRECTORY)
    try {
      await this.#disk.fsync(folder)
    } finally {
      await this.#disk.close(folder)
    }
  }

  /** Never rejects. After an error of the disk nobody knows what is on it: as with a failed sync, nothing more is accepted. */
  async #fold(): Promise<void> {
    this.#logBytes = 0
    const commitCount = this.#commitCount
    try {
      const whole = await this.#checkpointer.fold(this.#path)
      if (!whole || this.#commitCount !== commitCount) {
        const rest = this.#checkpointer.fold(this.#path)
        this.#held = rest.catch(() => undefined)
        await rest
      }
    } catch (error) {
      this.#fault = asFault(error)
    }
    this.#held = undefined
    this.#folding = undefined
  }
}

function isFull(batch: WriteBatch): boolean {
  return batch.writes.length >= maxBatchCount || batch.sizeBytes >= maxBatchBytes
}
