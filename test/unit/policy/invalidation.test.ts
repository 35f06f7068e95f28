import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { parseTargetUri, type TargetUri } from '../../../src/http/target-uri.ts'
import { invalidates } from '../../../src/policy/invalidation.ts'

const target = parseTargetUri('http://example.org/a/b?c') as TargetUri
const own = target.href

describe('Invalidation (RFC 9111 section 4.4)', () => {
  test('a successful unsafe or unknown method invalidates its target', () => {
    for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'PURGE']) {
      for (const status of [200, 204, 303, 399]) assert.deepEqual(invalidates(method, status, target, []), [own])
    }
  })

  test('safe methods and errors invalidate nothing', () => {
    for (const method of ['GET', 'HEAD', 'OPTIONS', 'TRACE']) assert.deepEqual(invalidates(method, 200, target, []), [])
    for (const status of [100, 400, 404, 500]) assert.deepEqual(invalidates('POST', status, target, []), [])
  })

  const references: readonly (readonly [string, string | undefined])[] = [
    ['http://example.org/d%2f', 'http://example.org/d%2f'],
    ['HTTP://EXAMPLE.org:80/d', 'http://example.org/d'],
    ['/d/../e#f', 'http://example.org/d/../e'],
    ['d', 'http://example.org/a/d'],
    ['?d', 'http://example.org/a/b?d'],
    ['//example.org/d', 'http://example.org/d'],
    ['https://example.org/d', undefined],
    ['http://example.org:8080/d', undefined],
    ['http://example.org.other.test/d', undefined],
    ['//other.test/d', undefined],
    ['http://user@example.org/d', undefined],
    ['mailto:a@example.org', undefined],
    ['http://[', undefined],
  ]
  for (const [reference, expected] of references) {
    test(`Location ${reference} invalidates ${expected ?? 'nothing more'}: same origin only`, () => {
      const hrefs = expected === undefined ? [own] : [own, expected]
      assert.deepEqual(invalidates('POST', 201, target, ['Location', reference]), hrefs)
      assert.deepEqual(invalidates('POST', 201, target, ['content-location', reference]), hrefs)
    })
  }

  test('each URI once', () => {
    assert.deepEqual(invalidates('PUT', 200, target, ['Location', own, 'Content-Location', '/a/b?c']), [own])
  })
})
