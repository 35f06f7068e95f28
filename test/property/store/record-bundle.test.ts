import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import {
  Bundle,
  BundleDraft,
  type BundleEntry,
  mostEntries,
  type StoredBundle,
} from '../../../src/store/record-bundle.ts'
import { recordsThatCount } from '../../../src/store/records-that-count.ts'

const text = fc.string({ unit: 'grapheme', maxLength: 40 })
const entry: fc.Arbitrary<BundleEntry> = fc.record(
  {
    key: fc.oneof(text, fc.constantFrom('a', 'b', 'c')),
    value: fc.option(text, { nil: undefined }),
  },
  { noNullPrototype: true },
)
const entries = fc.array(entry, { minLength: 1, maxLength: mostEntries })
const parts = ['hashes', 'entries', 'proof'] as const

/** Begins with hardly any room, so that it grows. */
function seal(given: readonly BundleEntry[]): StoredBundle {
  const draft = new BundleDraft(Buffer.alloc(8))
  for (const { key, value } of given) draft.add(key, value)
  return draft.seal()
}

function entriesOf(bundle: Bundle): BundleEntry[] {
  return Array.from({ length: bundle.count }, (_, number) => bundle.at(number))
}

describe('A bundle of records', () => {
  test('is read as it was made, and finds the last entry of each key', () => {
    fc.assert(
      fc.property(entries, (given) => {
        const bundle = Bundle.open(seal(given))!
        assert.deepEqual(entriesOf(bundle), given)
        for (const { key } of given)
          assert.deepEqual(
            bundle.find(key),
            given.findLast((one) => one.key === key),
          )
        assert.equal(bundle.find('in no bundle, since it is too long for what is made here'), undefined)
      }),
    )
  })

  test('can be read while it is being made', () => {
    fc.assert(
      fc.property(entries, (given) => {
        const draft = new BundleDraft(Buffer.alloc(8))
        for (const [number, { key, value }] of given.entries()) {
          draft.add(key, value)
          assert.deepEqual(draft.peek().find(key), { key, value })
          assert.equal(draft.count, number + 1)
        }
        assert.deepEqual(entriesOf(draft.peek()), given)
      }),
      { numRuns: 20 },
    )
  })

  test('is not whole when a byte of it is another one', () => {
    fc.assert(
      fc.property(
        entries,
        fc.constantFrom(...parts),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        (given, part, at, by) => {
          const stored = seal(given)
          const bytes = Buffer.from(stored[part])
          bytes[at % bytes.length]! ^= by
          assert.equal(Bundle.open({ ...stored, [part]: bytes }), undefined)
        },
      ),
    )
  })

  test('is not whole when it was cut, or its parts at another place', () => {
    fc.assert(
      fc.property(entries, fc.constantFrom(...parts), fc.nat(), (given, part, at) => {
        const stored = seal(given)
        const all = Buffer.concat([stored.hashes, stored.entries])
        const cut = at % stored[part].length
        assert.equal(Bundle.open({ ...stored, [part]: stored[part].subarray(0, cut) }), undefined)
        const place = at % all.length
        if (place === stored.hashes.length) return
        const moved = { ...stored, hashes: all.subarray(0, place), entries: all.subarray(place) }
        assert.equal(Bundle.open(moved), undefined)
      }),
    )
  })
})

test('of a log of bundles the first record of a key that comes, newest first, is what became of it last', () => {
  fc.assert(
    fc.property(fc.array(entries, { maxLength: 6 }), (log) => {
      const expected = new Map<string, string | undefined>()
      for (const { key, value } of log.flat()) expected.set(key, value)
      const found = new Map<string, string>()
      for (const page of recordsThatCount(log.map(seal).reverse())) {
        for (const [key, value] of page) if (!found.has(key)) found.set(key, value)
      }
      for (const [key, value] of expected) assert.equal(found.get(key), value)
    }),
  )
})

test('a bundle that is damaged is left out, and with it what is older of its keys', () => {
  const value = 'of before'
  const log = [
    seal([
      { key: 'a', value },
      { key: 'b', value },
    ]),
    seal([
      { key: 'a', value: 'newer' },
      { key: 'c', value: 'newer' },
    ]),
    seal([{ key: 'd', value: 'newest' }]),
  ]
  log[1]!.entries[9]! ^= 1
  const pages = [...recordsThatCount(log.toReversed())]
  assert.deepEqual(pages.flat(), [
    ['d', 'newest'],
    ['b', value],
  ])
})
