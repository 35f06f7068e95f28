import assert from 'node:assert/strict'
import { tmpdir } from 'node:os'
import { describe, test } from 'node:test'
import { systemDisk } from '../../../src/store/disk.ts'
import { FolderSync } from '../../../src/store/folder-sync.ts'

/** Syncs of folders, each of which does what `fsync` does. */
function watched(fsync: () => Promise<void>): { readonly folders: FolderSync; count(): number } {
  let count = 0
  const disk = {
    ...systemDisk,
    fsync: () => {
      count += 1
      return fsync()
    },
  }
  return { folders: new FolderSync(disk), count: () => count }
}

describe('Folder sync', () => {
  test('all who come within a window share one fsync; another folder has its own', async () => {
    const { folders, count } = watched(async () => {})
    await Promise.all([...Array.from({ length: 50 }, () => folders.sync(tmpdir())), folders.sync('/')])
    assert.equal(count(), 2)
  })

  test('who comes while an fsync runs waits for the next one: the first may not have seen its rename', async () => {
    const began = Promise.withResolvers<void>()
    const goOn = Promise.withResolvers<void>()
    const { folders, count } = watched(() => {
      began.resolve()
      return goOn.promise
    })
    const first = folders.sync(tmpdir())
    await began.promise
    const second = folders.sync(tmpdir())
    assert.notEqual(second, first)
    goOn.resolve()
    await Promise.all([first, second])
    assert.equal(count(), 2)
  })

  test('an error reaches all who waited, and nobody after them', async () => {
    let broken = true
    const { folders } = watched(async () => {
      if (broken) throw new Error('made up')
    })
    const waiting = [folders.sync(tmpdir()), folders.sync(tmpdir())]
    for (const result of await Promise.allSettled(waiting)) assert.equal(result.status, 'rejected')
    broken = false
    await folders.sync(tmpdir())
  })
})
