import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type Activity, IdleWatch } from '../../../src/app/idle-watch.ts'

/** A watch whose clock and looks are the test's. */
function watched(idleMs: number): { at(ms: number, activity?: Partial<Activity>): boolean } {
  let nowMs = 0
  let activity: Activity = { openCount: 0, acceptedCount: 0 }
  let idleCount = 0
  const onIdle = (): void => void idleCount++
  const own = new IdleWatch({ idleMs, elapsed: () => nowMs, activity: () => activity, onIdle })
  own.close()
  return {
    at: (ms, changes = {}) => {
      nowMs = ms
      activity = { ...activity, ...changes }
      own.look()
      return idleCount > 0
    },
  }
}

describe('The idle watch', () => {
  test('calls when for so long nothing was open, and not before', () => {
    const { at } = watched(1000)
    assert.deepEqual([at(500), at(999), at(1000)], [false, false, true])
  })

  test('begins anew after each connection, those included that came and went between two looks', () => {
    const { at } = watched(1000)
    assert.equal(at(900, { acceptedCount: 1 }), false)
    assert.deepEqual([at(1500), at(1899), at(1900)], [false, false, true])
  })

  test('waits for what is open, however long', () => {
    const { at } = watched(1000)
    assert.equal(at(100, { openCount: 1 }), false)
    assert.deepEqual([at(5000), at(50_000)], [false, false])
    assert.equal(at(50_500, { openCount: 0 }), false)
    assert.deepEqual([at(50_999), at(51_000)], [false, true])
  })

  test('gives who started the daemon a turn of the event loop to be accepted', () => {
    const { at } = watched(1)
    assert.equal(at(50), false)
    assert.equal(at(51), true)
  })
})
