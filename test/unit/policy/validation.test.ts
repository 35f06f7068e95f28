import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { rfcRule } from '../../../src/ecosystem/classify.ts'
import { currentAgeSeconds, freshnessProfile } from '../../../src/policy/freshness.ts'
import { confirms, freshened, validationFields } from '../../../src/policy/validation.ts'
import { after, date, now, stored } from './stored.ts'

const confirmed = (fields: readonly string[]) => ({ fields, requestedAt: now + 1000, receivedAt: now + 2000 })

describe('Validation', () => {
  test('both validators are sent, byte for byte (RFC 9111 section 4.3.1)', () => {
    assert.deepEqual(validationFields(stored(['etag', 'W/"a"', 'LAST-MODIFIED', date])), [
      'If-None-Match',
      'W/"a"',
      'If-Modified-Since',
      date,
    ])
    assert.deepEqual(validationFields(stored(['ETag', 'unquoted-1.2'])), ['If-None-Match', 'unquoted-1.2'])
  })

  test('what is no validator is not sent', () => {
    assert.deepEqual(validationFields(stored(['ETag', '"a"', 'ETag', '"b"', 'Last-Modified', 'yesterday'])), [])
    assert.deepEqual(validationFields(stored([])), [])
  })

  test('a 304 for another representation confirms nothing (RFC 9111 section 4.3.4)', () => {
    assert.equal(confirms(stored(['ETag', '"a"']), ['ETag', '"b"']), false)
    assert.equal(confirms(stored(['ETag', '"a"']), ['ETag', 'W/"a"']), true)
    assert.equal(confirms(stored(['ETag', '"a"']), []), true)
    assert.equal(confirms(stored([]), ['ETag', '"b"']), true)
  })

  test('known fields are replaced, new ones added, others kept (RFC 9111 section 3.2)', () => {
    const before = stored(['X-A', '1', 'x-b', '2', 'X-B', '3', 'ETag', '"a"'])
    const { fields } = freshened(before, confirmed(['X-B', '4', 'X-C', '5']), 'builds')
    assert.deepEqual(fields, ['X-A', '1', 'ETag', '"a"', 'X-B', '4', 'X-C', '5'])
    assert.deepEqual(before.fields, ['X-A', '1', 'x-b', '2', 'X-B', '3', 'ETag', '"a"'])
  })

  test('what describes the content is kept (RFC 9111 section 3.2)', () => {
    const before = ['Content-Type', 'a/b', 'Content-Encoding', 'gzip', 'Content-Length', '5', 'Repr-Digest', 'a']
    const notModified = ['Content-MD5', 'c', 'content-encoding', 'br', 'Content-Length', '0', 'Content-Range', 'x']
    assert.deepEqual(
      freshened(stored(before), confirmed([...notModified, 'Repr-Digest', 'b']), 'builds').fields,
      before,
    )
  })

  test('hop-by-hop fields and cookies of the 304 are not taken over', () => {
    const notModified = ['Connection', 'close', 'Keep-Alive', 'a', 'Set-Cookie', 'a=b', 'Proxy-Authenticate', 'x']
    assert.deepEqual(freshened(stored([]), confirmed(notModified), 'builds').fields, [])
  })

  test('age starts anew: neither Age nor Date of the old response survive (RFC 9111 section 4.2.3)', () => {
    const old = stored(['Date', after(-1000), 'Age', '1000', 'Cache-Control', 'max-age=60'])
    const record = freshened(old, confirmed([]), 'builds')
    assert.deepEqual(record.fields, ['Cache-Control', 'max-age=60'])
    assert.equal(currentAgeSeconds(freshnessProfile(record, rfcRule, 'builds'), now + 2000), 1)
  })

  test('all else of the record stays', () => {
    const record = freshened({ ...stored([]), url: 'http://example.org/' }, confirmed([]), 'builds')
    assert.equal(record.url, 'http://example.org/')
    assert.deepEqual([record.requestedAt, record.receivedAt, record.status], [now + 1000, now + 2000, 200])
  })
})
