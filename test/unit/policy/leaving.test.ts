import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type Incomplete, leavingLimits, partToKeep, whenUnread } from '../../../src/policy/leaving.ts'

const mebibyte = 1024 * 1024

describe('A fill that nobody reads any more (CORRECTNESS T29)', () => {
  const stop = { kind: 'stop' } as const
  const rows: readonly [string, number, number | undefined, boolean, number | 'stop'][] = [
    ['nothing of a small one', 0, mebibyte, false, mebibyte],
    ['nothing of one of 16 MiB', 0, 16 * mebibyte, false, 16 * mebibyte],
    ['nothing of one byte more', 0, 16 * mebibyte + 1, false, 'stop'],
    ['all but 16 MiB', 10 * mebibyte, 26 * mebibyte, false, 26 * mebibyte],
    ['just less than half of much', 500 * mebibyte - 1, 1000 * mebibyte, false, 'stop'],
    ['half of much', 500 * mebibyte, 1000 * mebibyte, false, 1000 * mebibyte],
    ['99 % of much', 990 * mebibyte, 1000 * mebibyte, false, 1000 * mebibyte],
    ['much without a length', 500 * mebibyte, undefined, false, 516 * mebibyte],
    ['nothing without a length', 0, undefined, false, 16 * mebibyte],
    ['nothing of much, whose reader was served', 0, 1000 * mebibyte, true, 1000 * mebibyte],
    ['something without a length, whose reader was served', 7, undefined, true, 16 * mebibyte + 7],
    ['nothing of nothing', 0, 0, false, 0],
  ]
  for (const [title, doneBytes, declaredBytes, served, expected] of rows) {
    test(`${expected === 'stop' ? 'stops' : 'is finished'} with ${title}`, () => {
      const leaving = whenUnread({ doneBytes, declaredBytes, served }, leavingLimits)
      if (expected === 'stop') assert.deepEqual(leaving, stop)
      else assert.deepEqual([leaving.kind, leaving.kind === 'finish' && leaving.untilBytes], ['finish', expected])
    })
  }

  test('has half a minute, and a second for each 64 kB that are missing', () => {
    const progress = { doneBytes: 1000, declaredBytes: 641_000, served: false }
    assert.deepEqual(whenUnread(progress, leavingLimits), { kind: 'finish', untilBytes: 641_000, withinMs: 40_000 })
  })
})

describe('The part that is kept of an incomplete response (RFC 9111 section 3.3)', () => {
  const whole: Incomplete = {
    status: 200,
    fields: ['ETag', '"a"'],
    declaredBytes: 1000,
    part: undefined,
    doneBytes: 300,
  }
  const part = { first: 500, last: 999, sizeBytes: 2000 }

  test('is its beginning', () => {
    assert.deepEqual(partToKeep(whole, 100), { first: 0, last: 299, sizeBytes: 1000 })
  })
  test('is the beginning of the part that was coming', () => {
    const incomplete = { ...whole, status: 206, declaredBytes: 500, part }
    assert.deepEqual(partToKeep(incomplete, 100), { first: 500, last: 799, sizeBytes: 2000 })
  })
  const unkept: { readonly [title: string]: Partial<Incomplete> } = {
    'a weak entity tag': { fields: ['ETag', 'W/"a"'] },
    'a date alone': { fields: ['Last-Modified', 'Thu, 01 Jan 2026 00:00:00 GMT'] },
    'an entity tag that is none': { fields: ['ETag', 'a'] },
    'no declared length': { declaredBytes: undefined },
    'less than is worth it': { doneBytes: 99 },
    'nothing missing': { doneBytes: 1000 },
    'another status': { status: 404 },
  }
  for (const [title, change] of Object.entries(unkept)) {
    test(`is none with ${title}`, () => assert.equal(partToKeep({ ...whole, ...change }, 100), undefined))
  }
})
