import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { LarderEvent } from '../../../src/base/events.ts'
import { Fault } from '../../../src/base/faults.ts'
import { StoreHealth } from '../../../src/pipeline/store-health.ts'
import { HandClock } from '../../support/hand-clock.ts'

const full = new Fault('STORE_NO_SPACE', 'full')
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe('The health of the stores', () => {
  test('a store that failed is tried after 1 s, then ever later up to 30 s, and tells that it is mended', async () => {
    const events: LarderEvent[] = []
    const pauses: number[] = []
    let due = (): void => {}
    let broken = true
    const health = new StoreHealth((event) => events.push(event), false, {
      timers: {
        after: (ms, work) => {
          pauses.push(ms)
          due = work
          return () => {}
        },
      },
      mend: async () => {
        if (broken) throw full
      },
    })
    health.failed(full)
    health.failed(full)
    health.succeeded()
    for (let count = 0; count < 6; count++) {
      due()
      await turn()
    }
    const untilTold = pauses.filter((ms) => ms === 10_000)
    assert.equal(untilTold.length, 6)
    const between = (): number[] => pauses.filter((ms) => ms !== 10_000)
    assert.deepEqual(between(), [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000])
    assert.deepEqual(new Set(events.map(({ kind }) => kind)), new Set(['store-fault']))
    broken = false
    due()
    await turn()
    assert.equal(events.at(-1)!.kind, 'store-recovered')
    assert.equal(between().length, 7)
    await health.close()
  })

  test('an attempt that hangs is the only one, and is told of every 10 s until it ends', async () => {
    const clock = new HandClock()
    const events: LarderEvent[] = []
    const attempts: PromiseWithResolvers<void>[] = []
    const health = new StoreHealth((event) => events.push(event), false, {
      timers: clock,
      mend: () => {
        attempts.push(Promise.withResolvers<void>())
        return attempts.at(-1)!.promise
      },
    })
    health.failed(full)
    await clock.pass(61_000)
    assert.equal(attempts.length, 1)
    assert.equal(events.length, 7)
    assert.match(JSON.stringify(events.at(-1)), /the store has been tried for 60 s/)
    attempts[0]!.resolve()
    await clock.pass(0)
    assert.equal(events.at(-1)!.kind, 'store-recovered')
    assert.equal(clock.waitingCount, 0)
    await health.close()
  })

  test('of an index on a server only what guards it tells: one slow answer is no outage, and one stored response no end of one', () => {
    const told: LarderEvent['kind'][] = []
    const health = new StoreHealth(({ kind }) => told.push(kind), true)
    health.failed(new Fault('STORE_INDEX_DOWN', 'no answer within 150 ms'))
    assert.deepEqual(told, [])
    health.indexIsAway(new Fault('STORE_INDEX_DOWN', 'redis: connection refused'))
    health.indexIsAway(new Fault('STORE_INDEX_DOWN', 'redis: connection refused'))
    health.succeeded()
    assert.deepEqual(told, ['store-fault'])
    health.indexAnswers()
    health.indexAnswers()
    assert.deepEqual(told, ['store-fault', 'store-recovered'])
  })

  test('when more than 64 MiB wait for the disk, nothing more is taken until some of it is stored', () => {
    const health = new StoreHealth(() => {})
    health.waits(60 * 1024 * 1024)
    health.checkKeepsUp()
    health.waits(5 * 1024 * 1024)
    assert.throws(() => health.checkKeepsUp(), { code: 'STORE_IO' })
    health.waitsNoMore(60 * 1024 * 1024)
    health.checkKeepsUp()
  })
})
