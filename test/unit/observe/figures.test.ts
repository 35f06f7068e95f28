import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { metricRows } from '../../../src/observe/metrics.ts'
import { PromMetrics } from '../../../src/observe/prom-metrics.ts'
import { Readiness } from '../../../src/observe/readiness.ts'
import { Totals } from '../../../src/observe/totals.ts'
import { exchangeEvent } from '../../support/exchange-event.ts'

describe('Metrics', () => {
  test('count requests by result, scheme and ecosystem, and bytes by where they came from', async (context) => {
    const metrics = new PromMetrics({ flights: () => 3, store: () => ({ kinds: { blobs: 4096 }, blobs: 1 }) })
    context.after(() => metrics.close())
    metrics.observe(exchangeEvent())
    metrics.observe(exchangeEvent())
    metrics.observe(exchangeEvent({ result: 'miss', stored: 'yes', originBytes: 7, rule: 'rfc', scheme: 'http' }))
    metrics.observe(exchangeEvent({ result: 'failed', fault: 'ORIGIN_TRUNCATED', scheme: 'gopher' }))
    metrics.observe({ kind: 'origin-attempt', outcome: 'response' })
    metrics.observe({ kind: 'origin-failed', origin: 'http://secret.test', code: 'status-503', detail: 'secret' })
    for (const kind of ['circuit-opened', 'circuit-opened', 'circuit-closed'] as const) {
      metrics.observe({ kind, origin: 'http://secret.test', detail: 'secret' })
    }
    metrics.observe({ kind: 'leaf-issued', serverName: 'secret.test' })
    metrics.observe({ kind: 'tls-refused', serverName: 'secret.test', client: '127.0.0.1', reason: 'unknown ca' })
    metrics.observe({ kind: 'store-fault', code: 'STORE_IO', detail: 'EIO' })
    const text = await metrics.text()
    for (const line of [
      'larder_requests_total{result="hit",scheme="https",class="npm"} 2',
      'larder_requests_total{result="miss",scheme="http",class="rfc"} 1',
      'larder_requests_total{result="failed",scheme="other",class="npm"} 1',
      'larder_response_bytes_total{source="cache"} 20480',
      'larder_response_bytes_total{source="origin"} 7',
      'larder_request_duration_seconds_count 4',
      'larder_first_byte_seconds_bucket{le="0.001"} 4',
      'larder_origin_attempts_total{outcome="response"} 1',
      'larder_origin_failures_total{code="status-503"} 1',
      'larder_origins_left_alone 1',
      'larder_leaf_issued_total 1',
      'larder_tls_refused_total 1',
      'larder_faults_total{code="ORIGIN_TRUNCATED"} 1',
      'larder_faults_total{code="STORE_IO"} 1',
      'larder_flights 3',
    ]) {
      assert.ok(text.includes(`${line}\n`), `${line} is not in\n${text}`)
    }
    assert.doesNotMatch(text, /secret|example/)
  })

  test('are exactly those of the table', async (context) => {
    const metrics = new PromMetrics({ flights: () => 0, store: () => ({ kinds: { blobs: 4096 }, blobs: 1 }) })
    context.after(() => metrics.close())
    const found = [...(await metrics.text()).matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, kind]) => [name, kind])
    assert.deepEqual(
      found.sort(),
      Object.entries(metricRows)
        .map(([name, { kind }]) => [name, kind])
        .sort(),
    )
  })

  test('have a bounded number of series, whatever rules come', async (context) => {
    const metrics = new PromMetrics({ flights: () => 0, store: () => ({ kinds: { blobs: 4096 }, blobs: 1 }) })
    context.after(() => metrics.close())
    for (let index = 0; index < 6000; index++) metrics.observe(exchangeEvent({ rule: `r${index}.x` }))
    const series = [...(await metrics.text()).matchAll(/^larder_requests_total\{/gm)]
    assert.equal(series.length, 5001)
  })
})

describe('Totals', () => {
  test('add up hits, misses with reasons, bytes, saved time, tunnels and refusals', () => {
    const totals = new Totals()
    totals.observe(exchangeEvent())
    totals.observe(exchangeEvent({ result: 'hit-stale', savedMs: 30 }))
    totals.observe(exchangeEvent({ result: 'miss', stored: 'yes', originBytes: 100 }))
    totals.observe(exchangeEvent({ result: 'miss', stored: 'no-store', originBytes: 50 }))
    totals.observe(exchangeEvent({ result: 'tunnelled', url: 'b.test:443', responseBytes: 9999, originBytes: 9999 }))
    totals.observe(exchangeEvent({ result: 'denied', fault: 'CLIENT_URL_DENIED' }))
    totals.observe({
      kind: 'tls-refused',
      serverName: 'a.test',
      client: '::1',
      reason: 'unknown_ca',
      tool: 'pip',
      count: 1,
    })
    totals.observe({ kind: 'store-fault', code: 'STORE_IO', detail: 'EIO' })
    assert.deepEqual(totals.snapshot(), {
      exchanges: 6,
      hits: 2,
      misses: 2,
      byResult: { hit: 1, 'hit-stale': 1, miss: 2, tunnelled: 1, denied: 1 },
      notStoredByReason: { 'no-store': 1 },
      bytesFromStore: 20_480,
      bytesFromOrigin: 150,
      savedMs: 150,
      tunnels: 1,
      faults: { CLIENT_URL_DENIED: 1, STORE_IO: 1 },
      tlsRefused: { 'a.test': 1 },
      refusedBy: { 'pip to a.test': 1 },
      tunnelsTo: { 'b.test:443': 1 },
    })
  })

  test('count apart at most fifty server names that clients brought', () => {
    const totals = new Totals()
    for (let index = 0; index < 1000; index++) {
      totals.observe({ kind: 'tls-refused', serverName: `${index}.test`, client: '127.0.0.1', reason: 'unknown ca' })
    }
    const { tlsRefused } = totals.snapshot()
    assert.equal(Object.keys(tlsRefused).length, 51)
    assert.equal(tlsRefused.other, 950)
  })
})

describe('Readiness', () => {
  test('begins when all listens, ends when draining', () => {
    const readiness = new Readiness()
    assert.deepEqual(readiness.ready(), { ready: false, reasons: ['starting'] })
    readiness.started()
    assert.deepEqual(readiness.ready(), { ready: true, reasons: [] })
    readiness.draining()
    assert.deepEqual(readiness.ready(), { ready: false, reasons: ['stopping'] })
  })

  test('is lost with a store that fails, and comes back when it is mended', () => {
    const readiness = new Readiness()
    readiness.started()
    readiness.observe({ kind: 'store-fault', code: 'STORE_NO_SPACE', detail: 'ENOSPC' })
    assert.deepEqual(readiness.ready(), { ready: false, reasons: ['STORE_NO_SPACE: ENOSPC'] })
    readiness.observe(exchangeEvent({ result: 'miss', stored: 'yes' }))
    assert.equal(readiness.ready().ready, false, 'other content may still not fit')
    readiness.observe({ kind: 'store-recovered' })
    assert.equal(readiness.ready().ready, true)
  })

  test('is not lost by an index that others use too: that is only told', () => {
    const readiness = new Readiness()
    readiness.started()
    readiness.observe({ kind: 'store-fault', code: 'STORE_INDEX_DOWN', detail: 'redis', isShared: true })
    assert.deepEqual(readiness.ready(), { ready: true, reasons: [] })
    assert.deepEqual(readiness.degraded(), ['STORE_INDEX_DOWN: redis'])
    readiness.observe({ kind: 'store-recovered' })
    assert.equal(readiness.degraded().length, 1, 'it is no part of the store that recovered')
    readiness.observe({ kind: 'store-recovered', isShared: true })
    assert.deepEqual(readiness.degraded(), [])
  })

  test('is not lost by a single blob that is missing or damaged', () => {
    const readiness = new Readiness()
    readiness.started()
    readiness.observe({ kind: 'store-fault', code: 'STORE_BLOB_CORRUPT', detail: 'x' })
    assert.equal(readiness.ready().ready, true)
  })
})
