import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { formatHttpDate, parseHttpDate } from '../../../src/http/http-date.ts'

const at = Date.UTC(1994, 10, 6, 8, 49, 37)

describe('HTTP-date (RFC 9110 section 5.6.7)', () => {
  for (const text of [
    'Sun, 06 Nov 1994 08:49:37 GMT',
    'Sunday, 06-Nov-94 08:49:37 GMT',
    'Sun Nov  6 08:49:37 1994',
    'Sun Nov 06 08:49:37 1994',
  ]) {
    test(`reads ${text}`, () => assert.equal(parseHttpDate(text), at))
  }

  for (const text of [
    '',
    '0',
    '-1',
    'Sun, 06 Nov 1994 08:49:37',
    'Sun, 06 Nov 1994 08:49:37 UTC',
    'Sun, 6 Nov 1994 08:49:37 GMT',
    'Sun, 31 Nov 1994 08:49:37 GMT',
    'Sun, 06 Nov 1994 24:00:00 GMT',
    'Sun, 06 Nov 1994 08:60:37 GMT',
    'sun, 06 nov 1994 08:49:37 gmt',
    'Sun, 06 Nov 1994 08:49:37 GMT, Sun, 06 Nov 1994 08:49:37 GMT',
    '1994-11-06T08:49:37Z',
  ]) {
    test(`is no date: ${text}`, () => assert.equal(parseHttpDate(text), undefined))
  }

  test('a two-digit year is never more than 50 years ahead', () => {
    const now = Date.UTC(2026, 0, 1)
    const year = (text: string): number => new Date(parseHttpDate(text, now)!).getUTCFullYear()
    assert.equal(year('Sunday, 06-Nov-75 08:49:37 GMT'), 2075)
    assert.equal(year('Wednesday, 01-Jan-76 00:00:00 GMT'), 2076)
    assert.equal(year('Wednesday, 01-Jan-76 00:00:01 GMT'), 1976)
    assert.equal(year('Sunday, 06-Nov-77 08:49:37 GMT'), 1977)
  })

  test('writes IMF-fixdate', () => assert.equal(formatHttpDate(at + 999), 'Sun, 06 Nov 1994 08:49:37 GMT'))
})
