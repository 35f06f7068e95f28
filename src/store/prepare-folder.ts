import {
  closeSync,
  fsyncSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { Fault } from '../base/faults.ts'
import { fanOut, isStagingName, type Layout, layoutVersion, stagingFile } from './layout.ts'
import { makePrivateFolder } from './private-folder.ts'

const privateFile = 0o600
const formatText = `layout=${layoutVersion}\n`

/**
 * Makes the data folder ready: its folders exist, what an interrupted ingest left is gone, and the layout is ours.
 * Throws `STORE_UNWRITABLE` naming folder and reason, or `STORE_LAYOUT_UNKNOWN`.
 */
export function prepareFolder(layout: Layout): void {
  try {
    makePrivateFolder(layout.root)
    checkFormat(layout)
    for (const folder of [layout.staging, layout.blobs]) makePrivateFolder(folder)
    for (const name of fanOut()) makePrivateFolder(join(layout.blobs, name))
    // Nothing but what an ingest left: the folder may have been named by mistake.
    for (const name of readdirSync(layout.staging).filter(isStagingName)) unlinkSync(stagingFile(layout, name))
    for (const folder of [layout.blobs, layout.root]) syncFolder(folder)
    syncParent(layout.root)
  } catch (error) {
    if (error instanceof Fault) throw error
    const { code, message } = error as NodeJS.ErrnoException
    throw new Fault('STORE_UNWRITABLE', `${layout.root}: ${code ?? message}`, { cause: error })
  }
}

function checkFormat(layout: Layout): void {
  let text: string | undefined
  try {
    text = readFileSync(layout.format, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
  if (text === undefined) {
    // Whole or not at all: an empty one would keep every later version away.
    const draft = `${layout.format}.new`
    writeFileSync(draft, formatText, { mode: privateFile, flush: true })
    renameSync(draft, layout.format)
    return
  }
  if (text !== formatText) {
    throw new Fault('STORE_LAYOUT_UNKNOWN', `${layout.format} says ${JSON.stringify(text.slice(0, 40))}`)
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
