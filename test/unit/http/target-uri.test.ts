import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { createTargetParser, parseAuthorityForm, parseTargetUri, targetInTunnel } from '../../../src/http/target-uri.ts'

const href = (text: string): string => {
  const target = parseTargetUri(text)
  return 'invalid' in target ? `invalid: ${target.invalid}` : target.href
}

describe('Target URI', () => {
  const spellings: readonly (readonly [string, string])[] = [
    ['http://example.org', 'http://example.org/'],
    ['HTTP://Example.ORG:80/', 'http://example.org/'],
    ['https://example.org:443/a', 'https://example.org/a'],
    ['ftp://example.org:21/a', 'ftp://example.org/a'],
    ['ftps://example.org:990/a', 'ftps://example.org/a'],
    ['ftps://example.org:21/a', 'ftps://example.org:21/a'],
    ['ftp://anonymous@example.org/a', 'ftp://example.org/a'],
    ['ftp://ftp:@example.org/a', 'ftp://example.org/a'],
    ['ftps://anonymous:me%40example.org@example.org:2121/a', 'ftps://example.org:2121/a'],
    ['http://example.org.:080/', 'http://example.org/'],
    ['http://example.org:/a', 'http://example.org/a'],
    ['http://example.org?q', 'http://example.org/?q'],
    ['http://example.org?a/b', 'http://example.org/?a/b'],
    ['http://localhost./', 'http://localhost/'],
    ['http://bücher.example/', 'http://xn--bcher-kva.example/'],
    ['http://[2001:DB8:0:0::1]:8080/', 'http://[2001:db8::1]:8080/'],
    ['http://[::FFFF:127.0.0.1]/', 'http://[::ffff:7f00:1]/'],
    ...[
      '0x7f.1',
      '2130706433',
      '0177.0.0.1',
      '127.1',
      '127.0.0.1.',
      '１２７.0.0.1',
      '127。0。0。1',
      '017700000001',
    ].map((host) => [`http://${host}/`, 'http://127.0.0.1/'] as const),
  ]
  for (const [text, expected] of spellings) {
    test(`${text} is ${expected} (RFC 3986 section 6.2, CORRECTNESS T10, T19)`, () =>
      assert.equal(href(text), expected))
  }

  const kept = ['/a%2fB/../c', '//a', '/%7Ea', '/a;b', '/a+b%20c', '/a?b=%41&a#'.slice(0, -1), '/%', '/a/./b', '/[x]']
  for (const path of kept) {
    test(`path and query keep their bytes: ${path} (CORRECTNESS T10)`, () => {
      assert.equal(href(`http://example.org${path}`), `http://example.org${path}`)
    })
  }

  const invalid = [
    '',
    '/a',
    'example.org',
    'http:/example.org/',
    'gopher://example.org/',
    'http:///a',
    'http://?q',
    'http://user@example.org/',
    'http://user:secret@example.org/',
    'ftp://user:secret@example.org/',
    'ftp://user@example.org/',
    'ftp://Anonymous@example.org/',
    'ftp://anonymous:a@b@example.org/',
    'ftp://anonymous:a:b@example.org/',
    'ftp://@example.org/',
    'http://anonymous@example.org/',
    'ftpx://example.org/',
    'http://example.org/#a',
    'http://example.org#a',
    'http://example.org/a b',
    'http://example.org/é',
    'http://example.org:0/',
    'http://example.org:65536/',
    'http://example.org:+80/',
    'http://example.org:80:80/',
    'http://a..b/',
    'http://.a/',
    'http://a../',
    'http://a%2eb/',
    'http://xn--a%2eb/',
    'http://127.0.0.1%2e/',
    'http://a\\b/',
    'http://a_b!/',
    'http://256.1.1.1/',
    'http://1.2.3.4.5/',
    'http://[::1/',
    'http://[::1]x/',
    'http://[fe80::1%25eth0]/',
    'http://[127.0.0.1]/',
    'http://[v1.a]/',
    `http://${'a'.repeat(64)}/`,
    `http://example.org/${'a'.repeat(8192)}`,
  ]
  for (const text of invalid) {
    test(`is invalid: ${text.slice(0, 60)}`, () => assert.match(href(text), /^invalid: /))
  }

  test('parts fit together', () => {
    assert.deepEqual(parseTargetUri('https://[::1]:8443/a?b'), {
      scheme: 'https',
      host: '::1',
      port: 8443,
      authority: '[::1]:8443',
      path: '/a?b',
      href: 'https://[::1]:8443/a?b',
    })
  })

  test('a parser that remembers authorities answers as the plain one, for any number of them', () => {
    const parse = createTargetParser()
    for (let round = 0; round < 2; round += 1) {
      for (let i = 0; i < 1100; i += 1) assert.deepEqual(parse(`http://h${i}/a`), parseTargetUri(`http://h${i}/a`))
    }
    assert.deepEqual(parse('http://a@b/'), parseTargetUri('http://a@b/'))
  })
})

describe('Authority-form (RFC 9112 section 3.2.3)', () => {
  test('a host and a port', () => {
    assert.deepEqual(parseAuthorityForm('Example.org:443'), { host: 'example.org', port: 443 })
    assert.deepEqual(parseAuthorityForm('[::1]:8443'), { host: '::1', port: 8443 })
    assert.deepEqual(parseAuthorityForm('127.1:80'), { host: '127.0.0.1', port: 80 })
  })

  for (const text of [
    '',
    'example.org',
    'example.org:',
    ':443',
    '../../name:443',
    'xn--a/b:443',
    'a@b:443',
    '::1:443',
    'a:b:1',
  ]) {
    test(`is invalid: ${text}`, () => assert.ok('invalid' in parseAuthorityForm(text)))
  }
})

describe('Target inside a tunnel (CORRECTNESS T09)', () => {
  const tunnel = { scheme: 'https', host: 'example.org', port: 443 } as const
  const inside = (requestTarget: string, host: string | undefined = 'example.org'): string => {
    const target = targetInTunnel(tunnel, requestTarget, host)
    if ('invalid' in target) return 'invalid'
    return 'misdirected' in target ? 'misdirected' : target.href
  }

  test('origin-form and absolute-form for the tunnel’s server', () => {
    assert.equal(inside('/a%2f?b'), 'https://example.org/a%2f?b')
    assert.equal(inside('/a', 'EXAMPLE.org.:443'), 'https://example.org/a')
    assert.equal(inside('https://example.org/a'), 'https://example.org/a')
    assert.equal(targetInTunnel(tunnel, '/a', undefined) instanceof Object, true)
    assert.equal(inside('//other.test/a'), 'https://example.org//other.test/a')
  })

  test('another host, port or scheme is misdirected', () => {
    assert.equal(inside('/a', 'other.test'), 'misdirected')
    assert.equal(inside('/a', 'example.org:8443'), 'misdirected')
    assert.equal(inside('https://other.test/a'), 'misdirected')
    assert.equal(inside('http://example.org/a'), 'misdirected')
    assert.equal(inside('https://example.org/a', 'other.test'), 'misdirected')
  })

  test('what cannot be read is invalid', () => {
    assert.equal(inside('/a', 'a@example.org'), 'invalid')
    assert.equal(inside('/a', ''), 'invalid')
    assert.equal(inside('/a#b'), 'invalid')
    assert.equal(inside('a'), 'invalid')
  })

  test('another port than the scheme’s own must be named in Host', () => {
    const other = { scheme: 'https', host: '::1', port: 8443 } as const
    assert.ok('href' in targetInTunnel(other, '/', '[0:0::1]:8443'))
    assert.ok('misdirected' in targetInTunnel(other, '/', '[::1]'))
  })

  test('* is kept as the path', () => {
    const target = targetInTunnel(tunnel, '*', 'example.org')
    assert.equal('path' in target && target.path, '*')
  })
})
