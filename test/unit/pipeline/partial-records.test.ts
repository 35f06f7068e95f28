import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { digestOf } from '../../../src/base/digest.ts'
import { nextJoin, type PartRecord, piecesOf, withPart } from '../../../src/pipeline/partial-records.ts'
import type { StoredResponse } from '../../../src/store/stored-response.ts'
import { storedResponse } from '../../support/stored-responses.ts'

const total = 100

function partOf(first: number, last: number, fields = ['ETag', '"1"'], requestedAt = 1000): PartRecord {
  const content = { digest: digestOf(Buffer.from(`${first}-${last} ${fields.join()}`)), sizeBytes: last - first + 1 }
  const part = { first, last, sizeBytes: total }
  return { ...storedResponse(1), status: 206, fields, requestedAt, receivedAt: requestedAt + 1, content, part }
}

function wholeOf(fields: readonly string[], requestedAt = 1000, sizeBytes = total): StoredResponse {
  const content = { digest: digestOf(Buffer.from('whole')), sizeBytes }
  return { ...storedResponse(1), fields, requestedAt, receivedAt: requestedAt + 1, content }
}

const names = (records: readonly StoredResponse[]): string[] =>
  records.map(({ part }) => (part === undefined ? 'whole' : `${part.first}-${part.last}`))
const added = (stored: readonly StoredResponse[], part: PartRecord): string[] =>
  names(withPart(stored, part, 'standards'))

const one = ['ETag', '"1"']
const two = ['ETag', '"2"']
const weak = ['ETag', 'W/"1"']

describe('What a part does to what is stored (RFC 9111 sections 3.3 and 3.4)', () => {
  const rows: readonly (readonly [string, readonly StoredResponse[], PartRecord, readonly string[]])[] = [
    ['the first part', [], partOf(0, 9), ['0-9']],
    ['another of the same representation', [partOf(0, 9)], partOf(20, 29), ['20-29', '0-9']],
    ['one within another', [partOf(0, 9)], partOf(3, 4), ['0-9']],
    ['one around another', [partOf(3, 4), partOf(20, 29)], partOf(0, 9), ['0-9', '20-29']],
    ['one with another tag', [partOf(0, 9), partOf(20, 29)], partOf(5, 6, two, 2000), ['5-6']],
    ['an older one with another tag', [partOf(0, 9, one, 2000)], partOf(5, 6, two, 1000), ['0-9']],
    ['one with the same weak tag', [partOf(0, 9, weak)], partOf(10, 19, weak, 2000), ['10-19']],
    ['one without a tag beside another', [partOf(0, 9, [])], partOf(10, 19, [], 2000), ['10-19', '0-9']],
    ['one without a tag over another', [partOf(0, 9, [])], partOf(5, 19, [], 2000), ['5-19']],
    ['one without a tag over a newer', [partOf(0, 9, [], 2000)], partOf(5, 19, []), ['0-9']],
    ['one of a stored whole', [wholeOf(one)], partOf(0, 9), ['whole']],
    ['one with another tag than the whole', [wholeOf(one)], partOf(0, 9, two, 2000), ['0-9']],
    ['one with the tag of the whole and another length', [wholeOf(one, 1000, 7)], partOf(0, 9, one, 2000), ['0-9']],
    ['an older one with another tag than the whole', [wholeOf(one, 2000)], partOf(0, 9, two), ['whole']],
    ['one with a weak tag beside a whole', [wholeOf(weak)], partOf(0, 9, weak, 2000), ['whole']],
    ['one without a tag beside a whole', [wholeOf(one)], partOf(0, 9, [], 2000), ['whole']],
  ]
  for (const [what, stored, part, expected] of rows) {
    test(`${what}: then ${expected.join(', ')} is there`, () => assert.deepEqual(added(stored, part), expected))
  }

  test('the others of its representation get its fields, a whole included', () => {
    const news = partOf(50, 59, [...one, 'X-New', 'yes'], 2000)
    for (const stored of [partOf(0, 9), wholeOf(one)]) {
      const [kept] = withPart([stored], news, 'standards').filter((record) => record.part?.first !== 50)
      assert.deepEqual([kept!.fields, kept!.requestedAt, kept!.content], [news.fields, 2000, stored.content])
    }
  })

  test('an older one brings no fields, but its bytes', () => {
    const late = partOf(50, 59, [...one, 'X-Old', 'yes'], 500)
    const records = withPart([partOf(0, 9)], late, 'standards')
    assert.deepEqual(
      records.map(({ fields, requestedAt }) => [fields, requestedAt]),
      [
        [one, 1000],
        [one, 1000],
      ],
    )
  })

  test('other variants stay as they are', () => {
    const other = { ...wholeOf(two), vary: { accept: 'b' } }
    assert.deepEqual(withPart([other, partOf(0, 9)], partOf(5, 6, two, 2000), 'standards').includes(other), true)
  })

  test('no more than sixteen are kept, the newest', () => {
    let records: readonly StoredResponse[] = []
    for (let at = 0; at < 20; at += 1) records = withPart(records, partOf(at * 4, at * 4), 'standards')
    assert.equal(records.length, 16)
    assert.equal(records[0]!.part!.first, 76)
  })
})

describe('Parts to be joined', () => {
  const join = (...parts: PartRecord[]): string[] => names(nextJoin(parts, parts[0]!) ?? [])

  test('two that touch or overlap', () => {
    assert.deepEqual(join(partOf(10, 19), partOf(0, 9)), ['0-9', '10-19'])
    assert.deepEqual(join(partOf(5, 19), partOf(0, 9)), ['0-9', '5-19'])
  })

  test('not two with a byte between, or of different representations', () => {
    assert.deepEqual(join(partOf(11, 19), partOf(0, 9)), [])
    assert.deepEqual(join(partOf(10, 19), partOf(0, 9, two)), [])
    assert.deepEqual(join(partOf(10, 19, weak), partOf(0, 9, weak)), [])
    assert.deepEqual(join(partOf(10, 19, []), partOf(0, 9, [])), [])
  })

  test('all that are the whole together', () => {
    assert.deepEqual(join(partOf(50, 99), partOf(0, 9), partOf(10, 60)), ['0-9', '10-60', '50-99'])
    assert.deepEqual(join(partOf(0, 99)), ['0-99'])
  })

  test('a large one waits for one that is large as well', () => {
    const mebibyte = 1024 * 1024
    const large = (first: number, last: number): PartRecord => ({
      ...partOf(first, last),
      part: { first, last, sizeBytes: 100 * mebibyte },
    })
    assert.deepEqual(join(large(10 * mebibyte, 11 * mebibyte - 1), large(0, 10 * mebibyte - 1)), [])
    assert.equal(join(large(10 * mebibyte, 13 * mebibyte - 1), large(0, 10 * mebibyte - 1)).length, 2)
  })
})

describe('The pieces of a range', () => {
  const range = fc
    .tuple(fc.nat({ max: 30 }), fc.nat({ max: 30 }))
    .map(([a, b]) => ({ first: Math.min(a, b), last: Math.max(a, b) }))

  test('are exactly the range, each from a part that has it; none when a byte is in no part', () => {
    fc.assert(
      fc.property(range, fc.array(range, { maxLength: 8 }), (wanted, ranges) => {
        const parts = ranges.map((of) => ({ of, part: { ...of, sizeBytes: 31 } }))
        const pieces = piecesOf(wanted, parts)
        const bytes = Array.from({ length: wanted.last - wanted.first + 1 }, (_, at) => wanted.first + at)
        const isThere = (byte: number): boolean => ranges.some(({ first, last }) => first <= byte && byte <= last)
        assert.equal(pieces !== undefined, bytes.every(isThere))
        const found = (pieces ?? []).flatMap(({ of, first, last }) => {
          assert.ok(of.first <= first && last <= of.last)
          return Array.from({ length: last - first + 1 }, (_, at) => first + at)
        })
        if (pieces !== undefined) assert.deepEqual(found, bytes)
      }),
    )
  })
})
