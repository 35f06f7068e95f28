import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { describe, test } from 'node:test'
import type { RemoteStorage } from '../../src/store/remote-storage.ts'
import { type GuardedIndex, openGuardedIndex } from '../support/guarded-index.ts'
import { plain, storedResponse } from '../support/stored-responses.ts'

/** What every index on a server promises whatever happens to its records there (CORRECTNESS T33). */
export function indexOnServerContract(name: string, makeRemote: () => RemoteStorage): void {
  const withIndex = async (work: (under: GuardedIndex) => Promise<void>): Promise<void> => {
    const under = await openGuardedIndex(makeRemote())
    try {
      await work(under)
    } finally {
      await under.end()
    }
  }
  const textOf = async ({ remote, seal }: GuardedIndex, key: string): Promise<string> =>
    (await remote.get(seal.nameOf(key)))!

  describe(`Index on a server: ${name}`, () => {
    test('a record with any letter changed is a miss, and told of (CORRECTNESS T33)', () =>
      withIndex(async (under) => {
        await under.index.update('k', () => [storedResponse(1)])
        const text = await textOf(under, 'k')
        const places = Array.from({ length: 40 }, (_, n) => Math.floor((n * (text.length - 1)) / 39))
        for (const place of places) {
          const other = text[place] === '7' ? '8' : '7'
          const flipped = text.slice(0, place) + other + text.slice(place + 1)
          await under.remote.set(under.seal.nameOf('k'), flipped)
          assert.deepEqual(await under.index.get('k'), [], `at ${place}`)
        }
        for (const part of [text.slice(0, -1), text.slice(1), `${text} `, text.slice(0, text.length / 2)]) {
          await under.remote.set(under.seal.nameOf('k'), part)
          assert.deepEqual(await under.index.get('k'), [])
        }
        assert.equal(under.told.filter((one) => one === 'forged' || one === 'malformed').length, places.length + 4)
        await under.index.update('k', () => [storedResponse(2)])
        assert.deepEqual(plain(await under.index.get('k')), plain([storedResponse(2)]))
      }))

    test("another key's record is a miss, and told of (CORRECTNESS T33)", () =>
      withIndex(async (under) => {
        await under.index.update('a', () => [storedResponse(1)])
        await under.index.update('b', () => [storedResponse(2)])
        await under.remote.set(under.seal.nameOf('b'), await textOf(under, 'a'))
        assert.deepEqual(await under.index.get('b'), [])
        assert.deepEqual(under.told, ['swapped'])
      }))

    test('a record that comes back after its purge is a miss, and told of; what is stored later counts (CORRECTNESS T33)', () =>
      withIndex(async (under) => {
        await under.index.update('k', () => [storedResponse(1)])
        const old = await textOf(under, 'k')
        assert.equal(await under.index.delete('k'), true)
        await under.remote.set(under.seal.nameOf('k'), old)
        assert.deepEqual(await under.index.get('k'), [])
        assert.deepEqual(under.told, ['replayed'])
        await under.index.update('k', () => [storedResponse(2)])
        assert.equal((await under.index.get('k')).length, 1)
      }))

    test('records of another secret or partition are a miss', async () => {
      const secret = randomBytes(32)
      const writer = await openGuardedIndex(makeRemote(), { secret })
      const text = await writer.index.update('k', () => [storedResponse(1)]).then(() => textOf(writer, 'k'))
      for (const options of [{ secret: randomBytes(32) }, { secret, partition: 'other' }]) {
        const reader = await openGuardedIndex(writer.remote, options)
        await reader.remote.set(reader.seal.nameOf('k'), text)
        assert.deepEqual(await reader.index.get('k'), [])
        assert.deepEqual(reader.told, ['forged'])
      }
      await writer.end()
    })

    test('two with the same secret see what the other stores', async () => {
      const secret = randomBytes(32)
      const remote = makeRemote()
      const first = await openGuardedIndex(remote, { secret })
      const second = await openGuardedIndex(remote, { secret })
      await first.index.update('k', () => [storedResponse(1)])
      await second.index.update('k', (before) => [storedResponse(2), ...before])
      assert.deepEqual(plain(await first.index.get('k')), plain([storedResponse(2), storedResponse(1)]))
      await first.end()
      await second.end()
    })
  })
}
