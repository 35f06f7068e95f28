import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { asksForCodings, contentCodings, normalisedAcceptEncoding } from '../../../src/http/accept-encoding.ts'
import { Fields } from '../../../src/http/fields.ts'
import { secondaryKey, varyMatches } from '../../../src/http/vary.ts'

describe('Accept-Encoding in one spelling (RFC 9110 section 12.5.3)', () => {
  const same: readonly (readonly [string, string, string])[] = [
    ['the order', 'gzip, br', 'br, gzip'],
    ['white space', 'gzip,br', ' gzip ,\tbr '],
    ['case', 'GZIP', 'gzip'],
    ['the old name of gzip', 'x-gzip', 'gzip'],
    ['the old name of compress', 'x-compress;q=0.5', 'compress;q=0.5'],
    ['the way to write a weight', 'gzip;q=1.0, br; q = 0.80', 'br;q=0.8,gzip'],
    ['a coding that is refused, as one that is not named', 'gzip, br;q=0', 'gzip'],
    ['identity, which is welcome anyway', 'gzip, identity', 'gzip'],
    ['identity alone', 'identity', ''],
    ['identity with a weight', 'identity;q=0.5', ''],
    ['a coding that comes twice', 'gzip, gzip', 'gzip'],
    ['what is no coding', 'gzip, ;q=1, a b', 'gzip'],
  ]
  for (const [what, one, other] of same) {
    test(`${what} means nothing: ${one} is ${other || '(nothing)'}`, () =>
      assert.equal(normalisedAcceptEncoding(one), normalisedAcceptEncoding(other)))
  }

  const different: readonly (readonly [string, string, string])[] = [
    ['a further coding', 'gzip', 'gzip, br'],
    ['a weight', 'gzip', 'gzip;q=0.5'],
    ['that identity is refused', 'gzip, identity;q=0', 'gzip'],
    ['anything', '*', ''],
    ['with *, what is refused', '*, br;q=0', '*'],
    ['with *, what identity weighs', 'identity;q=0.5, *;q=0', '*;q=0'],
  ]
  for (const [what, one, other] of different) {
    test(`${what} means something: ${one} is not ${other || '(nothing)'}`, () =>
      assert.notEqual(normalisedAcceptEncoding(one), normalisedAcceptEncoding(other)))
  }

  test('Vary compares it so; a field that is absent is not one that asks for identity', () => {
    const key = secondaryKey('Accept-Encoding', new Fields(['Accept-Encoding', 'br, x-gzip']))
    assert.ok(key !== 'star')
    assert.ok(varyMatches(key, new Fields(['accept-encoding', 'gzip,br;q=1'])))
    assert.equal(varyMatches(key, new Fields(['Accept-Encoding', 'gzip'])), false)
    const identity = secondaryKey('Accept-Encoding', new Fields(['Accept-Encoding', 'identity']))
    assert.ok(identity !== 'star')
    assert.equal(varyMatches(identity, new Fields([])), false)
    assert.ok(varyMatches(identity, new Fields(['Accept-Encoding', 'br;q=0'])))
  })
})

describe('A coded content (RFC 9110 section 8.4)', () => {
  const rows: readonly (readonly [string, string | undefined, boolean])[] = [
    ['gzip', 'gzip', true],
    ['gzip', 'br, GZIP;q=0.1', true],
    ['x-gzip', 'gzip', true],
    ['gzip', 'x-gzip', true],
    ['gzip', '*', true],
    ['gzip', undefined, false],
    ['gzip', '', false],
    ['gzip', 'identity', false],
    ['gzip', 'br', false],
    ['gzip', 'gzip;q=0', false],
    ['gzip', 'gzip;q=0.000, *', false],
    ['gzip', '*;q=0', false],
    ['gzip', 'gzip, x-gzip;q=0', false],
    ['gzip, br', 'gzip', false],
    ['gzip, br', 'gzip, br', true],
    ['identity', undefined, true],
    ['utf-8', undefined, true],
    ['aws-chunked, gzip', undefined, false],
    ['', undefined, true],
  ]
  for (const [encoding, accepted, fits] of rows) {
    const asked = accepted === undefined ? 'says nothing' : `says "${accepted}"`
    test(`${encoding || '(none)'} is ${fits ? '' : 'not '}for a client that ${asked}`, () => {
      const codings = contentCodings(encoding)
      assert.equal(codings.length === 0 || asksForCodings(accepted, codings), fits)
    })
  }

  test('without Content-Encoding there is none', () => assert.deepEqual(contentCodings(undefined), []))
})
