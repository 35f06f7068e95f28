import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { maxVariantCount, type ResponseIndex } from '../../src/store/response-index.ts'
import { isPinned } from '../../src/store/stored-record.ts'
import type { StoredResponse } from '../../src/store/stored-response.ts'
import { entriesOf, plain, storedResponse } from '../support/stored-responses.ts'

/** An index for one test, empty at first. */
export interface IndexUnderTest {
  readonly index: ResponseIndex
  /** Puts any text where the record of `key` belongs. */
  plant(key: string, text: string): Promise<void>
  /** Closes the index and removes what it left. */
  end(): Promise<void>
}

const oddKeys = [
  '__proto__',
  'constructor',
  'hasOwnProperty',
  '',
  'a:b',
  'keyv:x',
  'x'.repeat(8_000),
  'ä\u0000\n💡',
  '%',
]

const garbage = [
  '',
  'not json',
  'null',
  '[]',
  '{"v":1}',
  '{"v":1,"variants":{}}',
  '{"v":1,"variants":[null]}',
  '{"v":1,"variants":[]}',
  '{"value":"x","expires":1}',
  '\u0000\u0001',
]

/** One field of a record spoilt. */
const spoilt: Readonly<Record<string, unknown>> = {
  url: 5,
  status: 99,
  fields: ['odd'],
  requestedAt: '1',
  receivedAt: null,
  content: { digest: '../../x', sizeBytes: 1 },
  vary: { accept: 1 },
  rule: undefined,
  fetchMs: -1,
}

/** What every response index promises. */
export function responseIndexContract(name: string, makeIndex: () => Promise<IndexUnderTest>): void {
  const withIndex = async (work: (under: IndexUnderTest) => Promise<void>): Promise<void> => {
    const under = await makeIndex()
    try {
      await work(under)
    } finally {
      await under.end()
    }
  }

  describe(`Response index: ${name}`, () => {
    test('a key without a record has no variants', () =>
      withIndex(async ({ index }) => {
        assert.deepEqual(await index.get('https://example.org/'), [])
        assert.equal(await index.delete('https://example.org/'), false)
      }))

    test('variants come back as they were put, newest first', () =>
      withIndex(async ({ index }) => {
        const variants = [
          storedResponse(2, { vary: { 'accept-encoding': 'gzip', 'x-a': '' } }),
          storedResponse(1, { content: undefined, status: 404 }),
        ]
        await index.update('k', (before) => {
          assert.deepEqual(before, [])
          return variants
        })
        assert.deepEqual(plain(await index.get('k')), plain(variants))
        assert.equal((await index.get('k'))[1]!.content, undefined)
      }))

    test('a record can be read from the moment its update is acknowledged', () =>
      withIndex(async ({ index }) => {
        await Promise.all(
          Array.from({ length: 50 }, async (_, number) => {
            await index.update(`k${number}`, () => [storedResponse(number)])
            assert.equal((await index.get(`k${number}`))[0]?.url, storedResponse(number).url)
          }),
        )
      }))

    test('changes to one key happen one after another', () =>
      withIndex(async ({ index }) => {
        const numbers = Array.from({ length: 20 }, (_, number) => number)
        await Promise.all(numbers.map((n) => index.update('k', (before) => [storedResponse(n), ...before])))
        const urls = (await index.get('k')).map((variant) => variant.url)
        assert.deepEqual(
          urls,
          numbers.toReversed().map((n) => storedResponse(n).url),
        )
      }))

    test('an update whose change throws leaves the record and lets the next one through', () =>
      withIndex(async ({ index }) => {
        await index.update('k', () => [storedResponse(1)])
        const failed = index.update('k', () => {
          throw new Error('changed my mind')
        })
        const next = index.update('k', (before) => [storedResponse(2), ...before])
        await assert.rejects(failed, /changed my mind/)
        await next
        assert.equal((await index.get('k')).length, 2)
      }))

    test('a pin stays with the key, whatever replaces its variants, until it is taken off', () =>
      withIndex(async ({ index }) => {
        assert.equal(await index.setPinned('k', true), false)
        assert.deepEqual(await index.get('k'), [])
        await index.update('k', () => [storedResponse(1)])
        assert.equal(await index.setPinned('k', true), true)
        await index.update('k', () => [storedResponse(2), storedResponse(3, { vary: { a: 'b' } })])
        assert.deepEqual(
          (await index.get('k')).map((variant) => variant.pinned),
          [true, true],
        )
        assert.equal(await index.setPinned('k', false), true)
        await index.update('k', (before) => [storedResponse(4, { vary: { c: '' } }), ...before])
        assert.equal(isPinned(await index.get('k')), false)
      }))

    test('a pin does not outlive its key', () =>
      withIndex(async ({ index }) => {
        await index.update('k', () => [storedResponse(1)])
        await index.setPinned('k', true)
        await index.delete('k')
        await index.update('k', () => [storedResponse(1)])
        assert.equal(isPinned(await index.get('k')), false)
      }))

    test('an empty result removes the key', () =>
      withIndex(async ({ index }) => {
        await index.update('k', () => [storedResponse(1)])
        await index.update('k', () => [])
        assert.deepEqual(await index.get('k'), [])
        assert.deepEqual([...(await entriesOf(index)).keys()], [])
      }))

    test('delete removes a key and tells whether it was there', () =>
      withIndex(async ({ index }) => {
        await index.update('k', () => [storedResponse(1)])
        assert.equal(await index.delete('k'), true)
        assert.equal(await index.delete('k'), false)
        assert.deepEqual(await index.get('k'), [])
        await index.update('k', () => [storedResponse(2)])
        assert.equal((await index.get('k')).length, 1)
      }))

    test('a delete between two updates happens between them', () =>
      withIndex(async ({ index }) => {
        const add = (n: number) => index.update('k', (before) => [storedResponse(n), ...before])
        await Promise.all([add(1), index.delete('k'), add(2)])
        assert.deepEqual(plain(await index.get('k')), plain([storedResponse(2)]))
      }))

    test(`no more than ${maxVariantCount} variants are kept; the oldest go first (CORRECTNESS T40)`, () =>
      withIndex(async ({ index }) => {
        const many = Array.from({ length: maxVariantCount + 3 }, (_, number) => storedResponse(number))
        await index.update('k', () => many)
        assert.deepEqual(plain(await index.get('k')), plain(many.slice(0, maxVariantCount)))
      }))

    test('any text is a key, and means nothing else (CORRECTNESS T46)', () =>
      withIndex(async ({ index }) => {
        for (const key of oddKeys) assert.deepEqual(await index.get(key), [])
        for (const [n, key] of oddKeys.entries()) await index.update(key, () => [storedResponse(n)])
        for (const [n, key] of oddKeys.entries()) assert.equal((await index.get(key))[0]?.url, storedResponse(n).url)
        const found = await entriesOf(index)
        assert.deepEqual([...found.keys()].toSorted(), oddKeys.toSorted())
        for (const key of oddKeys) assert.equal(await index.delete(key), true)
      }))

    test('a field name of Vary means nothing else either', () =>
      withIndex(async ({ index }) => {
        const vary: { [name: string]: string } = Object.create(null)
        for (const name of ['__proto__', 'constructor']) vary[name] = 'x'
        await index.update('k', () => [storedResponse(1, { vary })])
        const [found] = await index.get('k')
        assert.deepEqual(Object.entries(found!.vary), [
          ['__proto__', 'x'],
          ['constructor', 'x'],
        ])
      }))

    test('what is no record is a miss, and can be replaced (CORRECTNESS T33)', () =>
      withIndex(async ({ index, plant }) => {
        for (const text of garbage) {
          await plant('k', text)
          assert.deepEqual(await index.get('k'), [], text)
        }
        assert.deepEqual([...(await entriesOf(index)).keys()], [])
        await index.update('k', (before) => [storedResponse(1), ...before])
        assert.equal((await index.get('k')).length, 1)
      }))

    test('a record of another version is a miss', () =>
      withIndex(async ({ index, plant }) => {
        await plant('k', JSON.stringify({ v: 4, variants: [storedResponse(1)] }))
        assert.deepEqual(await index.get('k'), [])
      }))

    test('a part keeps its place in the whole', () =>
      withIndex(async ({ index }) => {
        const part = storedResponse(5, { status: 206, part: { first: 10, last: 14, sizeBytes: 100 } })
        await index.update('k', () => [part, storedResponse(1)])
        assert.deepEqual(plain(await index.get('k')), plain([part, storedResponse(1)]))
      }))

    for (const [field, value] of Object.entries(spoilt)) {
      test(`a record with a wrong ${field} is a miss`, () =>
        withIndex(async ({ index, plant }) => {
          const variant = { ...storedResponse(1), [field]: value } as StoredResponse
          await plant('k', JSON.stringify({ v: 1, variants: [variant] }))
          assert.deepEqual(await index.get('k'), [])
        }))
    }

    test('entries names every key once, whatever changes meanwhile', () =>
      withIndex(async ({ index }) => {
        const keys = Array.from({ length: 1_200 }, (_, number) => `https://example.org/${number}`)
        await Promise.all(keys.map((key, number) => index.update(key, () => [storedResponse(number)])))
        const seen: string[] = []
        for await (const [key] of index.entries()) {
          seen.push(key)
          if (seen.length === 10) await index.update(keys[5]!, () => [storedResponse(9)])
        }
        assert.deepEqual(new Set(seen), new Set(keys))
        assert.equal(seen.length, keys.length)
      }))
  })
}
