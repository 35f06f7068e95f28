import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { dropStaleCopies, rebuildIndex } from '../../../src/app/side-copies.ts'
import { Fault } from '../../../src/base/faults.ts'
import type { SqliteKeyvStorage } from '../../../src/store/sqlite-keyv-storage.ts'
import type { SqliteRecordBundles } from '../../../src/store/sqlite-record-bundles.ts'
import { recordFolder } from '../../support/record-folder.ts'

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
  const { copies, index } = recordFolder(t).open()
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
  const { copies, index } = recordFolder(t).open()
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
  const folder = recordFolder(t)
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
  const folder = recordFolder(t)
  const first = folder.open()
  await keep(first.copies, ['a'])
  await rebuildIndex(first.copies, first.index, () => {})
  await first.index.delete('a')
  await first.close()
  assert.ok(!folder.open().index.isPartial)
})

test('of several copies of a key the newest comes back, and none that was removed later', async (t) => {
  const { copies, index } = recordFolder(t).open()
  await keep(copies, ['a', 'b', 'c', 'd'])
  copies.keep('a', 'older than the next')
  copies.keep('a', 'newest')
  copies.keep('b', undefined)
  copies.keep('c', undefined)
  await copies.flush()
  copies.keep('c', 'there again')
  await copies.flush()
  assert.equal(await rebuildIndex(copies, index, () => {}), 3)
  assert.deepEqual(
    ['a', 'b', 'c', 'd'].map((key) => index.peek(key)),
    ['newest', undefined, 'there again', 'd of before'],
  )
})

test('what was kept but is not written yet comes back when the index is lost in the running process', async (t) => {
  const folder = recordFolder(t)
  const { copies, index } = folder.open()
  await index.setWhole()
  await keep(copies, ['a', 'b'])
  for (const suffix of ['', '-wal', '-shm']) rmSync(join(folder.folder, `index.db${suffix}`))
  await index.heal()
  copies.keep('a', 'newest')
  copies.keep('b', undefined)
  copies.keep('c', 'new')
  const all = (): unknown[] => ['a', 'b', 'c'].map((key) => index.peek(key))
  assert.ok(!index.isWhole)
  assert.deepEqual(all(), ['newest', undefined, 'new'])
  await rebuildIndex(copies, index, () => {})
  assert.ok(index.isWhole)
  assert.deepEqual(all(), ['newest', undefined, 'new'])
})

test('a bundle that is damaged does not come back, and neither does what it overruled', async (t) => {
  const folder = recordFolder(t)
  const { copies, index } = folder.open()
  await keep(copies, ['a', 'b'])
  copies.keep('a', 'newer')
  await copies.flush()
  await keep(copies, ['c'])
  folder.look((database) => {
    const { id, entries } = database.prepare('SELECT id, entries FROM bundle ORDER BY id LIMIT 1 OFFSET 1').get() as {
      id: number
      entries: Uint8Array
    }
    entries[entries.length - 1]! ^= 1
    database.prepare('UPDATE bundle SET entries = ? WHERE id = ?').run(entries, id)
  })
  const all = (): unknown[] => ['a', 'b', 'c'].map((key) => index.peek(key))
  assert.deepEqual(all(), [undefined, 'b of before', 'c of before'])
  await rebuildIndex(copies, index, () => {})
  assert.deepEqual(all(), [undefined, 'b of before', 'c of before'])
})

test('when taking a record back fails, no older copy of it takes its place', async (t) => {
  const { copies, index } = recordFolder(t).open()
  await keep(copies, ['a'])
  copies.keep('a', 'newest')
  await copies.flush()
  const takeBack = index.takeBack.bind(index)
  const given: string[] = []
  t.mock.method(index, 'takeBack', async (key: string, value: string) => {
    given.push(value)
    if (given.length === 1) throw new Fault('STORE_NO_SPACE', 'the disk is full')
    return takeBack(key, value)
  })
  await assert.rejects(
    rebuildIndex(copies, index, () => {}),
    /full/,
  )
  assert.deepEqual(given, ['newest'])
  assert.ok(index.isPartial)
  await rebuildIndex(copies, index, () => {})
  assert.equal(index.peek('a'), 'newest')
})
