import { lstatSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Clock } from '../base/clock.ts'
import { parseDigest } from '../base/digest.ts'
import type { BlobRef } from './blob-store.ts'
import { fanOut, type Layout } from './layout.ts'

/** Files looked at between two turns of the event loop: a millisecond or less. */
const sliceCount = 200
/** A start may wait so long for the walk, which is enough for a hundred thousand files. */
const startMs = 250

/**
 * Tells `found` of every blob that has a file: at once what can be seen in a quarter of a second, the rest in slices that
 * hold nobody up. `undefined`: that was all.
 */
export function walkBlobFiles(layout: Layout, clock: Clock, found: (ref: BlobRef) => void): Promise<void> | undefined {
  const files = blobFiles(layout)
  const untilMs = clock.elapsed() + startMs
  while (clock.elapsed() < untilMs) if (takeSlice(files, found)) return undefined
  return takeRest(files, found)
}

/** Tells `found` of every blob that has a file, in slices that hold nobody up, until it `isOver`. */
export function walkAgain(layout: Layout, found: (ref: BlobRef) => void, isOver: () => boolean): Promise<void> {
  return takeRest(blobFiles(layout), found, isOver)
}

async function takeRest(
  files: Iterator<BlobRef>,
  found: (ref: BlobRef) => void,
  isOver = (): boolean => false,
): Promise<void> {
  do await new Promise(setImmediate)
  while (!isOver() && !takeSlice(files, found))
}

/** Answers whether these were the last. */
function takeSlice(files: Iterator<BlobRef>, found: (ref: BlobRef) => void): boolean {
  for (let i = 0; i < sliceCount; i++) {
    const next = files.next()
    if (next.done) return true
    found(next.value)
  }
  return false
}

function* blobFiles(layout: Layout): Generator<BlobRef, undefined> {
  for (const folder of fanOut()) {
    for (const name of readdirSync(join(layout.blobs, folder))) {
      const digest = parseDigest(name)
      if (digest === undefined) continue
      const stats = lstatSync(join(layout.blobs, folder, name), { throwIfNoEntry: false })
      if (stats?.isFile()) yield { digest, sizeBytes: stats.size }
    }
  }
}
