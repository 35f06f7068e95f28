import { statfsSync } from 'node:fs'
import type { Clock } from '../base/clock.ts'

/** Of the room that other files leave, the store takes no more than this. */
const share = 0.8
const keptMs = 1000

/** How many bytes the store may take of the filesystem that `folder` is on, when it takes `usedBytes` now. */
export type FilesystemRoom = (usedBytes: number) => number

export function filesystemRoom(folder: string, clock: Clock): FilesystemRoom {
  let freeBytes = Infinity
  let askedMs = -Infinity
  return (usedBytes) => {
    const now = clock.elapsed()
    if (now - askedMs > keptMs) {
      askedMs = now
      freeBytes = freeBytesOf(folder)
    }
    return share * (freeBytes + usedBytes)
  }
}

/** What the store may take of the filesystem that `folder` is on when nothing else is on it. */
export function mostOnFilesystem(folder: string): number {
  try {
    const { blocks, bsize } = statfsSync(folder)
    return blocks > 0 ? share * blocks * bsize : Infinity
  } catch {
    return Infinity
  }
}

/** A filesystem that does not tell is none that limits us. */
function freeBytesOf(folder: string): number {
  try {
    const { bavail, bsize } = statfsSync(folder)
    return bavail * bsize
  } catch {
    return Infinity
  }
}
