import assert from 'node:assert/strict'
import { SocketAddress } from 'node:net'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { parseServerName } from '../../../src/ca/server-name.ts'

const addressOf = (text: string): Uint8Array => {
  const general = parseServerName(text)?.general
  assert.ok(general !== undefined && 'address' in general, text)
  return general.address
}

describe('Server names', () => {
  test('of any text are refused or canonical, and never throw', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.domain(), fc.ipV4Extended(), fc.string({ unit: 'binary' })), (text) => {
        const name = parseServerName(text)
        if (name === undefined) return
        assert.deepEqual(parseServerName(name.text), name)
        assert.match(name.text, /^[a-z0-9._:-]{1,253}$/)
      }),
    )
  })

  test('of IPv4 are their four bytes', () => {
    fc.assert(fc.property(fc.ipV4(), (text) => assert.equal(addressOf(text).join('.'), text)))
  })

  test('of IPv6 are their sixteen bytes, in every spelling', () => {
    fc.assert(
      fc.property(fc.ipV6(), (text) => {
        const bytes = addressOf(text)
        assert.equal(bytes.length, 16)
        const groups = Buffer.from(bytes).toString('hex').match(/.{4}/g)!.join(':')
        const canonical = (address: string) => new SocketAddress({ address, family: 'ipv6' }).address
        assert.equal(canonical(groups), canonical(text))
      }),
    )
  })
})
