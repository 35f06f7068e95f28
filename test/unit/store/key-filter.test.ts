import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { KeyFilter } from '../../../src/store/key-filter.ts'
import { Checkpointer } from '../../../src/store/sqlite-checkpointer.ts'
import { SqliteKeyvStorage } from '../../../src/store/sqlite-keyv-storage.ts'
import { makeStoreFolder } from '../../support/store-folder.ts'

describe('The filter of keys', () => {
  test('has every key that was added', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary' })), (keys) => {
        const filter = new KeyFilter()
        for (const key of keys) filter.add(key)
        assert.equal(
          keys.every((key) => filter.mayHave(key)),
          true,
        )
      }),
      { numRuns: 30 },
    )
  })

  test('knows of nearly all other keys that they were not', () => {
    const filter = new KeyFilter()
    const name = (number: number): string => `GET http://example.org/pool/${number}.deb`
    for (let number = 0; number < 100_000; number++) filter.add(name(number))
    let mistaken = 0
    for (let number = 100_000; number < 200_000; number++) if (filter.mayHave(name(number))) mistaken++
    assert.equal(mistaken < 100, true, `${mistaken} of 100000`)
  })
})

describe('A storage that is opened again', () => {
  test('finds its records before and after it has learnt their keys', async () => {
    const folder = makeStoreFolder()
    const checkpointer = new Checkpointer()
    const open = (): SqliteKeyvStorage => new SqliteKeyvStorage(folder.layout.index, checkpointer)
    const names = Array.from({ length: 1_800 }, (_, number) => `key ${number}`)
    const first = open()
    await Promise.all(names.map((name) => first.set(name, name)))
    await first.disconnect()
    const again = open()
    for (let turn = 0; turn < 6; turn++) {
      assert.deepEqual(
        names.filter((name) => again.peek(name) !== name),
        [],
      )
      assert.equal(again.peek(`other ${turn}`), undefined)
      await new Promise((resolve) => setImmediate(resolve))
    }
    await again.delete('key 7')
    await again.set('new', 'value')
    assert.deepEqual([again.peek('key 7'), again.peek('new')], [undefined, 'value'])
    await again.disconnect()
    await checkpointer.close()
    folder.remove()
  })
})
