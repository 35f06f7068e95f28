import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { ParentHealth } from '../../../src/upstream/parent-health.ts'
import { HandClock } from '../../support/hand-clock.ts'

describe('The health of a parent', () => {
  test('is set aside for a pause that doubles up to a minute while probes fail, and is whole again with a success', async () => {
    const clock = new HandClock()
    const health = new ParentHealth(clock)
    health.broke('refused')
    const pauses: number[] = []
    for (let probe = 0; probe < 8; probe += 1) {
      let seconds = 0
      for (; !health.admits(); seconds += 1) await clock.pass(1_000)
      pauses.push(seconds)
      health.broke('refused')
    }
    assert.deepEqual(pauses, [1, 2, 4, 8, 16, 32, 60, 60])
    health.worked('a.test:443')
    assert.deepEqual([health.score, health.isSetAside, health.reason, health.admits()], [100, false, undefined, true])
    health.broke('refused')
    await clock.pass(1_000)
    assert.ok(health.admits())
  })

  test('admits one probe at a time, and one that hangs does not keep the next from going', async () => {
    const clock = new HandClock()
    const health = new ParentHealth(clock)
    health.broke('refused')
    await clock.pass(1_000)
    assert.deepEqual([health.admits(), health.admits()], [true, false])
    await clock.pass(1_000)
    assert.ok(health.admits())
  })

  test('requests that were under way when it was set aside make the pause no longer', async () => {
    const clock = new HandClock()
    const health = new ParentHealth(clock)
    for (let request = 0; request < 30; request += 1) health.broke('refused')
    await clock.pass(1_000)
    assert.ok(health.admits())
  })

  test('loses a third with each origin that it fails for, and gets all back with a success', () => {
    const health = new ParentHealth(new HandClock())
    health.failedFor('a.test:443', '503')
    health.failedFor('a.test:443', '503')
    assert.equal(health.score, 67)
    health.failedFor('b.test:443', '503')
    assert.equal(health.score, 33)
    health.worked('c.test:443')
    assert.equal(health.score, 100)
    for (const origin of ['a.test:443', 'b.test:443', 'c.test:443']) health.failedFor(origin, '503')
    assert.deepEqual([health.score, health.isSetAside], [0, true])
  })

  test('other ways to an origin that it failed for are preferred for ten seconds', async () => {
    const clock = new HandClock()
    const health = new ParentHealth(clock)
    health.failedFor('a.test:443', '503')
    assert.deepEqual([health.isTroubledFor('a.test:443'), health.isTroubledFor('b.test:443')], [true, false])
    await clock.pass(10_000)
    assert.equal(health.isTroubledFor('a.test:443'), false)
  })
})
