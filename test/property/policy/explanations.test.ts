import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { type ClassRule, immutable, revalidate } from '../../../src/ecosystem/class-rule.ts'
import { rfcRule } from '../../../src/ecosystem/classify.ts'
import { parseCacheControl } from '../../../src/http/cache-control.ts'
import { Fields } from '../../../src/http/fields.ts'
import { formatHttpDate } from '../../../src/http/http-date.ts'
import { type ExplainedLifetime, explainReuse } from '../../../src/policy/explain-freshness.ts'
import { explainStoring } from '../../../src/policy/explain-storing.ts'
import { currentAgeSeconds, freshnessProfile } from '../../../src/policy/freshness.ts'
import { freshnessLifetimeSeconds } from '../../../src/policy/lifetime.ts'
import type { Profile } from '../../../src/policy/profile.ts'
import type { ResponseRecord } from '../../../src/policy/response-record.ts'
import { reuse } from '../../../src/policy/reuse.ts'
import { mayServeStaleOnError } from '../../../src/policy/stale-on-error.ts'
import { type Storability, storability } from '../../../src/policy/storable.ts'

const now = Date.UTC(2026, 0, 2, 3, 4, 5)
const seconds = fc.oneof(fc.nat({ max: 100 }), fc.nat({ max: 200_000 }))
const date = fc.oneof(
  fc.integer({ min: -100_000, max: 100_000 }).map((offset) => formatHttpDate(now + offset * 1000)),
  fc.constantFrom('0', 'soon'),
)
const numbered = (names: readonly string[]): fc.Arbitrary<string> =>
  fc.tuple(fc.constantFrom(...names), seconds).map(([name, value]) => `${name}=${value}`)
const ofResponse = fc.oneof(
  numbered(['max-age', 's-maxage', 'stale-if-error', 'stale-while-revalidate']),
  fc.constantFrom('no-cache', 'must-revalidate', 'public', 'max-age=x', 'max-age=0'),
)
const ofRequest = fc.oneof(
  numbered(['max-age', 'min-fresh', 'max-stale', 'stale-if-error']),
  fc.constantFrom('no-cache', 'max-stale', 'max-age=0', 'no-store'),
)
const signedUntil = fc
  .integer({ min: -300, max: 300 })
  .map((offset) => `https://a.s3.amazonaws.com/o?AWSAccessKeyId=k&Signature=s&Expires=${now / 1000 + offset}`)
const field = fc.oneof(
  fc.array(ofResponse, { maxLength: 3 }).map((all) => ['Cache-Control', all.join(', ')]),
  fc.tuple(fc.constantFrom('Date', 'Expires', 'Last-Modified'), date),
  fc.tuple(fc.constant('Age'), fc.oneof(seconds.map(String), fc.constantFrom('x', '3, 4'))),
  fc.tuple(fc.constant('Location'), signedUntil),
  fc.constantFrom(
    ['Content-Type', 'text/html'],
    ['ETag', '"1"'],
    ['Set-Cookie', 'a=b'],
    ['Vary', '*'],
    ['Cache-Control', 'private'],
    ['Cache-Control', 'must-understand, no-store'],
    ['Content-Range', 'bytes 0-1/2'],
  ),
)
const record: fc.Arbitrary<ResponseRecord> = fc
  .tuple(fc.constantFrom(200, 203, 204, 301, 302, 308, 404, 410), fc.array(field, { maxLength: 5 }))
  .map(([status, fields]) => ({ status, fields: fields.flat(), requestedAt: now - 40, receivedAt: now }))
const request = fc.oneof(
  fc.constant<string[]>([]),
  fc.array(ofRequest, { minLength: 1, maxLength: 2 }).map((all) => ['Cache-Control', all.join(', ')]),
  fc.constant<string[]>(['Pragma', 'no-cache']),
)
const rule: fc.Arbitrary<ClassRule> = fc.constantFrom(
  rfcRule,
  immutable('test.immutable', 90),
  revalidate('test.revalidate', 60, 5),
  { ...revalidate('test.ttl', 60, 0), class: 'ttl' } as const,
)
const profile: fc.Arbitrary<Profile> = fc.constantFrom('standards', 'builds')

type Facts = [ResponseRecord, ClassRule, Profile, string[], number]

/** Checks `holds` for many explanations. */
function always(holds: (explained: ReturnType<typeof explainReuse>, ...facts: Facts) => void): void {
  fc.assert(
    fc.property(record, rule, profile, request, seconds, (stored, by, under, asked, wait) => {
      const nowMs = now + wait * 1000
      holds(explainReuse(stored, by, under, new Fields(asked), nowMs), stored, by, under, asked, nowMs)
    }),
    { numRuns: 3000 },
  )
}

describe('An explanation of reuse', () => {
  test('says what is decided', () => {
    always((explained, stored, by, under, asked, nowMs) => {
      const known = freshnessProfile(stored, by, under)
      const fields = new Fields(asked)
      assert.deepEqual(explained.verdict, reuse({ fields }, known, nowMs))
      assert.equal(explained.standsIn, mayServeStaleOnError(known, nowMs, fields))
      assert.equal(explained.lifetime.seconds, known.lifetimeSeconds)
      assert.equal(explained.ageSeconds, currentAgeSeconds(known, nowMs))
      assert.equal(explained.class, known.class)
    })
  })

  test('has sums that come out: age plus what is left is the lifetime', () => {
    always(({ ageSeconds, ttlSeconds, lifetime, verdict }) => {
      if (lifetime.seconds === Infinity) assert.equal(ttlSeconds, Infinity)
      else assert.ok(Math.abs(ageSeconds + ttlSeconds - lifetime.seconds) < 1e-6)
      if (verdict.kind === 'fresh') assert.ok(ttlSeconds > 0)
      if (verdict.kind === 'stale-usable') assert.ok(ttlSeconds <= 0)
    })
  })

  test('names a source of the lifetime that gives just that lifetime', () => {
    always(({ lifetime }, stored, by, under) => assertSource(lifetime, stored, by, under))
  })

  test('names no deviation under the profile standards', () => {
    always(({ deviations, standInDeviations }, _stored, _by, under) => {
      if (under === 'standards') assert.deepEqual([deviations, standInDeviations], [[], []])
    })
  })

  test('names a deviation wherever builds decides other than RFC 9111: without one, both decide the same', () => {
    always(({ deviations, standInDeviations, ...explained }, stored, by, _under, asked, nowMs) => {
      const standards = explainReuse(stored, by, 'standards', new Fields(asked), nowMs)
      if (deviations.length === 0) {
        assert.deepEqual(explained.verdict, standards.verdict)
        assert.deepEqual(explained.lifetime.seconds, standards.lifetime.seconds)
        if (standInDeviations.length === 0) assert.equal(explained.standsIn, standards.standsIn)
      }
    })
  })

  test('names none that made no difference', () => {
    always(({ deviations, verdict, lifetime }, stored, by, _under, asked, nowMs) => {
      if (deviations.length === 0) return
      const standards = explainReuse(stored, by, 'standards', new Fields(asked), nowMs)
      assert.ok(
        verdict.kind !== standards.verdict.kind || lifetime.seconds !== standards.lifetime.seconds || by !== rfcRule,
      )
      if (by === rfcRule) assert.ok(deviations.every((id) => id.startsWith('negative-') || id === 'validation-pause'))
    })
  })
})

describe('An explanation of storing', () => {
  const credentials = fc.constantFrom([], [], ['Authorization', 'Basic eDp5'], ['Cookie', 'a=b'])
  const anyStatus = fc.constantFrom(200, 206, 302, 304, 307, 404, 405, 410, 500, 503)
  const anyRule = fc.oneof(rule, fc.constant({ ...rfcRule, name: 'test.pass', class: 'pass' } as const))

  function judged(holds: (explained: ReturnType<typeof explainStoring>, decide: (by: Profile) => Storability) => void) {
    fc.assert(
      fc.property(record, anyStatus, anyRule, profile, credentials, (stored, status, by, under, fields) => {
        const asked = { method: 'GET', fields: new Fields(fields) }
        const received = { ...stored, status }
        const response = { status, fields: new Fields(stored.fields), framing: 'length' } as const
        const { deviations, ...verdict } = explainStoring(asked, response, received, by, under)
        assert.deepEqual(verdict, storability(asked, response, by, under))
        if (under === 'standards') assert.deepEqual(deviations, [])
        holds({ deviations, ...verdict }, (one) => storability(asked, response, by, one))
      }),
      { numRuns: 3000 },
    )
  }

  test('says what is decided, and names a deviation wherever builds decides other than RFC 9111', () => {
    judged(({ deviations, ...verdict }, decide) => {
      if (deviations.length === 0) assert.equal(verdict.storable, decide('standards').storable)
    })
  })
})

function assertSource(lifetime: ExplainedLifetime, stored: ResponseRecord, by: ClassRule, under: Profile): void {
  const fields = new Fields(stored.fields)
  const { sMaxAgeSeconds, maxAgeSeconds } = parseCacheControl(fields.get('cache-control'))
  switch (lifetime.from) {
    case 's-maxage':
      return assert.equal(lifetime.seconds, sMaxAgeSeconds)
    case 'max-age':
      return assert.deepEqual([lifetime.seconds, sMaxAgeSeconds], [maxAgeSeconds, undefined])
    case 'expires':
      return assert.ok(fields.has('expires') && sMaxAgeSeconds === undefined && maxAgeSeconds === undefined)
    case 'class':
      assert.equal(lifetime.seconds, by.freshSeconds)
      return assert.equal(under, 'builds')
    case 'negative':
      assert.ok(stored.status === 404 || stored.status === 410)
      return assert.ok(lifetime.seconds > 0 && lifetime.seconds <= Math.max(60, by.negativeSeconds))
    case 'heuristic':
      assert.equal(lifetime.seconds, freshnessLifetimeSeconds(stored, rfcRule, 'standards'))
      return assert.ok(lifetime.seconds <= 24 * 3600 && fields.has('last-modified') && !fields.has('expires'))
    case 'signature':
      return assert.ok(lifetime.seconds <= 60 && fields.has('location'))
    case 'unknown-age':
      return assert.ok(lifetime.seconds <= 0 && !/^\d+$/.test(fields.get('age')!))
    case 'none':
      return assert.equal(lifetime.seconds, 0)
  }
}
