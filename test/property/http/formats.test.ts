import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { type CacheControl, parseCacheControl } from '../../../src/http/cache-control.ts'
import { Fields } from '../../../src/http/fields.ts'
import { formatHttpDate, parseHttpDate } from '../../../src/http/http-date.ts'
import { listMembers, unquoted } from '../../../src/http/list.ts'
import { resolveRange } from '../../../src/http/range.ts'
import { secondaryKey, varyMatches } from '../../../src/http/vary.ts'

const quotable = fc.string({ unit: fc.constantFrom(...'ab ,="\\;\t'), maxLength: 8 })
const quoted = (text: string): string => `"${text.replace(/["\\]/g, '\\$&')}"`
const space = fc.constantFrom('', ' ', '\t', '  ')
/** Written in any mixture of cases. */
const anyCase = (text: string): fc.Arbitrary<string> =>
  fc
    .array(fc.boolean(), { minLength: text.length, maxLength: text.length })
    .map((upper) => [...text].map((letter, at) => (upper[at] ? letter.toUpperCase() : letter)).join(''))

describe('Cache-Control', () => {
  const flags = {
    'no-store': 'noStore',
    'no-cache': 'noCache',
    private: 'private',
    public: 'public',
    'must-revalidate': 'mustRevalidate',
    'proxy-revalidate': 'proxyRevalidate',
    'must-understand': 'mustUnderstand',
    immutable: 'immutable',
    'no-transform': 'noTransform',
    'only-if-cached': 'onlyIfCached',
  } as const
  const numbers = {
    'max-age': 'maxAgeSeconds',
    's-maxage': 'sMaxAgeSeconds',
    'min-fresh': 'minFreshSeconds',
    'max-stale': 'maxStaleSeconds',
    'stale-while-revalidate': 'staleWhileRevalidateSeconds',
    'stale-if-error': 'staleIfErrorSeconds',
  } as const
  /** One directive: how it is written, and what it means. */
  const directive: fc.Arbitrary<readonly [string, Partial<CacheControl>]> = fc.oneof(
    fc
      .constantFrom(...Object.entries(flags))
      .chain(([name, property]) => anyCase(name).map((text) => [text, { [property]: true }] as const)),
    fc
      .tuple(fc.constantFrom(...Object.entries(numbers)), fc.nat({ max: 2 ** 31 - 1 }), fc.boolean())
      .chain(([[name, property], seconds, inQuotes]) =>
        anyCase(name).map(
          (text) => [`${text}=${inQuotes ? quoted(String(seconds)) : seconds}`, { [property]: seconds }] as const,
        ),
      ),
    quotable.map((text) => [`ext=${quoted(text)}`, {}] as const),
  )
  const nameOf = ([text]: readonly [string, unknown]): string => text.split('=', 1)[0]!.toLowerCase()

  test('directives are read as they were written, in any case, order and spacing (RFC 9111 section 5.2)', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(directive, { selector: nameOf }),
        fc.array(space, { minLength: 40 }),
        (all, spaces) => {
          const text = all
            .map(([written], at) => `${spaces[2 * at] ?? ''}${written}${spaces[2 * at + 1] ?? ''}`)
            .join(',')
          const meant = Object.assign({}, ...all.map(([, meaning]) => meaning))
          assert.deepEqual(parseCacheControl(text), { ...parseCacheControl(undefined), ...meant })
        },
      ),
    )
  })

  test('the order of directives means nothing, and neither does writing them twice', () => {
    fc.assert(
      fc.property(fc.array(directive, { maxLength: 6 }), (all) => {
        const texts = all.map(([text]) => text)
        const read = parseCacheControl(texts.join(', '))
        assert.deepEqual(parseCacheControl(texts.toReversed().join(', ')), read)
        assert.deepEqual(parseCacheControl([...texts, ...texts].join(', ')), read)
      }),
    )
  })

  test('one field with two values is two fields with one each (RFC 9110 section 5.3)', () => {
    fc.assert(
      fc.property(directive, directive, ([one], [other]) => {
        const twice = new Fields(['Cache-Control', one, 'cache-control', other])
        assert.deepEqual(parseCacheControl(twice.get('cache-control')), parseCacheControl(`${one}, ${other}`))
      }),
    )
  })
})

describe('Lists', () => {
  test('members are read as they were written, quoted strings with commas included (RFC 9110 section 5.6.1)', () => {
    const member = fc.oneof(fc.stringMatching(/^[a-z0-9=;]{1,8}$/), quotable.map(quoted))
    fc.assert(
      fc.property(fc.array(member), space, space, (members, before, after) => {
        assert.deepEqual(listMembers(members.join(`${before},${after}`)), members)
        assert.deepEqual(listMembers(`, ,${members.join(',,')},`), members)
      }),
    )
  })

  test('a quoted string is read as it was written (RFC 9110 section 5.6.4)', () => {
    fc.assert(fc.property(quotable, (text) => assert.equal(unquoted(quoted(text)), text)))
  })
})

describe('Dates', () => {
  const weekdays = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday']
  const two = (number: number): string => String(number).padStart(2, '0')
  const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
  const year = 365.25 * 86_400
  const now = Date.UTC(2026, 0, 2)

  test('the three forms of a date are the same date (RFC 9110 section 5.6.7)', () => {
    const near = fc.integer({ min: Math.ceil(now / 1000 - 25 * year), max: Math.floor(now / 1000 + 49 * year) })
    fc.assert(
      fc.property(near, (seconds) => {
        const at = new Date(seconds * 1000)
        const day = weekdays[at.getUTCDay()]!
        const month = months[at.getUTCMonth()]!
        const time = [at.getUTCHours(), at.getUTCMinutes(), at.getUTCSeconds()].map(two).join(':')
        const date = at.getUTCDate()
        const rfc850 = `${day}, ${two(date)}-${month}-${two(at.getUTCFullYear() % 100)} ${time} GMT`
        const asctime = `${day.slice(0, 3)} ${month} ${String(date).padStart(2)} ${time} ${at.getUTCFullYear()}`
        for (const text of [formatHttpDate(at.getTime()), rfc850, asctime]) {
          assert.equal(parseHttpDate(text, now), at.getTime(), text)
        }
      }),
    )
  })

  test('a two-digit year is never more than 50 years ahead, nor more than 100 behind that', () => {
    const at = fc.integer({ min: Date.UTC(2000, 0, 1), max: Date.UTC(2199, 0, 1) })
    fc.assert(
      fc.property(at, fc.nat({ max: 99 }), (nowMs, digits) => {
        const read = parseHttpDate(`Monday, 01-Mar-${two(digits)} 00:00:00 GMT`, nowMs)!
        const limit = new Date(nowMs)
        limit.setUTCFullYear(limit.getUTCFullYear() + 50)
        assert.ok(read <= limit.getTime())
        assert.equal(new Date(read).getUTCFullYear() % 100, digits)
      }),
    )
  })
})

describe('Ranges', () => {
  test('the ranges of a piecewise reading, joined, are the whole (RFC 9110 section 14.1.2)', () => {
    const cuts = fc.uniqueArray(fc.integer({ min: 1, max: 999 }), { maxLength: 5 })
    fc.assert(
      fc.property(cuts, (positions) => {
        const starts = [0, ...positions.toSorted((a, b) => a - b)]
        let at = 0
        for (const [index, first] of starts.entries()) {
          const next = starts[index + 1]
          const range = resolveRange(`bytes=${first}-${next === undefined ? '' : next - 1}`, 1000)
          assert.ok(range.kind === 'partial' && range.first === at)
          at = range.last + 1
        }
        assert.equal(at, 1000)
      }),
    )
  })

  test('a suffix and the same bytes by position are one range', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5000 }), fc.integer({ min: 1, max: 5000 }), (size, count) => {
        const first = Math.max(0, size - count)
        assert.deepEqual(resolveRange(`bytes=-${count}`, size), resolveRange(`bytes=${first}-`, size))
      }),
    )
  })
})

describe('Vary', () => {
  const name = fc.constantFrom('accept', 'accept-encoding', 'accept-language', 'user-agent', 'x-word')
  const value = fc.constantFrom('', 'a', 'A', 'a, b', 'a,b', 'b,a', '"a,b"')
  const request = fc.array(fc.tuple(name, value), { maxLength: 4 }).map((pairs) => pairs.flat())

  test('the request that chose a variant gets it again, whatever else it says (RFC 9111 section 4.1)', () => {
    fc.assert(
      fc.property(fc.array(name), request, fc.string(), (names, fields, other) => {
        const key = secondaryKey(names.join(','), new Fields(fields))
        assert.ok(key !== 'star')
        assert.ok(varyMatches(key, new Fields(['X-Other', other, ...fields])))
      }),
    )
  })

  test('a request that differs in a field of unknown syntax, and not in white space around commas alone, never gets the variant', () => {
    fc.assert(
      fc.property(value, value, (one, other) => {
        const key = secondaryKey('X-Word', new Fields(['X-Word', one]))
        assert.ok(key !== 'star')
        const same = listMembers(one).join() === listMembers(other).join()
        assert.equal(varyMatches(key, new Fields(['x-word', other])), same)
      }),
    )
  })
})
