import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { formatDuration, formatSize, parseDuration, parseSize } from '../../../src/config/units.ts'

describe('Durations and sizes', () => {
  const durations: readonly [string, number | undefined][] = [
    ['1ms', 1],
    ['30s', 30_000],
    ['2m', 120_000],
    ['1.5h', 5_400_000],
    ['24d', 2_073_600_000],
    ['25d', undefined],
    ['0s', undefined],
    ['0.5ms', undefined],
    ['30', undefined],
    ['30S', undefined],
    [' 30s', undefined],
    ['1h30m', undefined],
  ]
  for (const [text, ms] of durations) {
    test(`${JSON.stringify(text)} is ${ms === undefined ? 'no duration' : `${ms} ms`}`, () => {
      assert.equal(parseDuration(text), ms)
    })
  }

  const sizes: readonly [string, number | undefined][] = [
    ['1B', 1],
    ['20GiB', 20 * 2 ** 30],
    ['1.5 MiB', 1.5 * 2 ** 20],
    ['1GB', 1e9],
    ['1kB', 1000],
    ['1KB', undefined],
    ['1G', undefined],
    ['0GiB', undefined],
    ['9000TiB', undefined],
  ]
  for (const [text, bytes] of sizes) {
    test(`${JSON.stringify(text)} is ${bytes === undefined ? 'no size' : `${bytes} bytes`}`, () => {
      assert.equal(parseSize(text), bytes)
    })
  }

  test('print in the largest unit that divides them', () => {
    assert.deepEqual([formatDuration(90_000), formatDuration(60_000), formatDuration(1)], ['90s', '1m', '1ms'])
    assert.deepEqual([formatSize(2 ** 28), formatSize(1e9), formatSize(3)], ['256MiB', '1000000000B', '3B'])
  })
})
