import { Fault } from '../base/faults.ts'

const noSpace = new Set(['ENOSPC', 'EDQUOT'])
/** SQLITE_FULL. */
const databaseFull = 13

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
