import { linkSync, mkdirSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs'
import { Fault } from '../base/faults.ts'
import type { Layout } from './layout.ts'

const privateFile = 0o600
const privateFolder = 0o700

export interface StoreLock {
  release(): void
}

/**
 * Takes the data folder for this process; one daemon per folder (CORRECTNESS T07). The lock names process, its start
 * and the boot, so that a lock whose process is gone is taken over. Throws `STORE_IN_USE`, or `STORE_UNWRITABLE`.
 */
export function acquireStoreLock(layout: Layout): StoreLock {
  const own = describe(process.pid)!
  const draft = `${layout.lock}.${process.pid}`
  try {
    mkdirSync(layout.root, { recursive: true, mode: privateFolder })
    writeFileSync(draft, own, { mode: privateFile })
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
  return {
    release: () => {
      if (read(layout.lock) === own) unlinkSync(layout.lock)
    },
  }
}

/** Linking appears whole or not at all, and fails when there is a lock. */
function take(layout: Layout, draft: string): void {
  for (let attempt = 0; attempt < 3; attempt++) {
    try {
      linkSync(draft, layout.lock)
      return
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
    const found = read(layout.lock)
    if (found === undefined) continue
    const pid = Number.parseInt(found, 10)
    if (describe(pid) === found) throw new Fault('STORE_IN_USE', `${layout.root} is used by process ${pid}`)
    unlinkSync(layout.lock)
  }
  throw new Fault('STORE_IN_USE', `${layout.root}: others take its lock again and again`)
}

/** Process, its start time and the boot; `undefined` when there is no such process. */
function describe(pid: number): string | undefined {
  const stat = read(`/proc/${pid}/stat`)
  if (stat === undefined) return pid === process.pid ? `${pid}\n` : undefined
  // Field 22, counted behind the command's name, which may hold spaces (proc(5)).
  const started = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
  return `${pid} ${started} ${read('/proc/sys/kernel/random/boot_id')?.trim() ?? '-'}\n`
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}
