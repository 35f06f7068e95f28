import { constants } from 'node:fs'
import { dirname } from 'node:path'
import type { Disk } from './disk.ts'

/**
 * The write-ahead log of a SQLite file, to be synced. SQLite's own locks are on the file and its shared memory: closing a descriptor of the log does
 * not drop them.
 */
export class SqliteLog {
  readonly path: string
  readonly #disk: Disk
  #fd: number | undefined
  #isSynced = false

  /** `path`: of the database. */
  constructor(path: string, disk: Disk) {
    this.path = `${path}-wal`
    this.#disk = disk
  }

  /** Since it was opened: what was in it then is on the disk. */
  get isSynced(): boolean {
    return this.#isSynced
  }

  /** Resolves when all of it is on the disk; the first time its name in its folder, too. */
  async sync(): Promise<void> {
    if (this.#fd !== undefined) return this.#disk.fdatasync(this.#fd)
    this.#fd = await this.#disk.open(this.path, constants.O_RDWR | constants.O_NOFOLLOW)
    await this.#disk.fdatasync(this.#fd)
    const folder = await this.#disk.open(dirname(this.path), constants.O_RDONLY | constants.O_DIRECTORY)
    try {
      await this.#disk.fsync(folder)
    } finally {
      await this.#disk.close(folder)
    }
    this.#isSynced = true
  }

  /** Never rejects: a failed close of what is given up changes nothing. */
  async close(): Promise<void> {
    const fd = this.#fd
    this.#fd = undefined
    this.#isSynced = false
    if (fd !== undefined) await this.#disk.close(fd).catch(() => undefined)
  }
}
