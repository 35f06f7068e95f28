import {
  closeSync,
  fsyncSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { Fault } from '../base/faults.ts'
import { fanOut, isStagingName, type Layout, layoutVersion, stagingFile } from './layout.ts'
import { makePrivateFolder } from './private-folder.ts'

const privateFile = 0o600

function formatText(version: number): string {
  return `layout=${version}\n`
}

/**
 * Makes the data folder ready: its folders exist, what an interrupted ingest left is gone, and the layout is ours or an older one, which is answered.
 * Throws `STORE_UNWRITABLE` naming folder and reason, or `STORE_LAYOUT_UNKNOWN`.
 */
export function prepareFolder(layout: Layout): number {
  try {
    makePrivateFolder(layout.root)
    const found = checkFormat(layout)
    for (const folder of [layout.staging, layout.blobs, layout.quarantine]) makePrivateFolder(folder)
    for (const name of fanOut()) makePrivateFolder(join(layout.blobs, name))
    // Nothing but what an ingest left: the folder may have been named by mistake.
    for (const name of readdirSync(layout.staging).filter(isStagingName)) unlinkSync(stagingFile(layout, name))
    // Drafts that were to take the place of a file when their process was killed.
    for (const file of [layout.format, layout.clean, layout.verifyState, layout.eviction])
      rmSync(`${file}.new`, { force: true })
    for (const folder of [layout.blobs, layout.root]) syncFolder(folder)
    syncParent(layout.root)
    return found
  } catch (error) {
    if (error instanceof Fault) throw error
    const { code, message } = error as NodeJS.ErrnoException
    throw new Fault('STORE_UNWRITABLE', `${layout.root}: ${code ?? message}`, { cause: error })
  }
}

/** Says that the folder has our layout: whole or not at all, as an empty file would keep every later version away. */
export function setFormat(layout: Layout): void {
  if (readFormat(layout) === formatText(layoutVersion)) return
  const draft = `${layout.format}.new`
  writeFileSync(draft, formatText(layoutVersion), { mode: privateFile, flush: true })
  renameSync(draft, layout.format)
  syncFolder(layout.root)
}

/** The layout that the folder has; a new folder gets ours. */
function checkFormat(layout: Layout): number {
  const text = readFormat(layout)
  if (text === undefined) {
    setFormat(layout)
    return layoutVersion
  }
  for (let version = 1; version <= layoutVersion; version++) if (text === formatText(version)) return version
  throw new Fault(
    'STORE_LAYOUT_UNKNOWN',
    `${layout.format} says ${JSON.stringify(text.slice(0, 40).trim())}, and layouts up to ${layoutVersion} are known here`,
  )
}

function readFormat(layout: Layout): string | undefined {
  try {
    return readFileSync(layout.format, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    return undefined
  }
}

/** The folder above may be closed to us; then whoever made ours in it answers for its name. */
function syncParent(folder: string): void {
  try {
    syncFolder(dirname(folder))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EACCES') throw error
  }
}

function syncFolder(folder: string): void {
  const fd = openSync(folder, 'r')
  try {
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}
