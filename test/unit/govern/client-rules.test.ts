import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Fault } from '../../../src/base/faults.ts'
import { createClientRules } from '../../../src/govern/client-rules.ts'

test('loopback is served without being listed', () => {
  const served = createClientRules([])
  for (const address of ['127.0.0.1', '::1', '::ffff:127.0.0.1', '127.9.9.9']) assert.equal(served(address), true)
  for (const address of ['10.0.0.1', '0.0.0.0', '2001:db8::1', 'nonsense', '']) assert.equal(served(address), false)
})

test('a listed range is served, v4-mapped or not', () => {
  const served = createClientRules(['10.0.0.0/8', '2001:db8::/32', '192.0.2.7'])
  for (const address of ['10.1.2.3', '::ffff:10.1.2.3', '2001:db8:1::1', '192.0.2.7']) {
    assert.equal(served(address), true)
  }
  for (const address of ['11.0.0.1', '2001:db9::1', '192.0.2.8']) assert.equal(served(address), false)
})

test('a bad range is refused by name', () => {
  assert.throws(
    () => createClientRules(['10.0.0.0/x']),
    (error) => error instanceof Fault && error.code === 'CONFIG_BAD_VALUE' && error.message.includes('--allow-client'),
  )
})
