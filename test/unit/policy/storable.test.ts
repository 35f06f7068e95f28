import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { ClassRule } from '../../../src/ecosystem/class-rule.ts'
import { rfcRule } from '../../../src/ecosystem/classify.ts'
import { Fields } from '../../../src/http/fields.ts'
import type { Profile } from '../../../src/policy/profile.ts'
import { type JudgedResponse, storability } from '../../../src/policy/storable.ts'
import { after, date, immutableRule, revalidateRule } from './stored.ts'

interface Case {
  readonly method?: string
  readonly request?: readonly string[]
  readonly status?: number
  readonly fields?: readonly string[]
  readonly framing?: JudgedResponse['framing']
  readonly rule?: ClassRule
  readonly profile?: Profile
}

const fresh = ['Cache-Control', 'max-age=60']

function judged({
  method = 'GET',
  request = [],
  status = 200,
  fields = fresh,
  framing = 'length',
  ...rest
}: Case): string {
  const verdict = storability(
    { method, fields: new Fields(request) },
    { status, fields: new Fields(fields), framing },
    rest.rule ?? rfcRule,
    rest.profile ?? 'builds',
  )
  return verdict.storable ? 'stored' : verdict.reason
}

const cc = (value: string): Case => ({ fields: ['Cache-Control', value, 'ETag', '"a"'] })

const table: Record<string, readonly (readonly [string, Case])[]> = {
  'method understood and cacheable (RFC 9111 section 3)': [
    ['stored', {}],
    ['method', { method: 'HEAD' }],
    ['method', { method: 'POST' }],
    ['method', { method: 'get' }],
  ],
  'final status understood (RFC 9111 section 3, CORRECTNESS T12)': [
    ...[200, 203, 204, 300, 301, 308, 404, 410].map((status) => ['stored', { status }] as const),
    ...[
      201, 302, 303, 304, 307, 400, 401, 403, 405, 408, 413, 414, 416, 417, 418, 421, 429, 431, 500, 502, 503, 504,
    ].map((status) => ['status', { status }] as const),
  ],
  'parts are never stored as the whole (RFC 9111 section 3.3)': [
    ['partial', { status: 206 }],
    ['partial', { fields: [...fresh, 'Content-Range', 'bytes 0-1/2'] }],
  ],
  'what ends by closing may have been cut (CORRECTNESS M11, M16)': [
    ['partial', { framing: 'close' }],
    ['stored', { framing: 'chunked' }],
    ['stored', { framing: 'none', status: 204 }],
  ],
  'no-store (RFC 9111 sections 5.2.1.5, 5.2.2.5)': [
    ['no-store', cc('No-Store, max-age=60')],
    ['no-store', cc('max-age=60, no-store=x')],
    ['no-store', { request: ['Cache-Control', 'no-store'] }],
    ['no-store', { ...cc('no-store'), rule: immutableRule }],
  ],
  'must-understand lifts no-store for a status we know (RFC 9111 section 5.2.2.3)': [
    ['stored', cc('must-understand, no-store, max-age=60')],
    ['status', { ...cc('must-understand, no-store, max-age=60'), status: 418 }],
    ['no-store', { ...cc('must-understand, no-store'), request: ['Cache-Control', 'no-store'] }],
  ],
  'private (RFC 9111 section 5.2.2.7)': [
    ['private', cc('Private, max-age=60')],
    ['private', cc('private="etag", max-age=60')],
    ['stored', cc('private="x-user", max-age=60')],
    ['private', { ...cc('private'), rule: immutableRule }],
  ],
  'Set-Cookie makes a response somebody’s own (CORRECTNESS T14)': [
    ['private', { fields: [...fresh, 'Set-Cookie', 'a=b'] }],
    ['private', { fields: ['Cache-Control', 'public, max-age=60', 'Set-Cookie', 'a=b'], rule: immutableRule }],
  ],
  'Vary: * fits no other request (RFC 9111 section 4.1)': [
    ['vary-star', { fields: [...fresh, 'Vary', '*'] }],
    ['vary-star', { fields: [...fresh, 'Vary', 'Accept', 'vary', '*'] }],
    ['stored', { fields: [...fresh, 'Vary', 'Accept'] }],
  ],
  'Authorization (RFC 9111 section 3.5)': [
    ['authorization', { request: ['Authorization', 'a'] }],
    ['authorization', { request: ['Authorization', 'a'], rule: immutableRule }],
    ['stored', { ...cc('public, max-age=60'), request: ['Authorization', 'a'] }],
    ['stored', { ...cc('s-maxage=60'), request: ['Authorization', 'a'] }],
    ['stored', { ...cc('must-revalidate, max-age=60'), request: ['Authorization', 'a'] }],
    ['authorization', { ...cc('proxy-revalidate, max-age=60'), request: ['Authorization', 'a'] }],
  ],
  'a Cookie is a credential, too (CORRECTNESS T13, T14)': [
    ['authorization', { request: ['Cookie', 'a=b'], rule: revalidateRule, fields: ['ETag', '"a"'] }],
    ['authorization', { ...cc('s-maxage=60'), request: ['Cookie', 'a=b'] }],
    ['stored', { ...cc('public, max-age=60'), request: ['Cookie', 'a=b'] }],
  ],
  'explicit freshness, or a validator (RFC 9111 section 3)': [
    ['no-freshness', { fields: [] }],
    ['no-freshness', { fields: ['Cache-Control', 'max-age=0'] }],
    ['no-freshness', { fields: ['Expires', '0'] }],
    ['no-freshness', { fields: ['Date', date, 'Expires', after(-1)] }],
    ['stored', { fields: ['Date', date, 'Expires', after(1)] }],
    ['stored', { fields: ['ETag', '"a"'] }],
    ['stored', { fields: ['Date', date, 'Last-Modified', after(-100)] }],
    ['no-freshness', { fields: ['Last-Modified', 'yesterday'] }],
    ['stored', cc('no-cache')],
    ['no-freshness', { fields: ['Cache-Control', 'no-cache, max-age=60'] }],
    ['no-freshness', { fields: [], status: 301 }],
  ],
  'a class rule gives freshness under the profile builds only': [
    ['stored', { fields: [], rule: immutableRule }],
    ['stored', { fields: [], rule: revalidateRule }],
    ['no-freshness', { fields: [], rule: immutableRule, profile: 'standards' }],
    ['no-freshness', { fields: ['Content-Type', 'text/html'], rule: immutableRule }],
    ['no-freshness', { fields: [], rule: immutableRule, status: 301 }],
  ],
  'a 404 is remembered shortly, a 410 when it says so (CORRECTNESS T12)': [
    ['stored', { fields: [], status: 404 }],
    ['no-freshness', { fields: ['ETag', '"a"'], status: 404, profile: 'standards' }],
    ['no-freshness', { fields: [], status: 410 }],
    ['stored', { fields: [], status: 410, rule: immutableRule }],
  ],
  'a rule of class pass keeps everything out': [['rule', { rule: { ...rfcRule, class: 'pass' } }]],
  'a redirect to a signed URL is stored only while the signature lives (CORRECTNESS T34)': [
    [
      'stored',
      {
        status: 301,
        fields: [
          ...fresh,
          'Date',
          'Fri, 02 Jan 2026 03:04:05 GMT',
          'Location',
          'https://h/a?Expires=1767323166&KeyName=k&Signature=s',
        ],
      },
    ],
    [
      'rule',
      {
        status: 301,
        fields: [
          ...fresh,
          'Date',
          'Fri, 02 Jan 2026 03:04:05 GMT',
          'Location',
          'https://h/a?Expires=1767323105&KeyName=k&Signature=s',
        ],
      },
    ],
    ['rule', { status: 301, fields: [...fresh, 'Location', 'https://h/a?X-Amz-Signature=a'] }],
    ['rule', { status: 308, fields: [...fresh, 'Location', '/a?b&token=a'] }],
    ['stored', { status: 301, fields: [...fresh, 'Location', '/a?design=a'] }],
  ],
}

describe('Storability', () => {
  for (const [title, cases] of Object.entries(table)) {
    test(title, () => {
      for (const [expected, one] of cases) assert.equal(judged(one), expected, JSON.stringify(one))
    })
  }
})
