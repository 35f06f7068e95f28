import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { parseCacheControl } from '../../../src/http/cache-control.ts'

describe('Cache-Control (RFC 9111 section 5.2)', () => {
  test('nothing is nothing', () => {
    assert.deepEqual(parseCacheControl(undefined), parseCacheControl(''))
    assert.equal(parseCacheControl(undefined).maxAgeSeconds, undefined)
  })

  test('names are case-insensitive', () => {
    const directives = parseCacheControl('No-Store, PRIVATE, Max-Age=5')
    assert.deepEqual([directives.noStore, directives.private, directives.maxAgeSeconds], [true, true, 5])
  })

  test('all flags', () => {
    const directives = parseCacheControl(
      'no-cache,public,must-revalidate,proxy-revalidate,must-understand,immutable,no-transform,only-if-cached',
    )
    const { noCache, mustRevalidate, proxyRevalidate, mustUnderstand, immutable, noTransform, onlyIfCached } =
      directives
    assert.ok(noCache && directives.public && mustRevalidate && proxyRevalidate)
    assert.ok(mustUnderstand && immutable && noTransform && onlyIfCached)
  })

  test('a comma inside a quoted string separates nothing', () => {
    const directives = parseCacheControl('private="a, no-store", max-age=7')
    assert.equal(directives.noStore, false)
    assert.equal(directives.private, false)
    assert.deepEqual(directives.privateFields, ['a', 'no-store'])
    assert.equal(directives.maxAgeSeconds, 7)
  })

  test('a quote that is never closed hides nothing', () => {
    assert.equal(parseCacheControl('ext="a, no-store').noStore, true)
    assert.equal(parseCacheControl(`${'x="\\"'.repeat(3)}, no-store`).noStore, true)
  })

  test('qualified no-cache and private name fields (sections 5.2.2.4, 5.2.2.7)', () => {
    const directives = parseCacheControl('no-cache="Set-Cookie", no-cache=ETag, private=""')
    assert.deepEqual([directives.noCache, directives.noCacheFields], [false, ['set-cookie', 'etag']])
    assert.equal(directives.private, true)
  })

  test('a quoted number counts (section 5.2)', () => {
    assert.equal(parseCacheControl('max-age="60"').maxAgeSeconds, 60)
  })

  for (const value of [
    'max-age',
    'max-age=',
    'max-age=-1',
    'max-age=1.5',
    'max-age=a',
    'max-age= 60',
    'max-age=0x10',
    'max-age=1e3',
  ]) {
    test(`what is no number is stale: ${value} (section 4.2.1)`, () =>
      assert.equal(parseCacheControl(value).maxAgeSeconds, 0))
  }

  test('a number that is too large counts as 2^31 (section 1.2.2)', () => {
    assert.equal(parseCacheControl(`s-maxage=${'9'.repeat(400)}`).sMaxAgeSeconds, 2 ** 31)
  })

  test('a directive that comes twice with different values is stale (section 4.2.1)', () => {
    assert.equal(parseCacheControl('max-age=10, max-age=20').maxAgeSeconds, 0)
    assert.equal(parseCacheControl('max-age=10, max-age=10').maxAgeSeconds, 10)
  })

  test('max-stale without a number is without end (section 5.2.1.2)', () => {
    assert.equal(parseCacheControl('max-stale').maxStaleSeconds, Number.POSITIVE_INFINITY)
    assert.equal(parseCacheControl('max-stale=3').maxStaleSeconds, 3)
  })

  test('windows for serving stale (RFC 5861)', () => {
    const directives = parseCacheControl('stale-while-revalidate=30, stale-if-error=60, min-fresh=2')
    assert.equal(directives.staleWhileRevalidateSeconds, 30)
    assert.equal(directives.staleIfErrorSeconds, 60)
    assert.equal(directives.minFreshSeconds, 2)
  })

  test('names of Object.prototype are unknown directives', () => {
    assert.deepEqual(parseCacheControl('__proto__=1, constructor, toString'), parseCacheControl(undefined))
  })
})
