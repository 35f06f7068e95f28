import { Fault } from '../base/faults.ts'

const noSpace = new Set(['ENOSPC', 'EDQUOT'])
/** SQLITE_FULL, SQLITE_BUSY; SQLITE_CORRUPT and SQLITE_NOTADB. */
const databaseFull = 13
const databaseBusy = 5
const databaseDamaged = new Set([11, 26])

interface DiskError {
  readonly code?: string
  /** Of an error of SQLite. */
  readonly errcode?: number
  readonly message: string
}

/** The fault that an error of the filesystem or the database is, about `what`. */
export function storeFault(what: string, error: unknown): Fault {
  if (error instanceof Fault) return error
  const { code = '', errcode, message } = error as DiskError
  const full = noSpace.has(code) || errcode === databaseFull
  const reason = code === '' || errcode !== undefined ? message : code
  return new Fault(full ? 'STORE_NO_SPACE' : 'STORE_IO', `${what}: ${reason}`, { cause: error })
}

/** Does another process use the database? */
export function isBusy(error: unknown): boolean {
  return primaryCode(error) === databaseBusy
}

/** Is this no whole database? */
export function isDamaged(error: unknown): boolean {
  return databaseDamaged.has(primaryCode(error))
}

/** The low byte of SQLite's result code says what kind it is. */
function primaryCode(error: unknown): number {
  return ((error as DiskError).errcode ?? 0) & 0xff
}
