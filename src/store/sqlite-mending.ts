import { constants } from 'node:fs'
import { dirname } from 'node:path'
import type { Disk } from './disk.ts'
import type { Checkpointer } from './sqlite-checkpointer.ts'
import { hiddenName, type SqliteFile } from './sqlite-file.ts'

const copyBytes = 1024 * 1024
const privateMode = 0o600

/**
 * Opens a SQLite file again after its disk failed (docs/decisions/0019). What the kernel still shows of the log may not be on the disk, and no sync
 * would tell: so the log is copied into a new file, which is synced. Its checksums end the replay where it is not whole.
 *
 * Closing the last connection would fold the log as it is shown into the file. SQLite leaves that out when the file
 * has lost its name; so it is renamed meanwhile. Every step can be repeated; the next start finishes them too.
 *
 * Rejects while the disk still fails.
 */
export async function reopen(file: SqliteFile, checkpointer: Checkpointer, disk: Disk): Promise<void> {
  const { path } = file
  await checkpointer.release(path)
  if (file.isOpen) {
    if (file.isMoved) file.fileCount += 1
    await present(disk.rename(path, hiddenName(path)))
    file.close()
  }
  await renewLog(path, disk)
  await present(disk.rename(hiddenName(path), path))
  await syncFolder(dirname(path), disk)
  file.open()
  if (await checkpointer.check(path)) return
  await checkpointer.release(path)
  file.setAside()
  file.close()
  file.open()
}

async function renewLog(path: string, disk: Disk): Promise<void> {
  const log = `${path}-wal`
  const source = await present(disk.open(log, constants.O_RDONLY | constants.O_NOFOLLOW))
  if (source === undefined) return
  const draft = `${log}.new`
  try {
    await present(disk.unlink(draft))
    await copy(source, draft, disk)
  } finally {
    await disk.close(source)
  }
  await disk.rename(draft, log)
}

async function copy(source: number, path: string, disk: Disk): Promise<void> {
  const target = await disk.open(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, privateMode)
  try {
    const buffer = Buffer.allocUnsafe(copyBytes)
    for (let position = 0; ; ) {
      const count = await disk.read(source, buffer, position)
      if (count === 0) break
      for (let done = 0; done < count; ) {
        done += await disk.writev(target, [buffer.subarray(done, count)], position + done)
      }
      position += count
    }
    await disk.fsync(target)
  } finally {
    await disk.close(target)
  }
}

async function syncFolder(path: string, disk: Disk): Promise<void> {
  const folder = await disk.open(path, constants.O_RDONLY | constants.O_DIRECTORY)
  try {
    await disk.fsync(folder)
  } finally {
    await disk.close(folder)
  }
}

/** `undefined` when there is no such file. */
async function present<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
