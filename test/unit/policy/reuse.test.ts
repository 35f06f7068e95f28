import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { ClassRule } from '../../../src/ecosystem/class-rule.ts'
import { rfcRule } from '../../../src/ecosystem/classify.ts'
import { Fields } from '../../../src/http/fields.ts'
import { freshnessProfile } from '../../../src/policy/freshness.ts'
import type { Profile } from '../../../src/policy/profile.ts'
import { reuse } from '../../../src/policy/reuse.ts'
import { mayServeStaleOnError } from '../../../src/policy/stale-on-error.ts'
import { date, immutableRule, now, revalidateRule, stored } from './stored.ts'

interface Case {
  /** Cache-Control of the stored response. */
  readonly response?: string
  readonly request?: readonly string[]
  /** Seconds since it was received. */
  readonly after?: number
  readonly rule?: ClassRule
  readonly profile?: Profile
}

function decided({
  response = 'max-age=60',
  request = [],
  after = 5,
  rule = rfcRule,
  profile = 'builds',
}: Case): string {
  const record = stored(['Date', date, 'Cache-Control', response, 'ETag', '"a"'])
  const verdict = reuse({ fields: new Fields(request) }, freshnessProfile(record, rule, profile), now + after * 1000)
  return verdict.kind === 'fresh' ? 'fresh' : `${verdict.kind} ${verdict.reason}`
}

const cc = (value: string): readonly string[] => ['Cache-Control', value]

const table: Record<string, readonly (readonly [string, Case])[]> = {
  'fresh until its lifetime is over (RFC 9111 section 4.2)': [
    ['fresh', {}],
    ['fresh', { after: 59.9 }],
    ['validate stale', { after: 60 }],
    ['validate stale', { response: '', after: 0 }],
  ],
  'must-revalidate concerns what is stale only (RFC 9111 section 5.2.2.2)': [
    ['fresh', { response: 'max-age=60, must-revalidate' }],
    ['fresh', { response: 'max-age=60, proxy-revalidate' }],
    ['validate stale', { response: 'max-age=60, must-revalidate', after: 61 }],
  ],
  'no-cache of the response (RFC 9111 section 5.2.2.4)': [
    ['validate no-cache', { response: 'max-age=60, no-cache' }],
    ['validate no-cache', { response: 'max-age=60, no-cache', rule: immutableRule }],
    ['fresh', { response: 'max-age=60, no-cache="set-cookie"' }],
  ],
  'no-cache of the request (RFC 9111 section 5.2.1.4)': [
    ['validate request', { request: cc('No-Cache') }],
    ['validate request', { request: ['Pragma', 'no-cache'] }],
    ['fresh', { request: ['Pragma', 'no-cache', ...cc('max-age=100')] }],
    ['fresh', { request: ['Pragma', 'x-no-cache'] }],
  ],
  'max-age of the request (RFC 9111 section 5.2.1.1)': [
    ['fresh', { request: cc('max-age=6') }],
    ['validate request', { request: cc('max-age=4') }],
    ['validate request', { request: cc('max-age=0'), after: 0 }],
    ['validate request', { request: cc('max-age=x') }],
  ],
  'min-fresh (RFC 9111 section 5.2.1.3)': [
    ['fresh', { request: cc('min-fresh=55') }],
    ['validate request', { request: cc('min-fresh=56') }],
  ],
  'max-stale (RFC 9111 section 5.2.1.2)': [
    ['stale-usable max-stale', { request: cc('max-stale'), after: 1e6 }],
    ['stale-usable max-stale', { request: cc('max-stale=10'), after: 70 }],
    ['validate stale', { request: cc('max-stale=10'), after: 71 }],
    ['validate stale', { request: cc('max-stale'), after: 70, response: 'max-age=60, must-revalidate' }],
    ['validate stale', { request: cc('max-stale'), after: 70, response: 's-maxage=60' }],
    ['validate request', { request: cc('max-stale=10, max-age=5'), after: 70 }],
  ],
  'stale-while-revalidate (RFC 5861 section 3)': [
    ['stale-usable stale-while-revalidate', { response: 'max-age=60, stale-while-revalidate=10', after: 65 }],
    ['validate stale', { response: 'max-age=60, stale-while-revalidate=10', after: 70 }],
    ['validate stale', { response: 'max-age=60, stale-while-revalidate=10, must-revalidate', after: 65 }],
    ['validate request', { response: 'max-age=60, stale-while-revalidate=10', after: 65, request: cc('no-cache') }],
  ],
  'immutable content is not validated because a client asks, under builds': [
    ['fresh', { rule: immutableRule, request: ['Pragma', 'no-cache', ...cc('no-cache')], after: 1e9 }],
    ['fresh', { rule: immutableRule, request: cc('max-age=0') }],
    ['validate request', { rule: immutableRule, request: cc('no-cache'), profile: 'standards' }],
  ],
  'what a rule has validated is validated once in ten seconds because a client asks': [
    ['fresh', { rule: revalidateRule, request: cc('no-cache'), after: 9 }],
    ['fresh', { rule: revalidateRule, request: cc('max-age=0'), after: 9 }],
    ['fresh', { rule: revalidateRule, request: ['Pragma', 'no-cache'], after: 9 }],
    ['validate request', { rule: revalidateRule, request: cc('no-cache'), after: 10 }],
    ['validate request', { rule: revalidateRule, request: cc('max-age=0'), after: 10 }],
    ['validate request', { rule: revalidateRule, request: cc('no-cache'), after: 9, profile: 'standards' }],
    ['validate stale', { rule: revalidateRule, request: cc('no-cache'), after: 9, response: 'max-age=3' }],
  ],
}

describe('Reuse', () => {
  for (const [title, cases] of Object.entries(table)) {
    test(title, () => {
      for (const [expected, one] of cases) assert.equal(decided(one), expected, JSON.stringify(one))
    })
  }

  test('age and time to live are told', () => {
    const profile = freshnessProfile(stored(['Cache-Control', 'max-age=60', 'Age', '10']), rfcRule, 'builds')
    assert.deepEqual(reuse({ fields: new Fields([]) }, profile, now + 5000), {
      kind: 'fresh',
      ageSeconds: 15,
      ttlSeconds: 45,
    })
  })
})

describe('Stale instead of an error (RFC 5861 section 4)', () => {
  const may = ({
    response = 'max-age=60',
    request = [],
    after = 61,
    rule = rfcRule,
    profile = 'builds',
  }: Case): boolean =>
    mayServeStaleOnError(
      freshnessProfile(stored(['Date', date, 'Cache-Control', response]), rule, profile),
      now + after * 1000,
      new Fields(request),
    )

  test('within stale-if-error of the response or the request', () => {
    assert.equal(may({}), false)
    assert.equal(may({ response: 'max-age=60, stale-if-error=10', after: 70 }), true)
    assert.equal(may({ response: 'max-age=60, stale-if-error=10', after: 71 }), false)
    assert.equal(may({ request: cc('stale-if-error=10') }), true)
    assert.equal(may({ request: cc('max-stale=10') }), true)
  })

  test('never against must-revalidate, proxy-revalidate, s-maxage or no-cache (RFC 9111 section 4.2.4)', () => {
    for (const more of ['must-revalidate', 'proxy-revalidate', 's-maxage=60', 'no-cache']) {
      assert.equal(may({ response: `max-age=60, stale-if-error=10, ${more}`, rule: revalidateRule }), false)
    }
  })

  test('a client’s no-cache forbids it where no rule speaks', () => {
    const response = 'max-age=60, stale-if-error=10'
    assert.equal(may({ response, request: cc('no-cache') }), false)
    assert.equal(may({ response, request: cc('no-cache'), rule: revalidateRule }), true)
  })

  test('a class rule allows a day under builds', () => {
    assert.equal(may({ rule: revalidateRule, after: 60 + 86_400 }), true)
    assert.equal(may({ rule: revalidateRule, after: 61 + 86_400 }), false)
    assert.equal(may({ rule: revalidateRule, profile: 'standards' }), false)
  })

  test('what is still fresh may be used when a demanded validation fails', () => {
    assert.equal(may({ after: 5, request: cc('max-age=1') }), true)
    assert.equal(may({ after: 5, request: cc('no-cache') }), false)
  })
})
