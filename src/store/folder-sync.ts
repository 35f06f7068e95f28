import { constants } from 'node:fs'
import type { Disk } from './disk.ts'

/** Renames that are made durable together. */
const windowMs = 20

/** Makes renames durable: one fsync of a folder for all renames into it within a window (CORRECTNESS section 5). */
export class FolderSync {
  readonly #disk: Disk
  readonly #waiting = new Map<string, Promise<void>>()

  constructor(disk: Disk) {
    this.#disk = disk
  }

  /** Resolves when a rename into `folder` that has happened by now survives power loss. */
  sync(folder: string): Promise<void> {
    const waiting = this.#waiting.get(folder)
    if (waiting !== undefined) return waiting
    const done = new Promise<void>((resolve) => setTimeout(resolve, windowMs)).then(() => {
      // Whoever comes from now on renames after this fsync has begun, and needs the next one.
      this.#waiting.delete(folder)
      return this.#fsync(folder)
    })
    this.#waiting.set(folder, done)
    return done
  }

  async #fsync(folder: string): Promise<void> {
    const fd = await this.#disk.open(folder, constants.O_RDONLY | constants.O_DIRECTORY)
    try {
      await this.#disk.fsync(fd)
    } finally {
      await this.#disk.close(fd)
    }
  }
}
