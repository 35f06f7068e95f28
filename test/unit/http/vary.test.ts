import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Fields } from '../../../src/http/fields.ts'
import { secondaryKey, varyMatches } from '../../../src/http/vary.ts'

const matches = (vary: string, first: readonly string[], second: readonly string[]): boolean => {
  const key = secondaryKey(vary, new Fields(first))
  assert.ok(key !== 'star')
  return varyMatches(JSON.parse(JSON.stringify(key)), new Fields(second))
}

describe('Vary (RFC 9111 section 4.1)', () => {
  test('a star fits no request, wherever it stands', () => {
    assert.equal(secondaryKey('*', new Fields([])), 'star')
    assert.equal(secondaryKey('Accept, *', new Fields([])), 'star')
  })

  test('no Vary fits every request', () => {
    assert.deepEqual({ ...(secondaryKey(undefined, new Fields([])) as object) }, {})
    assert.equal(varyMatches({}, new Fields(['A', 'b'])), true)
  })

  test('names are case-insensitive and absent values are empty', () => {
    const key = secondaryKey('Accept-ENCODING, Origin', new Fields(['accept-encoding', 'GZIP']))
    assert.deepEqual({ ...(key as object) }, { 'accept-encoding': 'gzip', origin: '' })
  })

  test('white space in lists and case of codings mean nothing', () => {
    assert.ok(matches('Accept-Encoding', ['Accept-Encoding', 'gzip, br'], ['Accept-Encoding', 'GZIP ,br']))
    assert.ok(
      matches('Accept-Encoding', ['Accept-Encoding', 'gzip, br'], ['Accept-Encoding', 'gzip', 'Accept-Encoding', 'br']),
    )
    assert.ok(matches('Accept', ['Accept', 'a/b , c/d'], ['Accept', 'a/b,c/d']))
  })

  test('anything else means something', () => {
    assert.equal(matches('Accept-Encoding', ['Accept-Encoding', 'gzip, br'], ['Accept-Encoding', 'gzip']), false)
    assert.equal(matches('Accept', ['Accept', 'a/b, c/d'], ['Accept', 'c/d, a/b']), false)
    assert.equal(matches('User-Agent', ['User-Agent', 'a b'], ['User-Agent', 'ab']), false)
    assert.equal(matches('X', ['X', '"a, b"'], ['X', '"a,b"']), false)
    assert.equal(matches('User-Agent', ['User-Agent', 'a'], ['User-Agent', 'A']), false)
    assert.equal(matches('Accept, Origin', ['Accept', 'a/b'], ['Accept', 'a/b', 'Origin', 'x']), false)
  })

  test('a field without a value is not an absent one', () => {
    assert.equal(matches('Accept-Encoding', [], ['Accept-Encoding', '']), false)
    assert.equal(matches('Accept-Encoding', ['Accept-Encoding', ''], []), false)
    assert.ok(matches('Accept-Encoding', ['Accept-Encoding', ''], ['Accept-Encoding', ' ']))
  })

  test('names of Object.prototype are names like any other (CORRECTNESS T46)', () => {
    assert.equal(matches('__proto__', ['__proto__', 'a'], []), false)
    assert.ok(matches('constructor', [], []))
  })
})
