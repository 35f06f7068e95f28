import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { TokenBucket, TokenQueue } from '../../../src/upstream/token-bucket.ts'
import { HandClock } from '../../support/hand-clock.ts'

const perSecond = fc.oneof(fc.integer({ min: 1, max: 50 }), fc.double({ min: 0.05, max: 50, noNaN: true }))
/** Milliseconds between those who come. */
const pauses = fc.array(fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 3_000 })), { minLength: 1, maxLength: 60 })

/** No window of time has more than the burst and what came within it. */
function assertWithin(rate: number, takenMs: readonly number[]): void {
  const burst = Math.max(1, rate)
  for (let from = 0; from < takenMs.length; from += 1) {
    for (let to = from; to < takenMs.length; to += 1) {
      const allowed = burst + (rate * (takenMs[to]! - takenMs[from]!)) / 1_000
      assert.ok(to - from + 1 <= allowed + 1e-6, `${to - from + 1} within ${takenMs[to]! - takenMs[from]!} ms`)
    }
  }
}

describe('A bucket of tokens', () => {
  test('gives in any window at most a burst and what the rate brings', () => {
    fc.assert(
      fc.property(perSecond, pauses, (rate, steps) => {
        let elapsedMs = 0
        const bucket = new TokenBucket({ now: () => 0, elapsed: () => elapsedMs }, rate)
        const takenMs: number[] = []
        for (const ms of steps) {
          elapsedMs += ms
          while (bucket.waitMs(1) === 0) {
            bucket.take(1)
            takenMs.push(elapsedMs)
          }
        }
        assertWithin(rate, takenMs)
      }),
    )
  })

  test('has what it promised when the time is over', () => {
    fc.assert(
      fc.property(perSecond, fc.integer({ min: 0, max: 100 }), (rate, debt) => {
        let elapsedMs = 0
        const bucket = new TokenBucket({ now: () => 0, elapsed: () => elapsedMs }, rate)
        bucket.take(debt)
        elapsedMs += bucket.waitMs(1)
        // Sums of fractions may be a hair short; then it is a millisecond more.
        assert.ok(bucket.waitMs(1) <= 1)
      }),
    )
  })

  test('lets all pass who wait, in order, none too early, and none later than it must', () =>
    fc.assert(
      fc.asyncProperty(perSecond, pauses, async (rate, steps) => {
        const clock = new HandClock()
        const queue = new TokenQueue(new TokenBucket(clock, rate), clock, 1)
        const passed: { readonly number: number; readonly atMs: number }[] = []
        let dueMs = 0
        for (const [number, ms] of steps.entries()) {
          await clock.pass(ms)
          dueMs = clock.elapsed() + queue.waitMs
          queue.enter(() => passed.push({ number, atMs: clock.elapsed() }))
        }
        // Each waits whole milliseconds, so that everybody may be one late.
        await clock.pass(dueMs - clock.elapsed() + steps.length)
        assert.deepEqual(
          passed.map(({ number }) => number),
          steps.map((_, number) => number),
        )
        const takenMs = passed.map(({ atMs }) => atMs)
        assertWithin(rate, takenMs)
        assert.equal(clock.waitingCount, 0)
      }),
      { numRuns: 30 },
    ))

  test('lets those who stay pass when others leave', () =>
    fc.assert(
      fc.asyncProperty(fc.array(fc.boolean(), { minLength: 1, maxLength: 30 }), async (stays) => {
        const clock = new HandClock()
        const bucket = new TokenBucket(clock, 1)
        bucket.take(1)
        const queue = new TokenQueue(bucket, clock, 1)
        const passed: number[] = []
        const leaving = stays.map((_, number) => queue.enter(() => passed.push(number)))
        for (const [number, leave] of leaving.entries()) if (!stays[number]) leave()
        const expected = [...stays.keys()].filter((number) => stays[number])
        assert.equal(queue.waitingCount, expected.length)
        await clock.pass(1_000 * expected.length + 1)
        assert.deepEqual(passed, expected)
        assert.equal(clock.waitingCount, 0)
      }),
      { numRuns: 30 },
    ))
})
