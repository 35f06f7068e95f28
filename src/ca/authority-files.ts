import { randomBytes } from 'node:crypto'
import {
  chmodSync,
  closeSync,
  constants,
  existsSync,
  fchmodSync,
  fstatSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  type Stats,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { Fault } from '../base/faults.ts'

/** Where a CA lies. */
export interface AuthorityFiles {
  readonly folder: string
  readonly certificateFile: string
  readonly keyFile: string
}

const othersMask = 0o077
const folderMode = 0o700
const ownNames = new Set(['ca.pem', 'ca.key', 'README.md', '.gitignore', 'profile.json', 'rotated', 'trusted.json'])
const temporaryName = /^ca\.(?:pem|key)\.[0-9a-f]{16}\.new$/

export function authorityFiles(folder: string): AuthorityFiles {
  return { folder, certificateFile: join(folder, 'ca.pem'), keyFile: join(folder, 'ca.key') }
}

/** Makes `folder` and closes it to everybody else; throws `CONFIG_CONFLICT` for one that holds other things too. */
export function preparePrivateFolder(folder: string): void {
  attempt(`cannot make ${folder}`, () => mkdirSync(folder, { recursive: true, mode: folderMode }))
  const stats = attempt(`cannot look at ${folder}`, () => statSync(folder))
  refuseOtherOwner(stats, folder)
  if ((stats.mode & 0o777) === folderMode) return
  const foreign = attempt(`cannot list ${folder}`, () => readdirSync(folder)).find(
    (name) => !ownNames.has(name) && !temporaryName.test(name),
  )
  if ((stats.mode & othersMask) !== 0 && foreign !== undefined) {
    const reason = `${folder} is open to others and holds other files (${JSON.stringify(foreign)})`
    throw new Fault('CONFIG_CONFLICT', `${reason}: give the CA a folder of its own, or chmod 0700 this one`)
  }
  attempt(`cannot close ${folder} to others`, () => chmodSync(folder, folderMode))
}

/**
 * Puts a whole file of `mode` under `path`, whatever the umask, or nothing: written beside it, then linked.
 * Throws `CONFIG_CONFLICT` when `path` exists.
 */
export function publishFile(path: string, content: string, mode: number): void {
  const temporary = `${path}.${randomBytes(8).toString('hex')}.new`
  try {
    const fd = openSync(temporary, 'wx', mode & 0o600)
    try {
      fchmodSync(fd, mode)
      writeFileSync(fd, content)
      fsyncSync(fd)
    } finally {
      closeSync(fd)
    }
    linkSync(temporary, path)
  } catch (error) {
    // An init that won meanwhile may have swept our temporary file: then `path` exists as well.
    if (existsSync(path)) throw new Fault('CONFIG_CONFLICT', `${path} exists and is never overwritten`)
    throw new Fault('CA_UNREADABLE', `cannot write ${path}: ${errorCode(error)}`)
  } finally {
    removeFile(temporary)
  }
}

/** Removes what an init that was killed may have left beside the finished files, and makes the folder's names durable. */
export function settleFolder(folder: string): void {
  for (const name of readdirSync(folder)) if (temporaryName.test(name)) removeFile(join(folder, name))
  const fd = openSync(folder, 'r')
  fsyncSync(fd)
  closeSync(fd)
}

export function removeFile(path: string): void {
  try {
    unlinkSync(path)
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error
  }
}

export function checkPresent(path: string): void {
  attempt(`cannot find ${path}`, () => statSync(path))
}

/** Throws `CA_KEY_EXPOSED` when anybody else may enter the folder, `CA_MISSING` when there is none. */
export function checkPrivateFolder(folder: string): void {
  const stats = attempt(`cannot look at ${folder}`, () => statSync(folder))
  refuseExposed(stats, folder)
}

/** The key's text, read from the very file whose owner and mode were checked. */
export function readKeyText(path: string): string {
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK
  return readRegular(path, flags, (stats) => refuseExposed(stats, path))
}

export function readCertificateText(path: string): string {
  return readRegular(path, constants.O_RDONLY | constants.O_NONBLOCK, () => undefined)
}

function readRegular(path: string, flags: number, check: (stats: Stats) => void): string {
  const fd = attempt(`cannot open ${path}`, () => openSync(path, flags))
  try {
    const stats = fstatSync(fd)
    if (!stats.isFile()) throw new Fault('CA_UNREADABLE', `${path} is not a regular file`)
    check(stats)
    return attempt(`cannot read ${path}`, () => readFileSync(fd, 'utf8'))
  } finally {
    closeSync(fd)
  }
}

function refuseExposed(stats: Stats, path: string): void {
  refuseOtherOwner(stats, path)
  if ((stats.mode & othersMask) === 0) return
  throw new Fault('CA_KEY_EXPOSED', `${path} has mode 0${(stats.mode & 0o777).toString(8)}: others may use it`)
}

function refuseOtherOwner(stats: Stats, path: string): void {
  const user = process.geteuid?.()
  if (user === undefined || stats.uid === user) return
  throw new Fault('CA_KEY_EXPOSED', `${path} belongs to user ${stats.uid}, not to user ${user} who runs this`)
}

/** Runs `action`; a system error becomes `CA_MISSING` or `CA_UNREADABLE` that begins with `what`. */
function attempt<T>(what: string, action: () => T): T {
  try {
    return action()
  } catch (error) {
    const code = errorCode(error)
    throw new Fault(code === 'ENOENT' ? 'CA_MISSING' : 'CA_UNREADABLE', `${what}: ${code}`)
  }
}

function errorCode(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? 'unknown error'
}
