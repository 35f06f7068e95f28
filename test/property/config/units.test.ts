import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { formatDuration, formatSize, longestDurationMs, parseDuration, parseSize } from '../../../src/config/units.ts'

describe('Units', () => {
  test('what was formatted parses to the same duration', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: longestDurationMs }), (ms) => {
        assert.equal(parseDuration(formatDuration(ms)), ms)
      }),
    )
  })

  test('what was formatted parses to the same size', () => {
    fc.assert(
      fc.property(
        fc
          .maxSafeInteger()
          .map(Math.abs)
          .filter((bytes) => bytes > 0 && bytes < 1e15),
        (bytes) => {
          assert.equal(parseSize(formatSize(bytes)), bytes)
        },
      ),
    )
  })

  test('any text is either a whole positive number or nothing', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[0-9.eE+-]{0,12} ?[a-zA-Z]{0,4}$/)), (text) => {
        for (const value of [parseDuration(text), parseSize(text)]) {
          assert.ok(value === undefined || (Number.isSafeInteger(value) && value > 0), `${text}: ${value}`)
        }
      }),
    )
  })
})
