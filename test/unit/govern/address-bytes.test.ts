import assert from 'node:assert/strict'
import { isIPv4 } from 'node:net'
import { test } from 'node:test'
import fc from 'fast-check'
import { addressBytes, addressText, canonicalAddress } from '../../../src/govern/address-bytes.ts'

test('every spelling of an address gives the same bytes (RFC 4291 section 2.2)', () => {
  for (const spelling of [
    '2001:db8::1',
    '2001:DB8:0::1',
    '2001:0db8:0000:0000:0000:0000:0000:0001',
    '2001:db8::0.0.0.1',
  ]) {
    assert.equal(canonicalAddress(spelling), '2001:db8::1')
  }
})

test('a v4-mapped address is its IPv4 address', () => {
  assert.equal(canonicalAddress('::ffff:192.0.2.1'), '192.0.2.1')
  assert.equal(canonicalAddress('::FFFF:c000:201'), '192.0.2.1')
})

test('what an address is printed as is read as the same bytes', () => {
  fc.assert(
    fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), (address) => {
      const bytes = addressBytes(address)!
      assert.deepEqual(addressBytes(addressText(bytes)), bytes)
      if (isIPv4(address)) assert.equal(addressText(bytes), address)
    }),
  )
})

test('what is no address has no bytes', () => {
  for (const text of ['', 'localhost', '1.2.3', '01.2.3.4', '::g', '[::1]', '1.2.3.4 ']) {
    assert.equal(addressBytes(text), undefined)
  }
})
