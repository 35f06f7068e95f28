import assert from 'node:assert/strict'
import { test } from 'node:test'
import { retryAfterMs } from '../../../src/http/retry-after.ts'

const now = Date.UTC(2026, 0, 1, 12, 0, 0)

for (const [text, ms] of [
  ['0', 0],
  ['120', 120_000],
  [' 3 ', 3_000],
  ['Thu, 01 Jan 2026 12:00:07 GMT', 7_000],
  ['Thursday, 01-Jan-26 12:00:07 GMT', 7_000],
  ['Thu, 01 Jan 2026 11:00:00 GMT', 0],
  ['-1', undefined],
  ['1.5', undefined],
  ['soon', undefined],
  ['', undefined],
  [undefined, undefined],
] as const) {
  test(`Retry-After ${JSON.stringify(text)} asks for ${ms} ms (RFC 9110 section 10.2.3)`, () => {
    assert.equal(retryAfterMs(text, now), ms)
  })
}
