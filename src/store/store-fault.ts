import { Fault } from '../base/faults.ts'

const noSpace = new Set(['ENOSPC', 'EDQUOT'])

/** The fault that an error of the filesystem or the database is, about `what`. */
export function storeFault(what: string, error: unknown): Fault {
  if (error instanceof Fault) return error
  const { code, message } = error as NodeJS.ErrnoException
  return new Fault(noSpace.has(code ?? '') ? 'STORE_NO_SPACE' : 'STORE_IO', `${what}: ${code ?? message}`, {
    cause: error,
  })
}
