import {
  closeSync,
  constants,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { dirname } from 'node:path'
import type { Layout } from './layout.ts'

/** Files changed so long before the last sign of life may not have survived a power loss, whatever the disk promised. */
const suspectMs = 10 * 60 * 1000
const privateFile = 0o600
const unknownBoot = '-\n'
const nsPerMs = 1_000_000n

/** What was written shortly before the folder was last left without a word. */
export interface Suspects {
  /** Was the folder not closed in order? */
  readonly isUnclean: boolean
  /**
   * May the machine have stopped with the folder in use, and not the daemon alone? A process that is killed leaves SQLite's files as its last
   * commit left them: what it wrote is what the kernel has.
   */
  readonly wasCut: boolean
  includes(changedAtNs: bigint): boolean
}

/**
 * Says which files are suspect and takes the mark of a clean stop away, durably, before anything is written. The mark names the boot: after
 * another one, what was written last is looked at as well.
 */
export function takeCleanMark(layout: Layout): Suspects {
  const isNew = statSync(layout.smallBlobs, { throwIfNoEntry: false }) === undefined
  const [mark, boot] = [readText(layout.clean), bootId()]
  const isUnclean = !isNew && mark !== boot
  const wasCut = !isNew && mark === undefined && (readText(layout.boot) !== boot || boot === unknownBoot)
  const lastSignMs = Math.max(
    ...[layout.smallBlobs, layout.index].flatMap((path) => [path, `${path}-wal`]).map(changedAtMs),
  )
  const since = BigInt(Math.floor(lastSignMs - suspectMs)) * nsPerMs
  rmSync(layout.clean, { force: true })
  syncFolder(dirname(layout.clean))
  return { isUnclean, wasCut, includes: (changedAtNs) => isUnclean && changedAtNs >= since }
}

/** The databases are open, and sound as far as can be known: until the next boot no crash of a daemon changes that. */
export function setSoundMark(layout: Layout): void {
  try {
    writeFileSync(layout.boot, bootId(), { mode: privateFile })
  } catch {
    // Then the next start looks at them.
  }
}

/** Everything is written and closed. A mark that cannot be set is missing, as after an unclean stop. */
export function setCleanMark(layout: Layout): void {
  const draft = `${layout.clean}.new`
  try {
    writeFileSync(draft, bootId(), { mode: privateFile, flush: true })
    renameSync(draft, layout.clean)
    syncFolder(dirname(layout.clean))
  } catch {}
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8')
  } catch {
    return unknownBoot
  }
}

function changedAtMs(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0
}

function syncFolder(path: string): void {
  const fd = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY)
  try {
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}
