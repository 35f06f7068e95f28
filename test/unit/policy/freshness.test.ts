import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { ClassRule } from '../../../src/ecosystem/class-rule.ts'
import { rfcRule } from '../../../src/ecosystem/classify.ts'
import { currentAgeSeconds, freshnessProfile } from '../../../src/policy/freshness.ts'
import { freshnessLifetimeSeconds } from '../../../src/policy/lifetime.ts'
import type { Profile } from '../../../src/policy/profile.ts'
import type { ResponseRecord } from '../../../src/policy/response-record.ts'
import { after, date, immutableRule, now, revalidateRule, stored } from './stored.ts'

const lifetime = (
  fields: readonly string[],
  rule: ClassRule = rfcRule,
  profile: Profile = 'builds',
  status = 200,
): number => freshnessLifetimeSeconds(stored(fields, { status }), rule, profile)

const age = (fields: readonly string[], part: Partial<ResponseRecord> = {}, at = now): number =>
  currentAgeSeconds(freshnessProfile(stored(fields, part), rfcRule, 'standards'), at)

describe('Freshness lifetime', () => {
  test('s-maxage before max-age before Expires (RFC 9111 section 4.2.1)', () => {
    assert.equal(lifetime(['Cache-Control', 's-maxage=1, max-age=2', 'Date', date, 'Expires', after(3)]), 1)
    assert.equal(lifetime(['Cache-Control', 'MAX-AGE=2', 'Date', date, 'Expires', after(3)]), 2)
    assert.equal(lifetime(['Date', date, 'Expires', after(3)]), 3)
    assert.equal(lifetime(['Expires', after(3)]), 3)
  })

  test('an Expires that is no date, or comes twice, is in the past (RFC 9111 section 5.3)', () => {
    assert.equal(lifetime(['Date', date, 'Expires', '0']), 0)
    assert.equal(lifetime(['Date', date, 'Expires', after(3), 'Expires', after(3)]), 0)
    assert.equal(lifetime(['Date', date, 'Expires', '-1', 'Last-Modified', after(-1e6)]), 0)
  })

  test('two different max-age are stale (RFC 9111 section 4.2.1)', () => {
    assert.equal(lifetime(['Cache-Control', 'max-age=1', 'Cache-Control', 'max-age=2']), 0)
  })

  test('heuristic: a tenth of the time since Last-Modified, at most a day (RFC 9111 section 4.2.2)', () => {
    assert.equal(lifetime(['Date', date, 'Last-Modified', after(-1000)]), 100)
    assert.equal(lifetime(['Date', date, 'Last-Modified', after(-1e8)]), 86_400)
    assert.equal(lifetime(['Date', date, 'Last-Modified', after(1000)]), 0)
    assert.equal(lifetime(['Date', date]), 0)
    assert.equal(lifetime(['Last-Modified', after(-1000)], rfcRule, 'standards', 302), 0)
  })

  test('immutable content is fresh for ever, unless its origin wants it validated', () => {
    assert.equal(lifetime([], immutableRule), Number.POSITIVE_INFINITY)
    assert.equal(lifetime(['Cache-Control', 'max-age=5'], immutableRule), Number.POSITIVE_INFINITY)
    assert.equal(lifetime(['Cache-Control', 'max-age=0'], immutableRule), 0)
    assert.equal(lifetime(['Cache-Control', 'max-age=5'], immutableRule, 'standards'), 5)
  })

  test('a page or a redirect in place of immutable content is not immutable', () => {
    assert.equal(lifetime(['Content-Type', 'text/html; charset=utf-8'], immutableRule), 0)
    assert.equal(lifetime([], immutableRule, 'builds', 301), 0)
    assert.equal(lifetime(['Content-Type', 'text/html'], { ...revalidateRule, mayBePage: true }), 60)
  })

  test('what a rule has validated is fresh as the origin says, else as the rule says', () => {
    assert.equal(lifetime([], revalidateRule), 60)
    assert.equal(lifetime(['Cache-Control', 'max-age=600'], revalidateRule), 600)
    assert.equal(lifetime(['Cache-Control', 'max-age=6'], revalidateRule), 6)
    assert.equal(lifetime([], revalidateRule, 'standards'), 0)
  })

  test('negative responses live shortly (CORRECTNESS T12)', () => {
    assert.equal(lifetime([], rfcRule, 'builds', 404), 10)
    assert.equal(lifetime([], rfcRule, 'builds', 410), 0)
    assert.equal(lifetime([], immutableRule, 'builds', 404), 30)
    assert.equal(lifetime(['Cache-Control', 'max-age=86400'], rfcRule, 'builds', 404), 60)
    assert.equal(lifetime(['Cache-Control', 'max-age=0'], rfcRule, 'builds', 404), 0)
    assert.equal(lifetime(['Cache-Control', 'max-age=86400'], rfcRule, 'standards', 404), 86_400)
    assert.equal(lifetime([], rfcRule, 'standards', 404), 0)
  })
})

describe('Age (RFC 9111 section 4.2.3)', () => {
  test('apparent age: an old Date without Age is old', () => {
    assert.equal(age(['Date', after(-3600)]), 3600)
    assert.equal(age(['Date', after(3600)]), 0)
    assert.equal(age([]), 0)
    assert.equal(age(['Date', 'now']), 0)
  })

  test('the fraction of a second that Date leaves out is no age', () => {
    assert.equal(age(['Date', date], { requestedAt: now + 900, receivedAt: now + 900 }, now + 900), 0)
  })

  test('corrected age: Age and the time that the response took', () => {
    assert.equal(age(['Date', date, 'Age', '10'], { requestedAt: now - 2000 }), 12)
    assert.equal(age(['Date', after(-100), 'Age', '10']), 100)
  })

  test('resident time is added', () => assert.equal(age(['Date', date, 'Age', '10'], {}, now + 5000), 15))

  test('a clock that was set back makes nothing younger than it was (CORRECTNESS T35)', () => {
    assert.equal(age(['Date', date, 'Age', '10'], {}, now - 1e9), 10)
    assert.equal(age(['Date', date], { requestedAt: now + 1e9 }), 0)
  })

  test('the first of several Age counts, an invalid one does not (RFC 9111 section 5.1)', () => {
    assert.equal(age(['Age', '7', 'Age', '9']), 7)
    assert.equal(age(['Age', '7, x']), 7)
    for (const value of ['-7', '7.5', 'x', '']) assert.equal(age(['Age', value]), 0)
  })
})

describe('Freshness profile', () => {
  const profileOf = (fields: readonly string[], rule = rfcRule, status = 200) =>
    freshnessProfile(stored(fields, { status }), rule, 'builds')

  test('must-revalidate, proxy-revalidate and s-maxage forbid stale use (RFC 9111 sections 5.2.2.2, 5.2.2.8, 5.2.2.10)', () => {
    for (const value of ['must-revalidate', 'proxy-revalidate', 's-maxage=5']) {
      assert.equal(profileOf(['Cache-Control', value]).mustRevalidate, true)
    }
    assert.equal(profileOf(['Cache-Control', 'max-age=5']).mustRevalidate, false)
  })

  test('qualified no-cache counts when the field is there (RFC 9111 section 5.2.2.4)', () => {
    assert.equal(profileOf(['Cache-Control', 'no-cache']).noCache, true)
    assert.equal(profileOf(['Cache-Control', 'no-cache="set-cookie"']).noCache, false)
    assert.equal(profileOf(['Cache-Control', 'no-cache="X-A"', 'x-a', '1']).noCache, true)
  })

  test('what a 304 made unusable is validated each time', () => {
    for (const fields of [
      ['Cache-Control', 'no-store'],
      ['Cache-Control', 'private'],
      ['Vary', '*'],
    ]) {
      assert.equal(profileOf(fields, immutableRule).noCache, true)
    }
  })

  test('class immutable and revalidate stand in for a failing origin for a day, errors never', () => {
    assert.equal(profileOf([], immutableRule).staleIfErrorSeconds, 86_400)
    assert.equal(profileOf([], revalidateRule).staleIfErrorSeconds, 86_400)
    assert.equal(profileOf([]).staleIfErrorSeconds, 0)
    assert.equal(profileOf([], immutableRule, 404).staleIfErrorSeconds, 0)
    assert.equal(freshnessProfile(stored([]), immutableRule, 'standards').staleIfErrorSeconds, 0)
  })
})
