import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { OriginPause } from '../../../src/upstream/origin-pause.ts'
import { HandClock } from '../../support/hand-clock.ts'

function paused(ms: number): { readonly clock: HandClock; readonly pause: OriginPause } {
  const clock = new HandClock()
  const pause = new OriginPause(clock)
  assert.equal(pause.askedAgain(ms), false)
  return { clock, pause }
}

describe('The pause that an origin asks for', () => {
  test('lasts as long as the longest that was asked for', async () => {
    const { clock, pause } = paused(3_000)
    pause.askedAgain(1_000)
    await clock.pass(500)
    assert.equal(pause.remainingMs, 2_500)
    assert.equal(pause.hasTurn, false)
  })

  test('is followed by one request, and when that is answered by all', async () => {
    const { clock, pause } = paused(3_000)
    await clock.pass(3_000)
    assert.equal(pause.hasTurn, true)
    pause.begin()
    assert.equal(pause.hasTurn, false)
    pause.answered()
    assert.equal(pause.hasTurn, true)
  })

  test('is followed by another request when the first gets no answer for a second', async () => {
    const { clock, pause } = paused(3_000)
    await clock.pass(3_000)
    pause.begin()
    await clock.pass(999)
    assert.equal(pause.hasTurn, false)
    await clock.pass(1)
    assert.equal(pause.hasTurn, true)
  })

  test('is not over by what was under way when it began', () => {
    const { pause } = paused(3_000)
    pause.answered()
    assert.equal(pause.hasTurn, false)
  })

  test('is one more when the request that went first hears it, and the same one when others do', async () => {
    const { clock, pause } = paused(1_000)
    assert.equal(pause.askedAgain(1_000), false)
    await clock.pass(1_000)
    pause.begin()
    assert.equal(pause.askedAgain(1_000), true)
    assert.equal(pause.askedAgain(1_000), false)
    assert.equal(pause.remainingMs, 1_000)
  })
})
