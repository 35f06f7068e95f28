import type { DatabaseSync } from 'node:sqlite'
import { setTimeout as pause } from 'node:timers/promises'
import { asFault, type Fault } from '../base/faults.ts'
import { pageBytes } from './accounting.ts'
import { type Disk, systemDisk } from './disk.ts'
import type { Checkpointer } from './sqlite-checkpointer.ts'
import { type Prepared, SqliteFile } from './sqlite-file.ts'
import { SqliteLog } from './sqlite-log.ts'
import { reopen } from './sqlite-mending.ts'
import { isBusy, isDamaged, storeFault } from './store-fault.ts'
import { type Write, WriteBatch } from './write-batch.ts'

const usualWindowMs = 10
/** Largest batch: a transaction holds up the event loop while it runs. */
const maxBatchCount = 250
const maxBatchBytes = 4 * 1024 * 1024
/** The log is folded into the file when about so much was written; it then begins anew. At no time is it above three times as large. */
export const usualLogBytes = 32 * 1024 * 1024
/** What a write takes beside its own bytes: pages of the table and of its index. */
const overheadBytes = 12 * 1024
/** How long a transaction waits for another process that holds the file; nobody else waits for that. */
const busyPauseMs = 50
const busyTryCount = 20

export interface GroupCommitOptions {
  readonly disk?: Disk
  readonly maxLogBytes?: number | undefined
  /** How long the first write of a group waits for others. */
  readonly windowMs?: number
  /**
   * Without, the newest writes may be lost with the power, and nothing else: the log is valid up to its last whole commit, and synced before
   * it is folded.
   */
  readonly syncs?: boolean
}

/**
 * A SQLite file whose writes are made durable in groups: the writes of a window run in one transaction, then the
 * write-ahead log is synced in the thread pool, and only then their promises resolve.
 *
 * Why that is durable although `synchronous` is NORMAL, where SQLite itself syncs at checkpoints alone: every frame of the log
 * carries a checksum that covers all frames before it, and a commit is a mark on its last frame. The next start replays
 * the log up to the last whole commit. So a commit survives power loss when its frames, and those before them, were on the disk:
 * that is what our sync waits for. The log's name in its folder is synced once. A sync that fails may have lost frames that
 * later ones build upon, and would succeed if repeated (CORRECTNESS T05): from then on nothing is accepted until `heal`.
 *
 * Folding the log into the file would block this thread for tens of milliseconds, so another one does it. Under steady writes the
 * log never is folded whole, and would never begin anew; a second pass, short since most is done, runs while commits are held.
 */
export class SqliteGroupCommit {
  readonly #file: SqliteFile
  readonly #version: Prepared
  readonly #pageCount: Prepared
  readonly #freeCount: Prepared
  readonly #maxLogBytes: number
  readonly #path: string
  readonly #checkpointer: Checkpointer
  readonly #disk: Disk
  readonly #log: SqliteLog
  readonly #windowMs: number
  readonly #syncs: boolean
  #batches: WriteBatch[] = []
  #committing: Promise<void> | undefined
  #folding: Promise<void> | undefined
  /** Commits wait for this. */
  #held: Promise<unknown> | undefined
  #logBytes = 0
  #commitCount = 0
  /** Bytes of all pages, and of those that hold nothing, as the last commit left them. */
  usedBytes = 0
  freeBytes = 0
  #fault: Fault | undefined
  #mending: Promise<void> | undefined

  /** Opens or makes the file; `schema` must be idempotent. Throws `STORE_IO` or `STORE_NO_SPACE`. */
  constructor(path: string, schema: string, checkpointer: Checkpointer, options: GroupCommitOptions = {}) {
    this.#path = path
    this.#syncs = options.syncs ?? true
    this.#maxLogBytes = options.maxLogBytes ?? usualLogBytes
    this.#windowMs = options.windowMs ?? usualWindowMs
    this.#checkpointer = checkpointer
    this.#disk = options.disk ?? systemDisk
    this.#log = new SqliteLog(path, this.#disk)
    this.#file = new SqliteFile(path, schema)
    this.#version = this.prepare('PRAGMA user_version')
    this.#pageCount = this.prepare('PRAGMA page_count')
    this.#freeCount = this.prepare('PRAGMA freelist_count')
    this.#measure()
  }

  /** Gives free pages, of about so many bytes, back to the filesystem. A file of an older version keeps them. */
  shrink(bytes: number): Promise<void> {
    const count = Math.ceil(bytes / pageBytes)
    return this.enqueue(() => this.database.exec(`PRAGMA incremental_vacuum(${count})`), 2 * bytes)
  }

  /** Throws a fault while the file is being opened again. */
  get database(): DatabaseSync {
    return this.#file.database
  }

  /** Grows when the file was opened again: it may be another one. */
  get openCount(): number {
    return this.#file.openCount
  }

  /** Grows when another file than before is in this one's place. */
  get fileCount(): number {
    return this.#file.fileCount
  }

  /** Where a damaged file was put that was found in this one's place; `undefined`: none was. */
  get asideAs(): string | undefined {
    return this.#file.asideAs
  }

  /** A statement that stays good when the file is opened again. */
  prepare(sql: string): Prepared {
    return this.#file.prepare(sql)
  }

  /** Reads by prepared statements; throws a store fault. What is found to be damaged is set aside by `heal`. */
  read<T>(what: string, work: () => T): T {
    try {
      return work()
    } catch (error) {
      const fault = storeFault(what, error)
      if (isDamaged(error)) this.#fault ??= fault
      throw fault
    }
  }

  /**
   * Opens the file again if its disk failed since, or if it is damaged or no longer that of its name; then sees that it can be
   * written. Rejects with a store fault when it cannot.
   */
  heal(): Promise<void> {
    this.#mending ??= this.#mend().finally(() => {
      this.#mending = undefined
    })
    return this.#mending
  }

  /**
   * Runs `write` in the next transaction; resolves when it survives power loss, rejects with a store fault. Before that `settled` is
   * told which, which must not throw.
   */
  enqueue(write: Write, sizeBytes = 0, settled?: (isDurable: boolean) => void): Promise<void> {
    if (this.#fault !== undefined) {
      settled?.(false)
      return Promise.reject(this.#fault)
    }
    const batch = this.#openBatch()
    batch.writes.push(write)
    if (settled !== undefined) batch.listeners.push(settled)
    batch.sizeBytes += sizeBytes + overheadBytes
    if (this.#isFull(batch)) batch.ripen()
    this.#committing ??= this.#commitAll()
    return batch.done
  }

  /** Makes everything enqueued durable and closes the file. */
  async close(): Promise<void> {
    for (const batch of this.#batches) batch.ripen()
    await this.#mending?.catch(() => undefined)
    await this.#committing
    await this.#folding
    await this.#log.close()
    this.#file.close()
  }

  async #mend(): Promise<void> {
    try {
      if (this.#fault !== undefined || !this.#file.isOpen || this.#file.isMoved) await this.#reopen()
      const version = this.#version.value() as number
      await this.enqueue(() => this.database.exec(`PRAGMA user_version=${version}`))
    } catch (error) {
      throw storeFault(this.#path, error)
    }
  }

  async #reopen(): Promise<void> {
    await this.#committing
    await this.#folding
    await this.#log.close()
    await reopen(this.#file, this.#checkpointer, this.#disk)
    this.#logBytes = 0
    this.#fault = undefined
    this.#measure()
  }

  #openBatch(): WriteBatch {
    const last = this.#batches.at(-1)
    if (last !== undefined && !this.#isFull(last)) return last
    const batch = new WriteBatch(this.#windowMs)
    this.#batches.push(batch)
    return batch
  }

  /** One batch after another, so that no frame is taken for durable before those under it. */
  async #commitAll(): Promise<void> {
    for (let batch = this.#batches[0]; batch !== undefined; batch = this.#batches[0]) {
      await batch.ripe
      while (this.#held !== undefined) await this.#held
      // The disk folds more slowly than we write: the log must not grow without end.
      if (this.#logBytes > this.#maxLogBytes) await this.#folding
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
    const isWritten = await this.#transactInTurn(batch.writes)
    try {
      // What was there already is durable, once the log was synced since it was opened.
      if (this.#syncs && (isWritten || !this.#log.isSynced)) await this.#log.sync()
    } catch (error) {
      this.#fault = storeFault(this.#log.path, error)
      throw this.#fault
    }
    if (isWritten) this.#logBytes += batch.sizeBytes
    if (this.#logBytes > this.#maxLogBytes) this.#folding ??= this.#fold()
  }

  /** Another process may hold the file for a while: SQLite's own way to wait would hold up the event loop. */
  async #transactInTurn(writes: readonly Write[]): Promise<boolean> {
    for (let count = 1; ; count++) {
      try {
        return this.#transact(writes)
      } catch (error) {
        if (isDamaged(error)) this.#fault = storeFault(this.#path, error)
        if (!isBusy(error) || count === busyTryCount) throw error
      }
      await pause(busyPauseMs)
    }
  }

  /** Answers whether anything was written. */
  #transact(writes: readonly Write[]): boolean {
    const { database } = this
    this.#commitCount += 1
    try {
      database.exec('BEGIN IMMEDIATE')
      let isWritten = false
      for (const write of writes) if (write() !== false) isWritten = true
      database.exec('COMMIT')
      this.#measure()
      return isWritten
    } catch (error) {
      if (database.isTransaction) database.exec('ROLLBACK')
      throw error
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

  #measure(): void {
    this.usedBytes = (this.#pageCount.value() as number) * pageBytes
    this.freeBytes = (this.#freeCount.value() as number) * pageBytes
  }

  #isFull(batch: WriteBatch): boolean {
    return batch.writes.length >= maxBatchCount || batch.sizeBytes >= Math.min(maxBatchBytes, this.#maxLogBytes)
  }
}
