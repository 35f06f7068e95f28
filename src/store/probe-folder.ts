import { randomBytes } from 'node:crypto'
import { constants } from 'node:fs'
import type { Disk } from './disk.ts'
import { type Layout, stagingFile } from './layout.ts'
import { storeFault } from './store-fault.ts'

/** A disk with less room than this is still full. */
const probeBytes = 1024 * 1024
const flags = constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW
const privateMode = 0o600

/** Does with a file what storing does: writes, syncs, reads, renames and removes it. Rejects with a store fault. */
export async function probeFolder(layout: Layout, disk: Disk): Promise<void> {
  let path = stagingFile(layout, randomBytes(16).toString('hex'))
  const doing = `probing ${layout.root}`
  try {
    const fd = await disk.open(path, flags, privateMode)
    try {
      await writeAndRead(fd, disk)
    } finally {
      await disk.close(fd)
    }
    const renamed = stagingFile(layout, randomBytes(16).toString('hex'))
    await disk.rename(path, renamed)
    path = renamed
    await syncFolder(layout.staging, disk)
  } catch (error) {
    await disk.unlink(path).catch(() => undefined)
    throw storeFault(doing, error)
  }
  await disk.unlink(path).catch((error) => {
    throw storeFault(doing, error)
  })
}

async function writeAndRead(fd: number, disk: Disk): Promise<void> {
  const written = randomBytes(probeBytes)
  for (let at = 0; at < probeBytes; ) at += await disk.writev(fd, [written.subarray(at)], at)
  await disk.fsync(fd)
  const read = Buffer.alloc(probeBytes)
  for (let at = 0; at < probeBytes; ) {
    const count = await disk.read(fd, read.subarray(at), at)
    if (count === 0) throw new Error(`the file ends at byte ${at} of ${probeBytes}`)
    at += count
  }
  if (!read.equals(written)) throw new Error('what is read is not what was written')
}

async function syncFolder(path: string, disk: Disk): Promise<void> {
  const folder = await disk.open(path, constants.O_RDONLY | constants.O_DIRECTORY)
  try {
    await disk.fsync(folder)
  } finally {
    await disk.close(folder)
  }
}
