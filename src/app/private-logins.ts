import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs'
import { Fault } from '../base/faults.ts'
import { type NetrcLogin, parseNetrc } from '../config/netrc.ts'

const othersMask = 0o077

/**
 * The logins in a file in netrc form that `option` names. Throws `CONFIG_BAD_VALUE` and, when others may read the file,
 * `CONFIG_CONFLICT`.
 */
export function readLogins(option: string, file: string): readonly NetrcLogin[] {
  const logins = parseNetrc(readPrivately(option, file))
  if (!('reason' in logins)) return logins
  throw new Fault('CONFIG_BAD_VALUE', `${option} ${file}, line ${logins.line}: ${logins.reason}`)
}

function readPrivately(option: string, file: string): string {
  let fd: number
  try {
    fd = openSync(file, 'r')
  } catch (error) {
    throw new Fault('CONFIG_BAD_VALUE', `${option} ${file}: ${(error as Error).message}`, { cause: error })
  }
  try {
    const { mode } = fstatSync(fd)
    if ((mode & othersMask) === 0) return readFileSync(fd, 'utf8')
    const rights = `0${(mode & 0o777).toString(8)}`
    throw new Fault('CONFIG_CONFLICT', `${option} ${file} has mode ${rights}: others may read it (chmod 600)`)
  } finally {
    closeSync(fd)
  }
}
