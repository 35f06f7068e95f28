import { closeSync, constants, fstatSync, openSync, statSync } from 'node:fs'
import { Fault } from '../base/faults.ts'
import type { Layout } from './layout.ts'
import { prepareFolder } from './prepare-folder.ts'
import { acquireStoreLock, type StoreLock } from './store-lock.ts'

const flags = constants.O_RDONLY | constants.O_DIRECTORY

/**
 * The data folder of a daemon that runs, which people may rename, remove, cover by a mount or put back. The folder that was opened is kept open: so
 * one that was removed, in whose place a new one is made, is told from one that has another name and may come back.
 */
export class KeptFolder {
  readonly #layout: Layout
  #lock: StoreLock
  #fd: number

  /** Of a folder that is prepared and locked. */
  constructor(layout: Layout, lock: StoreLock) {
    this.#layout = layout
    this.#lock = lock
    this.#fd = openSync(layout.root, flags)
  }

  /** Throws `STORE_IO` when the folder is not, or not all of it, where it was. */
  check(): void {
    const { root, staging, blobs } = this.#layout
    if (!this.#isHere) throw new Fault('STORE_IO', `${root}: the folder is gone`)
    for (const folder of [staging, blobs]) {
      if (statSync(folder, { throwIfNoEntry: false }) === undefined) throw new Fault('STORE_IO', `${folder} is gone`)
    }
    if (!this.#lock.isHeld()) throw new Fault('STORE_IO', `${this.#layout.lock} is gone`)
  }

  /**
   * Takes the folder again, or makes it anew where it was removed; answers whether it had to. Throws a store fault while that
   * cannot be.
   */
  restore(): boolean {
    try {
      this.check()
      return false
    } catch {
      this.#take()
      return true
    }
  }

  close(): void {
    closeSync(this.#fd)
    this.#lock.release()
  }

  get #isHere(): boolean {
    const here = statSync(this.#layout.root, { throwIfNoEntry: false })
    const opened = fstatSync(this.#fd)
    return here?.ino === opened.ino && here.dev === opened.dev
  }

  #take(): void {
    const { root } = this.#layout
    const isAway = statSync(root, { throwIfNoEntry: false }) === undefined && fstatSync(this.#fd).nlink > 0
    if (isAway) throw new Fault('STORE_IO', `${root}: the folder has another name now`)
    if (!this.#lock.isHeld()) this.#lock = acquireStoreLock(this.#layout)
    prepareFolder(this.#layout)
    const fd = openSync(root, flags)
    closeSync(this.#fd)
    this.#fd = fd
  }
}
