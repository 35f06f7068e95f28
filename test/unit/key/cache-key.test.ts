import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { classRuleFor, rfcRule } from '../../../src/ecosystem/classify.ts'
import { parseTargetUri, type TargetUri } from '../../../src/http/target-uri.ts'
import { cacheKey, initialTerms } from '../../../src/key/cache-key.ts'

function key(text: string): string {
  const target = parseTargetUri(text)
  assert.ok('href' in target, text)
  return cacheKey(target, classRuleFor(target))
}

const partitioned = (target: TargetUri, partition: string): string =>
  cacheKey(target, rfcRule, initialTerms, false, partition)

describe('Cache key (RFC 9111 section 2, CORRECTNESS T10)', () => {
  test('is the target URI in canonical spelling', () => {
    assert.equal(key('HTTP://Example.org:80/a?b'), 'http://example.org/a?b')
  })

  const different = [
    ['/a', '/A'],
    ['/a', '/a/'],
    ['/a', '/a?'],
    ['/a', '//a'],
    ['/a/b', '/a%2Fb'],
    ['/a+b', '/a%2Bb'],
    ['/a?b=1&c=2', '/a?c=2&b=1'],
    ['/a;b', '/a'],
    ['/torch-2.3.0%2Bcu1-cp1-cp1-linux.whl', '/torch-2.3.0+cu1-cp1-cp1-linux.whl'],
  ] as const
  for (const [a, b] of different) {
    test(`${a} and ${b} are two keys`, () =>
      assert.notEqual(key(`http://example.org${a}`), key(`http://example.org${b}`)))
  }

  test('scheme and port are part of it', () => {
    const keys = ['http://h/', 'https://h/', 'ftp://h/', 'http://h:8080/', 'http://h:443/'].map((text) => key(text))
    assert.equal(new Set(keys).size, keys.length)
  })

  const same = [
    ['/debian/pool/main/g/g%2b%2b/g%2B%2b_1%3a2%7e3_all.deb', '/debian/pool/main/g/g++/g++_1:2~3_all.deb'],
    ['/@babel%2fcore/-/core-7.0.0.tgz', '/@babel%2Fcore/-/core-7.0.0.tgz'],
    ['/~a', '/%7Ea'],
    ['/a%2fb', '/a%2Fb'],
    ['/a?%7eb=%41', '/a?~b=A'],
    ['/%40babel%2fcore/-/core-7.0.0.tgz', '/@babel/core/-/core-7.0.0.tgz'],
  ] as const
  for (const [a, b] of same) {
    test(`${a} and ${b} are one key: RFC 9110 section 4.2.3 or the ecosystem says so`, () => {
      assert.equal(key(`http://example.org${a}`), key(`http://example.org${b}`))
    })
  }

  test('a rule decodes its own list in the path, and nothing else', () => {
    assert.equal(
      key('http://example.org/pool/a%2B%2F%20_1_all.deb?b=%2B'),
      'http://example.org/pool/a+%2F%20_1_all.deb?b=%2B',
    )
    assert.equal(key('http://example.org/a%2fb/@s%2fn/-/n-1.0.0.tgz'), 'http://example.org/a%2Fb/@s/n/-/n-1.0.0.tgz')
  })

  test('a partition is part of it and cannot be forged', () => {
    const target = parseTargetUri('http://example.org/')
    assert.ok('href' in target)
    assert.notEqual(partitioned(target, 'a'), cacheKey(target, rfcRule))
    assert.notEqual(partitioned(target, 'a'), partitioned(target, 'a '))
    assert.equal(partitioned(target, 'a b'), 'a%20b http://example.org/')
  })
})
