import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { type ClassRule, immutable, revalidate } from '../../../src/ecosystem/class-rule.ts'
import { rfcRule } from '../../../src/ecosystem/classify.ts'
import { Fields } from '../../../src/http/fields.ts'
import { formatHttpDate } from '../../../src/http/http-date.ts'
import { parseTargetUri } from '../../../src/http/target-uri.ts'
import { currentAgeSeconds, freshnessProfile } from '../../../src/policy/freshness.ts'
import { invalidates } from '../../../src/policy/invalidation.ts'
import type { Profile } from '../../../src/policy/profile.ts'
import type { ResponseRecord } from '../../../src/policy/response-record.ts'
import { reuse } from '../../../src/policy/reuse.ts'
import { mayServeStaleOnError } from '../../../src/policy/stale-on-error.ts'
import { storability } from '../../../src/policy/storable.ts'
import { freshened } from '../../../src/policy/validation.ts'

const now = Date.UTC(2026, 0, 2, 3, 4, 5)
const seconds = fc.oneof(fc.nat({ max: 200 }), fc.nat({ max: 2 ** 31 }))
const date = fc.oneof(
  fc.integer({ min: -100_000, max: 100_000 }).map((offset) => formatHttpDate(now + offset * 1000)),
  fc.constantFrom('0', '-1', 'soon', ''),
)
const directive = (names: readonly string[]): fc.Arbitrary<string> =>
  fc.oneof(
    fc.constantFrom(...names),
    fc
      .tuple(fc.constantFrom(...names), fc.oneof(seconds.map(String), fc.constantFrom('x', '-1', '"5"', '1.5', '')))
      .map(([name, value]) => `${name}=${value}`),
  )
const ofResponse = directive([
  'max-age',
  's-maxage',
  'no-cache',
  'no-store',
  'private',
  'public',
  'must-revalidate',
  'proxy-revalidate',
  'must-understand',
  'immutable',
  'stale-while-revalidate',
  'stale-if-error',
])
const ofRequest = directive(['max-age', 'min-fresh', 'max-stale', 'no-cache', 'no-store', 'stale-if-error'])
const field = fc.oneof(
  fc.array(ofResponse, { maxLength: 4 }).map((all) => ['Cache-Control', all.join(', ')]),
  fc.tuple(fc.constantFrom('Date', 'Expires', 'Last-Modified'), date),
  fc.tuple(fc.constant('Age'), fc.oneof(seconds.map(String), fc.constantFrom('x', '5, 9', '-3', '9'.repeat(30)))),
  fc.constantFrom(
    ['ETag', '"1"'],
    ['Set-Cookie', 'a=b'],
    ['Vary', '*'],
    ['Vary', 'Accept'],
    ['Content-Type', 'text/html'],
    ['Pragma', 'no-cache'],
  ),
)
const responseFields = fc.array(field, { maxLength: 6 }).map((fields) => fields.flat())
const requestFields = fc.oneof(
  fc.constant([]),
  fc.array(ofRequest, { minLength: 1, maxLength: 3 }).map((all) => ['Cache-Control', all.join(', ')]),
  fc.constant(['Pragma', 'no-cache']),
)
const status = fc.constantFrom(200, 203, 204, 300, 301, 308, 404, 410)
const record: fc.Arbitrary<ResponseRecord> = fc
  .tuple(status, responseFields, fc.nat({ max: 20_000 }))
  .map(([code, fields, tookMs]) => ({ status: code, fields, requestedAt: now - tookMs, receivedAt: now }))
const rule: fc.Arbitrary<ClassRule> = fc.constantFrom(
  rfcRule,
  immutable('test.immutable', 30),
  revalidate('test.revalidate', 60, 5),
  { ...revalidate('test.ttl', 60, 0), class: 'ttl' } as const,
)
const profile: fc.Arbitrary<Profile> = fc.constantFrom('standards', 'builds')
const waits = fc.tuple(seconds, seconds).map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const)
const order = { fresh: 0, 'stale-usable': 1, validate: 2 }

describe('Freshness', () => {
  test('never grows with time: what is to be validated stays so until it is (RFC 9111 section 4.2)', () => {
    fc.assert(
      fc.property(record, rule, profile, requestFields, waits, (stored, by, under, request, [early, late]) => {
        const known = freshnessProfile(stored, by, under)
        const at = (wait: number) => reuse({ fields: new Fields(request) }, known, now + wait * 1000)
        assert.ok(order[at(early).kind] <= order[at(late).kind])
      }),
      { numRuns: 2000 },
    )
  })

  test('age is a number, never negative, and grows as the clock does (RFC 9111 section 4.2.3)', () => {
    fc.assert(
      fc.property(record, rule, profile, waits, (stored, by, under, [early, late]) => {
        const known = freshnessProfile(stored, by, under)
        const [young, old] = [early, late].map((wait) => currentAgeSeconds(known, now + wait * 1000)) as [
          number,
          number,
        ]
        assert.ok(young >= 0 && Number.isFinite(old))
        assert.ok(Math.abs(old - young - (late - early)) < 0.001)
        assert.ok(!Number.isNaN(known.lifetimeSeconds))
      }),
    )
  })

  test('a clock that was set back makes nothing younger than it came', () => {
    fc.assert(
      fc.property(record, seconds, (stored, back) => {
        const known = freshnessProfile(stored, rfcRule, 'standards')
        assert.ok(currentAgeSeconds(known, now - back * 1000) >= known.initialAgeSeconds)
      }),
    )
  })

  test('what an Age of the origin adds is never taken away: an older response is not fresh for longer', () => {
    fc.assert(
      fc.property(responseFields, seconds, (fields, more) => {
        const young = { status: 200, fields, requestedAt: now, receivedAt: now }
        const old = { ...young, fields: [...fields.filter((_, at) => !isAge(fields, at)), 'Age', String(more)] }
        const ttl = (one: ResponseRecord): number => {
          const known = freshnessProfile(one, rfcRule, 'standards')
          return known.lifetimeSeconds - known.initialAgeSeconds
        }
        const without = { ...young, fields: old.fields.slice(0, -2) }
        assert.ok(ttl(old) <= ttl(without))
      }),
    )
  })

  test('a client’s wishes never make a response more usable, max-stale aside', () => {
    fc.assert(
      fc.property(record, rule, profile, requestFields, seconds, (stored, by, under, request, wait) => {
        fc.pre(!request.join().includes('max-stale'))
        const known = freshnessProfile(stored, by, under)
        const plain = reuse({ fields: new Fields([]) }, known, now + wait * 1000)
        const wished = reuse({ fields: new Fields(request) }, known, now + wait * 1000)
        assert.ok(order[wished.kind] >= order[plain.kind])
      }),
    )
  })

  test('nothing stale is used against must-revalidate, proxy-revalidate, s-maxage or no-cache (RFC 9111 section 4.2.4)', () => {
    const forbidding = fc.constantFrom('must-revalidate', 'proxy-revalidate', 's-maxage=60', 'no-cache')
    fc.assert(
      fc.property(
        record,
        rule,
        profile,
        requestFields,
        seconds,
        forbidding,
        (stored, by, under, request, wait, word) => {
          const known = freshnessProfile({ ...stored, fields: [...stored.fields, 'Cache-Control', word] }, by, under)
          const fields = new Fields(request)
          assert.notEqual(reuse({ fields }, known, now + wait * 1000).kind, 'stale-usable')
          assert.equal(mayServeStaleOnError(known, now + wait * 1000, fields), false)
        },
      ),
    )
  })

  test('the time to stand in for an origin that fails does not come back (RFC 5861 section 4)', () => {
    fc.assert(
      fc.property(record, rule, profile, requestFields, waits, (stored, by, under, request, [early, late]) => {
        const known = freshnessProfile(stored, by, under)
        const may = (wait: number) => mayServeStaleOnError(known, now + wait * 1000, new Fields(request))
        assert.ok(may(early) || !may(late))
      }),
    )
  })

  test('a validation makes a response as old as the 304 says, and no older (RFC 9111 section 4.3.4)', () => {
    fc.assert(
      fc.property(record, seconds, fc.nat({ max: 100 }), (stored, wait, age) => {
        const at = now + wait * 1000
        const fields = ['Date', formatHttpDate(at), 'Age', String(age)]
        const fresh = freshened(stored, { fields, requestedAt: at, receivedAt: at }, 'standards')
        assert.equal(Math.floor(currentAgeSeconds(freshnessProfile(fresh, rfcRule, 'standards'), at)), age)
      }),
    )
  })
})

function isAge(fields: readonly string[], at: number): boolean {
  return fields[at - (at % 2)] === 'Age'
}

describe('Storability', () => {
  test('no field beside it lifts no-store, private, a cookie or Vary: * (RFC 9111 section 3)', () => {
    const bar = fc.constantFrom(
      ['Cache-Control', 'no-store'],
      ['Cache-Control', 'private'],
      ['Set-Cookie', 'a=b'],
      ['Vary', '*'],
    )
    fc.assert(
      fc.property(
        status,
        responseFields,
        bar,
        rule,
        profile,
        fc.boolean(),
        (code, fields, barred, by, under, first) => {
          fc.pre(!fields.join().includes('must-understand'))
          fc.pre(under === 'builds' || barred[0] !== 'Set-Cookie')
          const all = new Fields(first ? [...barred, ...fields] : [...fields, ...barred])
          const response = { status: code, fields: all, framing: 'length' } as const
          assert.equal(storability({ method: 'GET', fields: new Fields([]) }, response, by, under).storable, false)
        },
      ),
    )
  })

  test('under the profile standards no class rule changes what is stored and for how long', () => {
    fc.assert(
      fc.property(record, rule, (stored, by) => {
        const response = { status: stored.status, fields: new Fields(stored.fields), framing: 'length' } as const
        const request = { method: 'GET', fields: new Fields([]) }
        assert.deepEqual(
          storability(request, response, by, 'standards'),
          storability(request, response, rfcRule, 'standards'),
        )
        assert.deepEqual(freshnessProfile(stored, by, 'standards'), freshnessProfile(stored, rfcRule, 'standards'))
      }),
    )
  })
})

describe('Invalidation', () => {
  const target = parseTargetUri('http://example.org:8080/a/b?c')
  const reference = fc.oneof(
    fc.webUrl(),
    fc.webPath(),
    fc.string(),
    fc.constantFrom(
      'http://example.org:8080/x',
      '//example.org:8080/y',
      '?q',
      '',
      '../z',
      'http://example.org:8080@evil.test/',
    ),
  )

  test('reaches the URI itself and its own origin, never another (RFC 9111 section 4.4)', () => {
    fc.assert(
      fc.property(reference, reference, fc.integer({ min: 200, max: 399 }), (location, content, code) => {
        assert.ok('href' in target)
        const fields = ['Location', location, 'Content-Location', content]
        const hrefs = invalidates('POST', code, target, fields)
        assert.ok(hrefs.includes(target.href))
        for (const href of hrefs) assert.equal(new URL(href).origin, 'http://example.org:8080')
      }),
    )
  })
})
