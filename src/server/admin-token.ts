import { randomBytes } from 'node:crypto'
import { closeSync, constants, fstatSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { Fault } from '../base/faults.ts'

const tokenBytes = 32
const othersMask = 0o077

/**
 * The token in `path`, made when there is none: 0600, in a folder of 0700. Throws `CONFIG_CONFLICT` when others can read it
 * or it is another user's, `STORE_UNWRITABLE` when it cannot be made.
 */
export function ownToken(path: string): string {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    writeFileSync(path, `${randomBytes(tokenBytes).toString('base64url')}\n`, { flag: 'wx', mode: 0o600 })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code !== 'EEXIST') throw new Fault('STORE_UNWRITABLE', `cannot write ${path}: ${code}`, { cause: error })
  }
  return readToken(path)
}

function readToken(path: string): string {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW)
  try {
    const { mode, uid } = fstatSync(fd)
    const exposed = (mode & othersMask) !== 0 || (process.geteuid !== undefined && uid !== process.geteuid())
    if (exposed) throw new Fault('CONFIG_CONFLICT', `${path} is open to others: remove it, and a new one is made`)
    const token = readFileSync(fd, 'utf8').trim()
    if (token.length >= tokenBytes) return token
    throw new Fault('CONFIG_CONFLICT', `${path} holds no token: remove it, and a new one is made`)
  } finally {
    closeSync(fd)
  }
}
