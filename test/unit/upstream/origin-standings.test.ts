import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Fault } from '../../../src/base/faults.ts'
import { OriginStandings } from '../../../src/upstream/origin-standings.ts'
import { HandClock } from '../../support/hand-clock.ts'
import { targetOf } from '../../support/origin-fetching.ts'

describe('The standings of origins', () => {
  test('are one for all targets of an origin, those asked last first', () => {
    const standings = new OriginStandings(new HandClock(), 1, () => {})
    const one = standings.of(targetOf('http', 80, '/a'))
    standings.of(targetOf('https', 443, '/'))
    assert.equal(standings.of(targetOf('http', 80, '/b')), one)
    const names = standings.health().map(({ origin }) => origin)
    assert.deepEqual(names, ['http://127.0.0.1:80', 'https://127.0.0.1:443'])
  })

  test('are kept for some thousand origins; those that are left alone are forgotten last', () => {
    const standings = new OriginStandings(new HandClock(), 1, () => {})
    const failing = standings.of(targetOf('http', 1, '/'))
    for (let i = 0; i < 16; i += 1) failing.failed(new Fault('ORIGIN_CONNECT_REFUSED', 'refused'))
    for (let port = 2; port <= 3_000; port += 1) standings.of(targetOf('http', port, '/'))
    const names = standings.health().map(({ origin }) => origin)
    assert.equal(names.length, 2_000)
    assert.equal(names.at(-1), 'http://127.0.0.1:1')
    assert.equal(names[0], 'http://127.0.0.1:3000')
  })
})
