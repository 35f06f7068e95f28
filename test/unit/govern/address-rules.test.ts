import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Fault } from '../../../src/base/faults.ts'
import { createAddressRules } from '../../../src/govern/address-rules.ts'

const plain = createAddressRules({ allow: [], deny: [] })

const barred: readonly (readonly [string, string])[] = [
  ['127.0.0.1', 'loopback'],
  ['127.255.255.254', 'loopback'],
  ['::1', 'loopback'],
  ['0:0:0:0:0:0:0:1', 'loopback'],
  ['::ffff:127.0.0.1', 'loopback'],
  ['::ffff:7f00:1', 'loopback'],
  ['10.1.2.3', 'private'],
  ['172.16.0.1', 'private'],
  ['172.31.255.255', 'private'],
  ['192.168.1.1', 'private'],
  ['fd00::1', 'private'],
  ['fec0::1', 'private'],
  ['100.64.0.1', 'carrier-grade NAT'],
  ['169.254.169.254', 'link-local'],
  ['fe80::1', 'link-local'],
  ['fe80::1%eth0', 'link-local'],
  ['224.0.0.1', 'multicast'],
  ['ff02::1', 'multicast'],
  ['255.255.255.255', 'reserved'],
  ['0.1.2.3', 'reserved'],
  ['64:ff9b::7f00:1', 'loopback inside an IPv6 address'],
  ['64:ff9b::10.0.0.1', 'private inside an IPv6 address'],
  ['2002:7f00:1::', 'loopback inside an IPv6 address'],
  ['2002:a9fe:a9fe::1', 'link-local inside an IPv6 address'],
  ['2001:0:c000:201:0:0:80ff:fffe', 'loopback inside an IPv6 address'],
  ['2001:0:7f00:1::', 'loopback inside an IPv6 address'],
  ['::127.0.0.1', 'loopback'],
  ['::7f00:1', 'loopback inside an IPv6 address'],
  ['0.0.0.0', 'unspecified'],
  ['::', 'unspecified'],
  ['::ffff:0.0.0.0', 'unspecified'],
  ['64:ff9b::', 'unspecified'],
]

for (const [address, reason] of barred) {
  test(`${address} is barred: ${reason} (CORRECTNESS T19)`, () => assert.equal(plain(address), reason))
}

for (const address of [
  '192.0.2.1',
  '198.51.100.7',
  '203.0.113.9',
  '172.32.0.1',
  '100.128.0.1',
  '1.1.1.1',
  '2606:4700::1111',
  '64:ff9b::101:101',
  '2002:101:101::',
]) {
  test(`${address} is allowed`, () => assert.equal(plain(address), 'allowed'))
}

for (const text of ['0177.0.0.1', '0x7f.1', '2130706433', '127.1', 'localhost', '']) {
  test(`"${text}" is no address, so it is not dialled`, () => assert.equal(plain(text), 'not an IP address'))
}

test('--allow-address opens a barred range, the addresses inside of IPv6 addresses included', () => {
  const rules = createAddressRules({ allow: ['127.0.0.0/8', 'fd00::/8'], deny: [] })
  for (const address of ['127.0.0.1', '::ffff:127.0.0.1', '64:ff9b::7f00:1', 'fd12::1']) {
    assert.equal(rules(address), 'allowed')
  }
  assert.equal(rules('::1'), 'loopback')
})

test('--deny-address beats --allow-address', () => {
  const rules = createAddressRules({ allow: ['10.0.0.0/8'], deny: ['10.1.0.0/16', '1.1.1.1'] })
  assert.equal(rules('10.0.0.1'), 'allowed')
  assert.equal(rules('10.1.0.1'), 'denied by --deny-address')
  assert.equal(rules('1.1.1.1'), 'denied by --deny-address')
  assert.equal(rules('64:ff9b::101:101'), 'denied by --deny-address')
})

test('the unspecified address stays barred whatever is allowed', () => {
  const rules = createAddressRules({ allow: ['0.0.0.0/0', '::/0'], deny: [] })
  for (const address of ['0.0.0.0', '::', '::ffff:0.0.0.0']) assert.equal(rules(address), 'unspecified')
  assert.equal(rules('127.0.0.1'), 'allowed')
})

for (const cidr of [
  '10.0.0.0/33',
  '10.0.0/8',
  'fd00::/129',
  'example.org',
  '10.0.0.0/8/8',
  '',
  '1.2.3.4/',
  'fe80::1%x',
]) {
  test(`"${cidr}" is refused as a CIDR`, () => {
    assert.throws(
      () => createAddressRules({ allow: [cidr], deny: [] }),
      (error) => error instanceof Fault && error.code === 'CONFIG_BAD_VALUE' && error.message.includes(`"${cidr}"`),
    )
  })
}
