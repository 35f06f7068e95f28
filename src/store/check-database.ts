import { statSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { setAside } from './set-aside.ts'
import { isDamaged } from './store-fault.ts'

/** Looks at every page of a SQLite file, as after an unclean stop, and sets a damaged one aside. Answers what was wrong. */
export function checkDatabase(path: string): string | undefined {
  if (statSync(path, { throwIfNoEntry: false }) === undefined) return undefined
  const damage = damageOf(path)
  if (damage !== undefined) setAside(path)
  return damage
}

function damageOf(path: string): string | undefined {
  let database: DatabaseSync | undefined
  try {
    database = new DatabaseSync(path)
    const [row] = database.prepare('PRAGMA quick_check(1)').all() as { quick_check: string }[]
    return row?.quick_check === 'ok' ? undefined : (row?.quick_check ?? 'no answer')
  } catch (error) {
    if (isDamaged(error)) return (error as Error).message
    // What cannot be opened at all is told by whoever opens it next.
    return undefined
  } finally {
    if (database?.isOpen === true) database.close()
  }
}
