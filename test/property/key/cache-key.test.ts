import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { classRuleFor, rfcRule } from '../../../src/ecosystem/classify.ts'
import { parseTargetUri } from '../../../src/http/target-uri.ts'
import { cacheKey, initialTerms } from '../../../src/key/cache-key.ts'

const host = fc.stringMatching(/^[a-z][a-z0-9]{0,8}(?:\.[a-z][a-z0-9]{0,5}){0,2}$/)
const path = fc.stringMatching(/^\/(?:[A-Za-z0-9~+;:@/.-]|%2[bBfF]|%7[eE]|%41){0,20}(?:\?[a-z=&]{0,6})?$/)
const scheme = fc.constantFrom('http', 'https', 'ftp')
const ports = { http: 80, https: 443, ftp: 21 } as const

function key(text: string, recognised = true): string {
  const target = parseTargetUri(text)
  assert.ok('href' in target, text)
  return cacheKey(target, recognised ? classRuleFor(target) : rfcRule)
}

/** `text` with the case of the letters that `flags` choose turned. */
function recased(text: string, flags: readonly boolean[]): string {
  return [...text].map((letter, i) => (flags[i % flags.length] ? letter.toUpperCase() : letter)).join('')
}

/** Octets as a URI may have them: unreserved ones plain or not, all others as triplets, the digits in either case. */
function spelled(octets: readonly number[], ways: readonly number[]): string {
  return octets
    .map((octet, i) => {
      const way = ways[i % ways.length]!
      const plain = String.fromCharCode(octet)
      if (way > 1 && /[A-Za-z0-9._~-]/.test(plain)) return plain
      const digits = octet.toString(16).padStart(2, '0')
      return `%${way % 2 === 0 ? digits : digits.toUpperCase()}`
    })
    .join('')
}

/** By RFC 3986 section 6.2.2, written another way than in the program. */
function inOneSpelling(text: string): string {
  return text.replace(/%[0-9a-f]{2}/gi, (triplet) => {
    const character = decodeURIComponent(/%[0-7]/.test(triplet) ? triplet : '%00')
    return /^[\w.~-]$/.test(character) ? character : triplet.toUpperCase()
  })
}

describe('Cache key (CORRECTNESS T10)', () => {
  test('two spellings of one target give one key', () => {
    const flags = fc.array(fc.boolean(), { minLength: 1, maxLength: 20 })
    fc.assert(
      fc.property(scheme, host, path, flags, fc.boolean(), fc.boolean(), (name, server, rest, turned, dot, port) => {
        const authority = `${recased(server, turned)}${dot ? '.' : ''}${port ? `:${ports[name as keyof typeof ports]}` : ''}`
        assert.equal(key(`${recased(name, turned)}://${authority}${rest}`), key(`${name}://${server}${rest}`))
      }),
    )
  })

  test('unreserved characters may be written with a percent sign, and its digits in any case (RFC 9110 section 4.2.3)', () => {
    const octet = fc.integer({ min: 0, max: 255 })
    const letters = fc.array(octet, { maxLength: 20 })
    const ways = fc.array(fc.nat(3), { minLength: 1, maxLength: 20 })
    fc.assert(
      fc.property(scheme, host, letters, letters, ways, ways, (name, server, inPath, inQuery, one, other) => {
        const text = (way: readonly number[]): string =>
          `${name}://${server}/${spelled(inPath, way)}?${spelled(inQuery, way)}`
        assert.equal(key(text(one), false), key(text(other), false))
      }),
    )
  })

  test('different paths never give one key where no rule speaks', () => {
    fc.assert(
      fc.property(scheme, host, path, path, (name, server, one, other) => {
        fc.pre(inOneSpelling(one) !== inOneSpelling(other))
        assert.notEqual(key(`${name}://${server}${one}`, false), key(`${name}://${server}${other}`, false))
      }),
    )
  })

  test('different paths of a rule give one key only when they decode to the same', () => {
    fc.assert(
      fc.property(host, path, path, (server, one, other) => {
        const text = (rest: string): string => `http://${server}/pool${rest.split('?')[0]}_1_all.deb`
        fc.pre(decodeURIComponent(one.split('?')[0]!) !== decodeURIComponent(other.split('?')[0]!))
        assert.notEqual(key(text(one)), key(text(other)))
      }),
    )
  })

  test('different servers never give one key', () => {
    fc.assert(
      fc.property(scheme, scheme, host, host, fc.integer({ min: 1, max: 65535 }), (a, b, one, other, port) => {
        fc.pre(a !== b || one !== other)
        assert.notEqual(key(`${a}://${one}:${port}/`), key(`${b}://${other}:${port}/`))
      }),
    )
  })

  test('partitions never meet', () => {
    const partition = fc.option(fc.string({ unit: 'grapheme-ascii' }), { nil: undefined })
    fc.assert(
      fc.property(partition, partition, path, path, (a, b, one, other) => {
        fc.pre(a !== b)
        const first = parseTargetUri(`http://h${one}`)
        const second = parseTargetUri(`http://h${other}`)
        assert.ok('href' in first && 'href' in second)
        assert.notEqual(
          cacheKey(first, rfcRule, initialTerms, false, a),
          cacheKey(second, rfcRule, initialTerms, false, b),
        )
      }),
    )
  })
})
