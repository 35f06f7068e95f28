import assert from 'node:assert/strict'
import { tmpdir } from 'node:os'
import { describe, test } from 'node:test'
import { FolderSync } from '../../../src/store/folder-sync.ts'
import { failing, watchedDisk } from '../../support/watched-disk.ts'

describe('Folder sync', () => {
  test('all who come within a window share one fsync; another folder has its own', async () => {
    const disk = watchedDisk()
    const folders = new FolderSync(disk)
    await Promise.all([...Array.from({ length: 50 }, () => folders.sync(tmpdir())), folders.sync('/')])
    assert.equal(disk.count('fsync'), 2)
    assert.equal(disk.count('open'), disk.count('close'))
  })

  test('who comes while an fsync runs waits for the next one: the first may not have seen its rename', async () => {
    const began = Promise.withResolvers<void>()
    const goOn = Promise.withResolvers<void>()
    const disk = watchedDisk({
      fsync: () => {
        began.resolve()
        return goOn.promise
      },
    })
    const folders = new FolderSync(disk)
    const first = folders.sync(tmpdir())
    await began.promise
    const second = folders.sync(tmpdir())
    assert.notEqual(second, first)
    goOn.resolve()
    await Promise.all([first, second])
    assert.equal(disk.count('fsync'), 2)
  })

  test('an error reaches all who waited, and nobody after them', async () => {
    let broken = true
    const disk = watchedDisk({ fsync: () => (broken ? failing('EIO')() : Promise.resolve()) })
    const folders = new FolderSync(disk)
    const waiting = [folders.sync(tmpdir()), folders.sync(tmpdir())]
    for (const result of await Promise.allSettled(waiting)) assert.equal(result.status, 'rejected')
    broken = false
    await folders.sync(tmpdir())
    assert.equal(disk.count('open'), disk.count('close'))
  })
})
