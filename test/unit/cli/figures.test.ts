import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { countList, difference, figureLines, roughSize } from '../../../src/cli/figures.ts'
import { Totals } from '../../../src/observe/totals.ts'
import { exchangeEvent } from '../../support/exchange-event.ts'

describe('Figures', () => {
  test('of a run are what the daemon added meanwhile', () => {
    const totals = new Totals()
    totals.observe(exchangeEvent())
    totals.observe(exchangeEvent({ result: 'failed', fault: 'ORIGIN_TRUNCATED' }))
    const before = totals.snapshot()
    totals.observe(exchangeEvent())
    totals.observe(exchangeEvent({ result: 'miss', stored: 'no-store' }))
    const { exchanges, hits, misses, byResult, faults, notStoredByReason } = difference(totals.snapshot(), before)
    assert.deepEqual([exchanges, hits, misses], [2, 1, 1])
    assert.deepEqual(byResult, { hit: 1, failed: 0, miss: 1 })
    assert.deepEqual(faults, { ORIGIN_TRUNCATED: 0 })
    assert.deepEqual(notStoredByReason, { 'no-store': 1 })
  })

  test('say what was not seen, and who does not trust us', () => {
    const totals = new Totals()
    totals.observe(exchangeEvent({ result: 'tunnelled' }))
    totals.observe({ kind: 'tls-refused', serverName: 'a.test', client: '127.0.0.1', reason: 'unknown ca' })
    const lines = figureLines(totals.snapshot()).join('\n')
    assert.match(lines, /^1 request: 0 from the cache, 0 asked of origins, 1 passed through$/m)
    assert.match(lines, /not seen and not cached/)
    assert.match(lines, /did not trust our certificate for: a\.test 1/)
  })

  test('list the most frequent first and leave out what is zero', () => {
    assert.equal(countList({ a: 1, b: 0, c: 3 }), 'c 3, a 1')
  })

  test('round sizes for people', () => {
    assert.deepEqual([0, 1023, 1536, 3 * 2 ** 40].map(roughSize), ['0 B', '1023 B', '1.5 KiB', '3.0 TiB'])
  })
})
