import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { type OpenedRecords, recordFolder } from '../../support/record-folder.ts'

const count = 1_000
const keyOf = (number: number): string => `https://example.org/${number}`

async function keepAll({ copies }: OpenedRecords, version: number): Promise<void> {
  for (let number = 0; number < count; number++) copies.keep(keyOf(number), `${number} in version ${version}`)
  await copies.flush()
}

describe('The copy of a record is found by its key', () => {
  test('in the newest bundle that has it, after a restart as well, and not once it was removed', async (t) => {
    const folder = recordFolder(t)
    const first = folder.open()
    await keepAll(first, 1)
    await keepAll(first, 2)
    first.copies.keep(keyOf(7), undefined)
    await first.copies.flush()
    const check = ({ byKey }: OpenedRecords): void => {
      for (let number = 0; number < count; number++) {
        assert.equal(byKey.copyOf(keyOf(number)), number === 7 ? undefined : `${number} in version 2`)
      }
      assert.equal(byKey.copyOf('https://example.org/never'), undefined)
    }
    check(first)
    await first.close()
    check(folder.open())
  })

  test('before it is written, while it is, and when it was written after the first one was asked for', async (t) => {
    const { copies, byKey } = recordFolder(t).open()
    copies.keep('a', '1')
    assert.equal(byKey.copyOf('a'), '1')
    const written = copies.flush()
    copies.keep('b', '1')
    assert.deepEqual([byKey.copyOf('a'), byKey.copyOf('b')], ['1', '1'])
    copies.keep('a', '2')
    assert.equal(byKey.copyOf('a'), '2')
    await written
    assert.deepEqual([byKey.copyOf('a'), byKey.copyOf('b')], ['2', '1'])
    await copies.flush()
    assert.deepEqual([byKey.copyOf('a'), byKey.copyOf('b')], ['2', '1'])
    copies.keep('a', undefined)
    assert.equal(byKey.copyOf('a'), undefined)
    await copies.flush()
    assert.equal(byKey.copyOf('a'), undefined)
  })

  test('in the file that is there now, and after all were forgotten', async (t) => {
    const { folder, open } = recordFolder(t)
    const { side, copies, byKey } = open()
    copies.keep('a', '1')
    await copies.flush()
    assert.equal(byKey.copyOf('a'), '1')
    byKey.forget()
    assert.equal(byKey.copyOf('a'), '1')
    for (const suffix of ['', '-wal', '-shm']) rmSync(join(folder, `side.db${suffix}`))
    await side.heal()
    assert.equal(byKey.copyOf('a'), undefined)
    copies.keep('b', '1')
    await copies.flush()
    assert.deepEqual([byKey.copyOf('a'), byKey.copyOf('b')], [undefined, '1'])
  })
})
