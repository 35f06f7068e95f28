import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { evaluateConditions, ifRangeHolds } from '../../../src/http/conditions.ts'
import { Fields } from '../../../src/http/fields.ts'

const earlier = 'Sun, 06 Nov 1994 08:49:36 GMT'
const modified = 'Sun, 06 Nov 1994 08:49:37 GMT'
const later = 'Sun, 06 Nov 1994 08:49:38 GMT'
const strong = ['ETag', '"a"', 'Last-Modified', modified, 'Date', later]

const outcome = (request: readonly string[], fields: readonly string[] = strong, status = 200): string =>
  evaluateConditions(new Fields(request), { fields: new Fields(fields), status })
const holds = (request: readonly string[], fields: readonly string[] = strong): boolean =>
  ifRangeHolds(new Fields(request), { fields: new Fields(fields), status: 200 })

describe('Conditions', () => {
  test('If-None-Match compares weakly (RFC 9110 section 13.1.2)', () => {
    assert.equal(outcome(['If-None-Match', '"a"']), 'not-modified')
    assert.equal(outcome(['If-None-Match', '"b", W/"a"']), 'not-modified')
    assert.equal(outcome(['If-None-Match', '*']), 'not-modified')
    assert.equal(outcome(['If-None-Match', '"b"']), 'proceed')
    assert.equal(outcome(['If-None-Match', '"a"'], ['Last-Modified', modified]), 'proceed')
    assert.equal(outcome(['If-None-Match', 'a'], ['ETag', 'a']), 'proceed')
  })

  test('If-Modified-Since (RFC 9110 section 13.1.3)', () => {
    assert.equal(outcome(['If-Modified-Since', modified]), 'not-modified')
    assert.equal(outcome(['If-Modified-Since', later]), 'not-modified')
    assert.equal(outcome(['If-Modified-Since', earlier]), 'proceed')
    assert.equal(outcome(['If-Modified-Since', 'yesterday']), 'proceed')
  })

  test('If-None-Match takes precedence over If-Modified-Since (RFC 9110 section 13.2.2)', () => {
    assert.equal(outcome(['If-None-Match', '"b"', 'If-Modified-Since', later]), 'proceed')
  })

  test('Date stands in for a missing Last-Modified (RFC 9111 section 4.3.2)', () => {
    assert.equal(outcome(['If-Modified-Since', later], ['Date', later]), 'not-modified')
    assert.equal(outcome(['If-Modified-Since', earlier], ['Date', later]), 'proceed')
    assert.equal(outcome(['If-Modified-Since', later], []), 'proceed')
    assert.equal(outcome(['If-Modified-Since', later], ['Last-Modified', 'x', 'Date', later]), 'proceed')
  })

  test('If-Match compares strongly (RFC 9110 section 13.1.1)', () => {
    assert.equal(outcome(['If-Match', '"a"']), 'proceed')
    assert.equal(outcome(['If-Match', '*']), 'proceed')
    assert.equal(outcome(['If-Match', '"b"']), 'precondition-failed')
    assert.equal(outcome(['If-Match', 'W/"a"'], ['ETag', 'W/"a"']), 'precondition-failed')
  })

  test('If-Unmodified-Since counts without If-Match only (RFC 9110 sections 13.1.4, 13.2.2)', () => {
    assert.equal(outcome(['If-Unmodified-Since', earlier]), 'precondition-failed')
    assert.equal(outcome(['If-Unmodified-Since', modified]), 'proceed')
    assert.equal(outcome(['If-Unmodified-Since', 'x']), 'proceed')
    assert.equal(outcome(['If-Match', '"a"', 'If-Unmodified-Since', earlier]), 'proceed')
  })

  test('If-Match passed, If-None-Match is still evaluated (RFC 9110 section 13.2.2)', () => {
    assert.equal(outcome(['If-Match', '"a"', 'If-None-Match', '"a"']), 'not-modified')
  })

  test('conditions do not concern what is no success (RFC 9110 section 13.2.1)', () => {
    assert.equal(outcome(['If-None-Match', '*'], strong, 404), 'proceed')
  })

  test('If-Range compares strongly (RFC 9110 section 13.1.5)', () => {
    assert.equal(holds([]), true)
    assert.equal(holds(['If-Range', '"a"']), true)
    assert.equal(holds(['If-Range', '"b"']), false)
    assert.equal(holds(['If-Range', 'W/"a"'], ['ETag', 'W/"a"']), false)
    assert.equal(holds(['If-Range', 'nonsense']), false)
    assert.equal(holds(['If-Range', '"a"'], []), false)
    assert.equal(holds(['If-Range', '"b", "a"']), false)
    assert.equal(holds(['If-Range', '*']), false)
    assert.equal(holds(['If-Range', '']), false)
    assert.equal(holds(['If-Range', '"a"'], ['ETag', '"a"', 'ETag', '"a"']), false)
  })

  test('a date in If-Range must be exact and a strong validator (RFC 9110 section 8.8.2.2)', () => {
    const minuteLater = 'Sun, 06 Nov 1994 08:50:37 GMT'
    const dated = ['Last-Modified', modified, 'Date', minuteLater]
    assert.equal(holds(['If-Range', modified], dated), true)
    assert.equal(holds(['If-Range', later], dated), false)
    assert.equal(holds(['If-Range', earlier], dated), false)
    assert.equal(holds(['If-Range', minuteLater], dated), false)
    assert.equal(
      holds(['If-Range', modified], ['Last-Modified', modified, 'Date', 'Sun, 06 Nov 1994 08:50:36 GMT']),
      false,
    )
    assert.equal(holds(['If-Range', modified], ['Last-Modified', 'yesterday', 'Date', minuteLater]), false)
    assert.equal(holds(['If-Range', modified], ['Last-Modified', modified, 'Date', modified]), false)
    assert.equal(holds(['If-Range', modified], ['Last-Modified', modified]), false)
  })
})
