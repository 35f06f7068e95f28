import { lstatSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { systemClock } from '../base/clock.ts'
import { storeFault } from './store-fault.ts'
import type { DatabaseRoom } from './store-use.ts'

const asideName = /\.db\.corrupt-/
const blockUnitBytes = 512
const mostAgeMs = 30 * 24 * 3_600_000

/**
 * Takes a damaged SQLite file out of the way, with its log, for people to look at; answers its new name. Only the last one
 * is kept. Throws a store fault.
 */
export function setAside(path: string): string {
  const mark = `${basename(path)}.corrupt-`
  const name = mark + new Date(systemClock.now()).toISOString().replaceAll(/[:.]/g, '-')
  const aside = join(dirname(path), name)
  try {
    for (const old of readdirSync(dirname(path))) if (old.startsWith(mark)) rmSync(join(dirname(path), old))
    renameSync(path, aside)
    rename(`${path}-wal`, `${aside}-wal`)
    rmSync(`${path}-shm`, { force: true })
  } catch (error) {
    throw storeFault(`setting ${path} aside`, error)
  }
  return aside
}

function rename(from: string, to: string): void {
  try {
    renameSync(from, to)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
}

/** The databases that were set aside: they take room of the quota until they go. */
export class FilesSetAside implements DatabaseRoom {
  readonly freeBytes = 0
  /** As of the last `measure`. */
  usedBytes = 0
  readonly #folder: string

  constructor(folder: string) {
    this.#folder = folder
    this.measure()
  }

  async shrink(): Promise<void> {}

  /** Looks what is there; what cannot be looked at does not count. */
  measure(): void {
    this.usedBytes = this.#files().reduce((sum, { bytes }) => sum + bytes, 0)
  }

  /** Removes what is there for too long; answers how many files. A trial only counts them. */
  sweep(nowMs: number, isTrial = false): number {
    const old = this.#files().filter(({ changedAt }) => changedAt < nowMs - mostAgeMs)
    if (!isTrial) for (const { path } of old) rmSync(path, { force: true })
    this.measure()
    return old.length
  }

  #files(): readonly { readonly path: string; readonly bytes: number; readonly changedAt: number }[] {
    try {
      const paths = readdirSync(this.#folder).flatMap((name) =>
        asideName.test(name) ? [join(this.#folder, name)] : [],
      )
      return paths.map((path) => {
        const { blocks, ctimeMs } = lstatSync(path)
        return { path, bytes: blocks * blockUnitBytes, changedAt: ctimeMs }
      })
    } catch {
      return []
    }
  }
}
