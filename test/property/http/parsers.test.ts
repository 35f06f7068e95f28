import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { classRuleFor } from '../../../src/ecosystem/classify.ts'
import { parseCacheControl } from '../../../src/http/cache-control.ts'
import { evaluateConditions, ifRangeHolds } from '../../../src/http/conditions.ts'
import { endToEndResponseFields, forwardableRequestFields } from '../../../src/http/end-to-end.ts'
import { formatEntityTag, parseEntityTag, parseEntityTags } from '../../../src/http/entity-tag.ts'
import { Fields } from '../../../src/http/fields.ts'
import { formatHttpDate, parseHttpDate } from '../../../src/http/http-date.ts'
import { listMembers } from '../../../src/http/list.ts'
import {
  formatContentRange,
  formatRange,
  parseContentRange,
  parseRange,
  resolveRange,
} from '../../../src/http/range.ts'
import { checkRequestHead } from '../../../src/http/request-gate.ts'
import { parseAuthorityForm, parseTargetUri, targetInTunnel } from '../../../src/http/target-uri.ts'
import { secondaryKey, varyMatches } from '../../../src/http/vary.ts'

/** Any text, and text made of what the parsers look for. */
const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc
    .array(
      fc.constantFrom(
        ...[
          '"',
          ',',
          ' ',
          '\\',
          '=',
          '*',
          'W/',
          '-',
          '/',
          ':',
          '@',
          '[',
          ']',
          '?',
          '#',
          '%2f',
          '..',
          'bytes=',
          'max-age',
        ],
        ...['http://', 'https://', 'example.org', '0x7f', '127.1', 'gzip', '0', '9', 'private', '_', 'é', '\0', '\r\n'],
      ),
      { maxLength: 20 },
    )
    .map((parts) => parts.join('')),
)
const names = [
  'Host',
  'Connection',
  'Content-Length',
  'Transfer-Encoding',
  'Range',
  'If-Range',
  'If-None-Match',
  'ETag',
]
const raw = fc
  .array(fc.tuple(fc.oneof(fc.constantFrom(...names), text), text), { maxLength: 8 })
  .map((fields) => fields.flat())
const size = fc.nat({ max: 1_000_000 })
const opaque = fc.stringMatching(/^[!#-~]{0,20}$/)

describe('Parsers', () => {
  test('never throw, whatever they are given', () => {
    fc.assert(
      fc.property(text, text, raw, size, (one, other, fields, sizeBytes) => {
        parseCacheControl(one)
        parseHttpDate(one)
        parseEntityTag(one)
        parseEntityTags(one)
        parseRange(one)
        parseContentRange(one)
        resolveRange(one, sizeBytes)
        parseAuthorityForm(one)
        parseTargetUri(one)
        targetInTunnel({ scheme: 'https', host: 'example.org', port: 443 }, one, other)
        forwardableRequestFields(fields)
        endToEndResponseFields(fields)
        const request = new Fields(fields)
        const selected = { fields: new Fields(['ETag', one, 'Last-Modified', other]), status: 200 }
        evaluateConditions(request, selected)
        ifRangeHolds(request, selected)
        const key = secondaryKey(one, request)
        if (key !== 'star') assert.equal(varyMatches(key, request), true)
        for (const place of ['proxy', 'tunnel'] as const) {
          checkRequestHead({ method: one, requestTarget: other, httpVersion: '1.1', raw: fields }, place)
          checkRequestHead({ method: 'GET', requestTarget: other, httpVersion: '1.1', raw: fields }, place)
        }
      }),
      { numRuns: 2000 },
    )
  })

  test('members of a list, joined, are the same members', () => {
    fc.assert(
      fc.property(text, (value) => {
        const members = listMembers(value)
        assert.deepEqual(listMembers(members.filter((member) => !member.includes('"')).join(', ')), [
          ...members.filter((member) => !member.includes('"')),
        ])
      }),
    )
  })

  test('a long hostile value is read in linear time', () => {
    for (const part of ['"\\', '\\"', '",', 'a="']) {
      listMembers(part.repeat(200_000))
      parseCacheControl(part.repeat(200_000))
    }
  })
})

describe('Formats', () => {
  test('an HTTP-date is read as it was written (RFC 9110 section 5.6.7)', () => {
    const seconds = fc.integer({ min: Date.UTC(1, 0, 1) / 1000, max: Date.UTC(9999, 11, 31) / 1000 })
    fc.assert(fc.property(seconds, (at) => assert.equal(parseHttpDate(formatHttpDate(at * 1000)), at * 1000)))
  })

  test('an entity tag is read as it was written, alone and in a list', () => {
    const tag = fc.record({ weak: fc.boolean(), opaque }, { noNullPrototype: true })
    fc.assert(
      fc.property(fc.array(tag, { minLength: 1, maxLength: 5 }), (tags) => {
        assert.deepEqual(parseEntityTag(formatEntityTag(tags[0]!)), tags[0])
        assert.deepEqual(parseEntityTags(tags.map(formatEntityTag).join(' , ')), tags)
      }),
    )
  })

  test('a range is read as it was written, and selects what is there', () => {
    const range = fc.oneof(
      fc.record({ suffixBytes: size }, { noNullPrototype: true }),
      fc.tuple(size, size).map(([a, b]) => ({ first: Math.min(a, b), last: Math.max(a, b) })),
      size.map((first) => ({ first, last: undefined })),
    )
    fc.assert(
      fc.property(range, size, (wanted, sizeBytes) => {
        assert.deepEqual(parseRange(formatRange(wanted)), wanted)
        const resolved = resolveRange(formatRange(wanted), sizeBytes)
        if (resolved.kind !== 'partial') return
        assert.ok(resolved.first >= 0 && resolved.first <= resolved.last && resolved.last < sizeBytes)
        const content = { first: resolved.first, last: resolved.last, sizeBytes }
        assert.deepEqual(parseContentRange(formatContentRange(content)), content)
      }),
    )
  })
})

describe('Target URI', () => {
  const path = fc.stringMatching(/^\/[!$-;=@-Z_a-z~%]{0,30}(?:\?[!$-;=?-Z_a-z~%]{0,20})?$/)

  test('what is canonical is read as itself', () => {
    fc.assert(
      fc.property(text, path, (authority, rest) => {
        const target = parseTargetUri(`http://${authority}${rest}`)
        if ('invalid' in target) return
        assert.deepEqual(parseTargetUri(target.href), target)
        assert.equal(classRuleFor(target), classRuleFor(target))
      }),
    )
  })

  test('every path passes the gate and the parser unchanged', () => {
    fc.assert(
      fc.property(path, (rest) => {
        const target = parseTargetUri(`http://example.org${rest}`)
        assert.ok('path' in target)
        assert.equal(target.path, rest)
      }),
    )
  })
})
