import { constants } from 'node:fs'
import { Fault } from '../base/faults.ts'
import { Unanswered } from './bounded-disk.ts'
import type { BufferPool } from './buffer-pool.ts'
import type { Disk } from './disk.ts'
import { storeFault } from './store-fault.ts'

/** Never through a symbolic link: whoever could place one could have us serve any file. A pipe must not hold us up. */
export const readFlags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK

/**
 * A file open for reading into lent buffers. It is closed for real only after the reads under way: a descriptor that is
 * closed too early may by then name another file, whose bytes would be taken for this one's.
 */
export class OpenFile {
  readonly #disk: Disk
  readonly #pool: BufferPool
  readonly #fd: number
  readonly #path: string
  #readingCount = 0
  #heldCount = 0
  #closing = false
  #closed = false

  constructor(disk: Disk, pool: BufferPool, fd: number, path: string) {
    this.#disk = disk
    this.#pool = pool
    this.#fd = fd
    this.#path = path
  }

  /** Lends at least one byte from `position` on, at most `limitBytes`. Rejects with `STORE_IO`, also past the end. */
  async read(position: number, limitBytes: number): Promise<Buffer> {
    if (this.#closing && this.#heldCount === 0) throw new Fault('STORE_IO', `${this.#path} is closed`)
    const target = this.#pool.take(limitBytes)
    this.#readingCount += 1
    try {
      const count = await this.#disk.read(this.#fd, target, position)
      if (count === 0) throw new Error(`ends before byte ${position}`)
      return target.subarray(0, count)
    } catch (error) {
      // What was given up may yet be read into it.
      if (!(error instanceof Unanswered)) this.#pool.give(target)
      throw storeFault(`reading ${this.#path}`, error)
    } finally {
      this.#readingCount -= 1
      this.#closeWhenIdle()
    }
  }

  /** Runs `work`, whose reads go on even when the file is closed meanwhile: others may wait for what it finds. */
  async holding<T>(work: () => Promise<T>): Promise<T> {
    this.#heldCount += 1
    try {
      return await work()
    } finally {
      this.#heldCount -= 1
      this.#closeWhenIdle()
    }
  }

  /** Idempotent. */
  close(): void {
    if (this.#closing) return
    this.#closing = true
    this.#closeWhenIdle()
  }

  #closeWhenIdle(): void {
    if (!this.#closing || this.#closed || this.#readingCount + this.#heldCount > 0) return
    this.#closed = true
    this.#disk.close(this.#fd).catch(() => undefined)
  }
}
