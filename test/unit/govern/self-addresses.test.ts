import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createSelfCheck, localAddresses } from '../../../src/govern/self-addresses.ts'

const interfaces = () => ['127.0.0.1', '::1', '192.0.2.10', 'fe80::1']

test('a loopback listener is reached by every loopback and unspecified spelling (CORRECTNESS T22)', () => {
  const check = createSelfCheck(() => [{ host: '127.0.0.1', port: 3128 }], interfaces)
  for (const address of ['127.0.0.1', '127.0.0.2', '::1', '::ffff:127.0.0.1', '0.0.0.0', '::']) {
    assert.equal(check(address, 3128)?.code, 'CLIENT_LOOP', address)
    assert.equal(check(address, 3129), undefined)
  }
  assert.equal(check('192.0.2.10', 3128), undefined)
})

test('a listener on all addresses is reached by every address of the machine', () => {
  for (const host of ['0.0.0.0', '::', '']) {
    const check = createSelfCheck(() => [{ host, port: 3128 }], interfaces)
    for (const address of ['192.0.2.10', '127.0.0.1', '::1', 'fe80::1%eth0']) {
      assert.equal(check(address, 3128)?.code, 'CLIENT_LOOP', `${host} ${address}`)
    }
    assert.equal(check('192.0.2.11', 3128), undefined)
  }
})

test('a listener on one address is reached by that address alone', () => {
  const check = createSelfCheck(() => [{ host: '192.0.2.10', port: 3128 }], interfaces)
  assert.equal(check('::ffff:192.0.2.10', 3128)?.code, 'CLIENT_LOOP')
  assert.equal(check('127.0.0.1', 3128), undefined)
})

test('a host that is no address is not judged', () => {
  const check = createSelfCheck(() => [{ host: '::', port: 3128 }], interfaces)
  assert.equal(check('proxy.test', 3128), undefined)
})

test('the listeners are those of the moment of the question', () => {
  const listening: { host: string; port: number }[] = []
  const check = createSelfCheck(() => listening, interfaces)
  assert.equal(check('127.0.0.1', 3128), undefined)
  listening.push({ host: 'localhost', port: 3128 })
  assert.equal(check('127.0.0.1', 3128)?.code, 'CLIENT_LOOP')
})

test('the addresses of this machine hold a loopback address', () => {
  assert.ok(localAddresses().some((address) => address === '127.0.0.1' || address === '::1'))
})
