import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { noProxyCheck } from '../../../src/app/no-proxy.ts'

describe('no-proxy, as curl reads it,', () => {
  for (const [entries, host, isExempt] of [
    [[], 'a.test', false],
    [['*'], 'a.test', true],
    [['*'], '192.0.2.1', true],
    [['a.test'], 'a.test', true],
    [['a.test'], 'b.a.test', true],
    [['a.test'], 'ba.test', false],
    [['a.test'], 'a.test.b.test', false],
    [['192.0.2.1'], '192.0.2.1', true],
    [['192.0.2.1'], '192.0.2.10', false],
    [['192.0.2.0/24'], '192.0.2.10', true],
    [['192.0.2.0/24'], '192.0.3.1', false],
    [['2001:db8::/32'], '2001:db8::1', true],
    [['2001:db8::/32'], '2001:db9::1', false],
    [['192.0.2.1'], '::ffff:192.0.2.1', true],
    [['2.1'], '192.0.2.1', false],
  ] as const) {
    test(`${entries.join(',') || 'nothing'} ${isExempt ? 'covers' : 'does not cover'} ${host}`, () => {
      assert.equal(noProxyCheck(entries)(host), isExempt)
    })
  }
})
