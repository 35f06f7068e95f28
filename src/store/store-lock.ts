import { randomBytes } from 'node:crypto'
import { linkSync, readdirSync, readFileSync, renameSync, rmSync, statSync, unlinkSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { systemClock } from '../base/clock.ts'
import { Fault } from '../base/faults.ts'
import type { Layout } from './layout.ts'
import { makePrivateFolder } from './private-folder.ts'

const privateFile = 0o600
const maxAttemptCount = 10
/** An empty draft may be about to be written, but not for so long. */
const emptyDraftMs = 60_000

export interface StoreLock {
  /** Is it where it was put? */
  isHeld(): boolean
  /** Idempotent. */
  release(): void
}

/**
 * Takes the data folder for this process; one daemon per folder (CORRECTNESS T07). The lock names process, its start
 * and the boot, so that a lock whose process is gone is taken over. Throws `STORE_IN_USE`, or `STORE_UNWRITABLE`.
 */
export function acquireStoreLock(layout: Layout): StoreLock {
  const own = describe(process.pid) ?? `${process.pid} - -\n`
  const draft = `${layout.lock}.${randomBytes(8).toString('hex')}`
  try {
    makePrivateFolder(layout.root)
    removeDrafts(layout)
    writeFileSync(draft, own, { mode: privateFile, flag: 'wx' })
    try {
      take(layout, draft)
    } finally {
      unlinkSync(draft)
    }
  } catch (error) {
    if (error instanceof Fault) throw error
    const { code, message } = error as NodeJS.ErrnoException
    throw new Fault('STORE_UNWRITABLE', `${layout.root}: ${code ?? message}`, { cause: error })
  }
  const isHeld = (): boolean => read(layout.lock) === own
  return {
    isHeld,
    release: () => {
      if (isHeld()) unlinkSync(layout.lock)
    },
  }
}

/** Linking appears whole or not at all, and fails when there is a lock. */
function take(layout: Layout, draft: string): void {
  for (let attempt = 0; attempt < maxAttemptCount; attempt++) {
    if (linked(draft, layout.lock)) return
    const found = read(layout.lock)
    if (found === undefined) continue
    const pid = Number.parseInt(found, 10)
    if (describe(pid) === found) throw new Fault('STORE_IN_USE', `${layout.root} is used by process ${pid}`)
    remove(layout.lock, found, `${draft}.old`)
  }
  throw new Fault('STORE_IN_USE', `${layout.root}: others take its lock again and again`)
}

/** Removes the lock if it still reads `stale`: by now another process may have taken over, and would lose its own. */
function remove(lock: string, stale: string, aside: string): void {
  try {
    renameSync(lock, aside)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return
    throw error
  }
  if (read(aside) !== stale) linked(aside, lock)
  rmSync(aside, { force: true })
}

/** Removes what a process left that was killed while it took the lock. */
function removeDrafts(layout: Layout): void {
  const isDraft = new RegExp(`^${basename(layout.lock)}\\.[0-9a-f]{16}(?:\\.old)?$`)
  for (const name of readdirSync(layout.root).filter((one) => isDraft.test(one))) {
    const path = join(layout.root, name)
    const changedAt = statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0
    const found = read(path)
    const isLeft =
      found === ''
        ? changedAt < systemClock.now() - emptyDraftMs
        : found !== undefined && describe(Number.parseInt(found, 10)) !== found
    if (isLeft) rmSync(path, { force: true })
  }
}

function linked(from: string, to: string): boolean {
  try {
    linkSync(from, to)
    return true
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    // There is one already; or whoever took the lock meanwhile has removed what was put aside.
    if (code === 'EEXIST' || code === 'ENOENT') return false
    throw error
  }
}

/** Process, its start time and the boot; `undefined` when there is no such process any more. */
function describe(pid: number): string | undefined {
  const stat = read(`/proc/${pid}/stat`)
  if (stat === undefined) return undefined
  // State is field 3 and start time field 22, counted behind the command's name, which may hold spaces (proc(5)).
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  if (fields[0] === 'Z') return undefined
  return `${pid} ${fields[19]} ${read('/proc/sys/kernel/random/boot_id')?.trim() ?? '-'}\n`
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}
