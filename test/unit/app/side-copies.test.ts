import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { dropStaleCopies, rebuildIndex } from '../../../src/app/side-copies.ts'
import { Fault } from '../../../src/base/faults.ts'
import { CopiesByKey } from '../../../src/store/copies-by-key.ts'
import { Checkpointer } from '../../../src/store/sqlite-checkpointer.ts'
import { SqliteKeyvStorage } from '../../../src/store/sqlite-keyv-storage.ts'
import type { SqliteRecordBundles } from '../../../src/store/sqlite-record-bundles.ts'
import { SqliteSideStore } from '../../../src/store/sqlite-side-store.ts'

interface Opened {
  readonly index: SqliteKeyvStorage
  readonly copies: SqliteRecordBundles
  close(): Promise<void>
}

/** A folder in which index and copies can be opened again and again. */
function folderOf(t: TestContext): { open(): Opened } {
  const folder = mkdtempSync(join(tmpdir(), 'larder-copies-'))
  let last: Opened | undefined
  t.after(async () => {
    await last?.close()
    rmSync(folder, { recursive: true })
  })
  const open = (): Opened => {
    const checkpointer = new Checkpointer()
    const side = new SqliteSideStore(join(folder, 'side.db'), checkpointer, (error) => assert.fail(String(error)))
    const copies = side.records
    const index = new SqliteKeyvStorage(
      join(folder, 'index.db'),
      checkpointer,
      undefined,
      undefined,
      undefined,
      new CopiesByKey(copies),
    )
    const close = async (): Promise<void> => {
      last = undefined
      for (const one of [() => index.disconnect(), () => side.close(), () => checkpointer.close()]) await one()
    }
    last = { index, copies, close }
    return last
  }
  return { open }
}

async function keep(copies: SqliteRecordBundles, keys: readonly string[]): Promise<void> {
  for (const key of keys) copies.keep(key, `${key} of before`)
  await copies.flush()
}

async function keysOf(index: SqliteKeyvStorage): Promise<string[]> {
  const keys: string[] = []
  for await (const [key] of index.iterator()) keys.push(String(key))
  return keys.sort()
}

test('an index that is made again from copies keeps the newer records that came meanwhile', async (t) => {
  const { copies, index } = folderOf(t).open()
  await keep(copies, ['a', 'b', 'c'])
  await index.set('b', 'newer')
  const count = await rebuildIndex(copies, index, () => {})
  assert.equal(count, 2)
  assert.deepEqual(
    ['a', 'b', 'c'].map((key) => index.peek(key)),
    ['a of before', 'newer', 'c of before'],
  )
})

test('until an index is made again from copies they are read; a list waits for all of them', async (t) => {
  const { copies, index } = folderOf(t).open()
  await keep(copies, ['a', 'b'])
  assert.ok(index.isPartial)
  assert.equal(index.peek('a'), 'a of before')
  await assert.rejects(keysOf(index), /not all back/)
  const done = rebuildIndex(copies, index, () => {})
  assert.equal(index.peek('b'), 'b of before')
  assert.deepEqual(await keysOf(index), ['a', 'b'])
  assert.ok(index.isWhole)
  await done
  assert.ok(!index.isPartial)
})

test('what was removed while an index is made again stays removed, after a restart in the middle as well', async (t) => {
  const folder = folderOf(t)
  const names = Array.from({ length: 2_500 }, (_, number) => `key ${number}`)
  const gone = ['key 3', 'key 1200', 'key 2400']
  const first = folder.open()
  await keep(first.copies, names)
  // The copies of what is removed here stay, as after a loss of power: they are written behind.
  const halfWay = Promise.withResolvers<void>()
  const over = { is: false }
  const made = rebuildIndex(
    first.copies,
    first.index,
    () => halfWay.resolve(),
    () => over.is,
  )
  assert.equal(await first.index.delete(gone[2]!), true)
  await halfWay.promise
  assert.equal(await first.index.delete(gone[0]!), true)
  assert.equal(await first.index.delete(gone[1]!), true)
  assert.equal(await first.index.delete(gone[1]!), false)
  for (const key of gone) assert.equal(first.index.peek(key), undefined)
  over.is = true
  await assert.rejects(made, Fault)
  await first.close()

  const second = folder.open()
  assert.ok(second.index.isPartial)
  await rebuildIndex(second.copies, second.index, () => {})
  assert.deepEqual(await keysOf(second.index), names.filter((name) => !gone.includes(name)).sort())
  await dropStaleCopies(second.index, second.copies, () => false)
  await second.copies.flush()
  assert.deepEqual(
    [...second.copies.records()]
      .flat()
      .map(([key]) => key)
      .sort(),
    await keysOf(second.index),
  )
})

test('an index from which everything was removed is not made again', async (t) => {
  const folder = folderOf(t)
  const first = folder.open()
  await keep(first.copies, ['a'])
  await rebuildIndex(first.copies, first.index, () => {})
  await first.index.delete('a')
  await first.close()
  assert.ok(!folder.open().index.isPartial)
})
