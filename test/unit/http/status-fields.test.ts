import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Fault, type FaultCode, faults } from '../../../src/base/faults.ts'
import { type Result, results } from '../../../src/base/results.ts'
import { cacheStatus } from '../../../src/http/cache-status.ts'
import { proxyStatus } from '../../../src/http/proxy-status.ts'

describe('Cache-Status (RFC 9211)', () => {
  test('a hit with its time to live', () => {
    assert.equal(cacheStatus('hit', 59.9), 'larder; hit; ttl=59')
    assert.equal(cacheStatus('hit-stale', -0.5), 'larder; hit; ttl=-1')
  })

  test('what never ends has the largest time to live', () => {
    assert.equal(cacheStatus('hit', Number.POSITIVE_INFINITY), 'larder; hit; ttl=2147483648')
  })

  test('a detail is a token, else a string', () => {
    assert.equal(cacheStatus('stale-on-error', undefined, 'ORIGIN_BUSY'), 'larder; fwd=stale; detail=ORIGIN_BUSY')
    assert.equal(cacheStatus('miss', undefined, 'a "b"\n'), 'larder; fwd=uri-miss; detail="a \\"b\\""')
  })

  test('every result has a value of one member', () => {
    for (const result of Object.keys(results) as Result[]) assert.match(cacheStatus(result), /^larder(; [a-z0-9=-]+)*$/)
  })
})

describe('Proxy-Status (RFC 9209)', () => {
  test('the next hop, where that is not the origin (section 2.1.2)', () => {
    const fault = new Fault('ORIGIN_PARENT_FAILED', 'x', { nextHop: 'proxy.test:3128' })
    const wanted = 'larder; error=destination_unavailable; next-hop="proxy.test:3128"; details=ORIGIN_PARENT_FAILED'
    assert.equal(proxyStatus(fault), wanted)
  })

  test('error type and code', () => {
    assert.equal(proxyStatus(new Fault('ORIGIN_DNS_FAILED', 'x')), 'larder; error=dns_error; details=ORIGIN_DNS_FAILED')
  })

  test('a fault without an error type has none', () => {
    assert.equal(proxyStatus(new Fault('ORIGIN_FTP_NOT_FOUND', 'x')), undefined)
  })

  test('every row gives a value of one member', () => {
    for (const code of Object.keys(faults) as FaultCode[]) {
      assert.match(proxyStatus(new Fault(code, 'x')) ?? 'larder', /^larder(; [a-z]+=[A-Za-z_]+)*$/)
    }
  })
})
