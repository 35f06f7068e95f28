import { readdirSync, renameSync, rmSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { systemClock } from '../base/clock.ts'
import { storeFault } from './store-fault.ts'

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
