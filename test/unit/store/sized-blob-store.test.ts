import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { digestOf } from '../../../src/base/digest.ts'
import { Fault } from '../../../src/base/faults.ts'
import { MemoryBlobStore } from '../../../src/store/memory-blob-store.ts'
import { SizedBlobStore } from '../../../src/store/sized-blob-store.ts'

const digest = digestOf(Buffer.from('content'))

class BrokenRows extends MemoryBlobStore {
  async put(): Promise<void> {}

  override async delete(): Promise<boolean> {
    throw new Fault('STORE_NO_SPACE', 'the database is full')
  }
}

class HeldFiles extends MemoryBlobStore {
  readonly unlinked = Promise.withResolvers<boolean>()

  override delete(): Promise<boolean> {
    return this.unlinked.promise
  }
}

test('a blob whose file is removed is gone, also where its row could not be looked for, and not before', async () => {
  const files = new HeldFiles()
  let isOver = false
  const deleting = new SizedBlobStore(new BrokenRows(), files).delete(digest).finally(() => {
    isOver = true
  })
  await turn()
  assert.ok(!isOver, 'what comes next under this name would lose its file')
  files.unlinked.resolve(true)
  assert.equal(await deleting, true)
})

test('a blob that has no file, and whose row cannot be removed, is not said to be gone', async () => {
  const files = new HeldFiles()
  files.unlinked.resolve(false)
  await assert.rejects(new SizedBlobStore(new BrokenRows(), files).delete(digest), { code: 'STORE_NO_SPACE' })
})
