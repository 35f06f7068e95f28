import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { parseServerName } from '../../../src/ca/server-name.ts'

const bytesOf = (text: string): number[] | undefined => {
  const general = parseServerName(text)?.general
  return general !== undefined && 'address' in general ? [...general.address] : undefined
}

describe('A server name', () => {
  test('in DNS is lower case without a trailing dot', () => {
    assert.deepEqual(parseServerName('Files.Example.TEST.'), {
      text: 'files.example.test',
      general: { dns: 'files.example.test' },
    })
  })

  test('may be one label, an A-label, or hold an underscore', () => {
    for (const name of ['localhost', 'xn--bcher-kva.test', 'my_bucket.s3.test']) {
      assert.deepEqual(parseServerName(name)?.general, { dns: name })
    }
  })

  test('may be an address of IPv4 or IPv6, in any spelling', () => {
    assert.deepEqual(bytesOf('127.0.0.1'), [127, 0, 0, 1])
    assert.deepEqual(bytesOf('::1'), [...Array<number>(15).fill(0), 1])
    assert.deepEqual(bytesOf('::'), Array<number>(16).fill(0))
    assert.deepEqual(bytesOf('2001:DB8::ff:0'), [0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0, 0])
    assert.deepEqual(bytesOf('::ffff:192.0.2.1')?.slice(10), [255, 255, 192, 0, 2, 1])
    assert.deepEqual(bytesOf('1:2:3:4:5:6:7:8'), [0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7, 0, 8])
    assert.equal(parseServerName('0:0:0:0:0:0:0:1')?.text, '::1')
  })

  test('of 253 characters is the longest', () => {
    const longest = `${'a'.repeat(63)}.${'b'.repeat(63)}.${'c'.repeat(63)}.${'d'.repeat(61)}`
    assert.equal(parseServerName(longest)?.text, longest)
    assert.equal(parseServerName(`${longest}d`), undefined)
  })

  for (const text of [
    '',
    '.',
    'a..test',
    '.test',
    '-a.test',
    'a-.test',
    `${'a'.repeat(64)}.test`,
    'bücher.test',
    '*.example.test',
    '../../etc',
    'a/b',
    'a b',
    'a\0.test',
    'a\r\nb',
    'a:443',
    '[::1]',
    'fe80::1%eth0',
    '1.2.3',
    '1.2.3.256',
    '12345',
  ]) {
    test(`is not ${JSON.stringify(text).slice(0, 40)}`, () => {
      assert.equal(parseServerName(text), undefined)
    })
  }
})
