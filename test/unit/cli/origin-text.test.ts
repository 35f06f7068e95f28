import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { OriginView } from '../../../src/app/origin-view.ts'
import { originText } from '../../../src/cli/origin-text.ts'

const nowMs = Date.UTC(2026, 0, 1, 12)
const at = (seconds: number): string => new Date(nowMs + seconds * 1_000).toISOString()
const closed: OriginView = {
  origin: 'https://a.test',
  circuit: 'closed',
  openSince: null,
  nextProbe: null,
  pausedUntil: null,
  failuresInARow: 0,
  lastFault: null,
  requestsLastMinute: 1,
  retriesLastMinute: 0,
}
const lastFault = { code: 'ORIGIN_CONNECT_REFUSED', detail: 'a.test:443: connect ECONNREFUSED', at: at(-3) }

describe('An origin in trouble is told', () => {
  const told: readonly (readonly [string, Partial<OriginView>, string])[] = [
    [
      'with its circuit, since when, the next probe and the last fault',
      { circuit: 'open', openSince: at(-42), nextProbe: at(1), failuresInARow: 17, lastFault },
      'https://a.test: circuit open since 2026-01-01T11:59:18.000Z (42 s), next probe in 1 s, failures in a row: 17, ' +
        'last 3 s ago: ORIGIN_CONNECT_REFUSED (a.test:443: connect ECONNREFUSED)',
    ],
    [
      'as waiting for a request that may be the probe',
      { circuit: 'half-open', openSince: at(-600), nextProbe: at(0) },
      'https://a.test: circuit half-open since 2026-01-01T11:50:00.000Z (10 min), the next request is a probe',
    ],
    [
      'as asking to be left alone',
      { pausedUntil: at(7.5) },
      'https://a.test: circuit closed, asks to be left alone for another 8 s',
    ],
  ]
  for (const [title, changes, text] of told) {
    test(title, () => assert.equal(originText({ ...closed, ...changes }, nowMs), text))
  }
})
