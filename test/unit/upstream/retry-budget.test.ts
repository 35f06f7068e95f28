import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { RetryBudget } from '../../../src/upstream/retry-budget.ts'
import { HandClock } from '../../support/hand-clock.ts'

function retriesLeft(budget: RetryBudget): number {
  let count = 0
  for (; budget.hasRoom && count < 10_000; count += 1) budget.noteRetry()
  return count
}

function request(budget: RetryBudget, count: number): void {
  for (let i = 0; i < count; i += 1) budget.noteRequest()
}

describe('The retry budget of an origin', () => {
  test('is a share of its requests', () => {
    const budget = new RetryBudget(new HandClock(), 0.5)
    request(budget, 100)
    assert.equal(retriesLeft(budget), 50)
  })

  test('allows a few retries of few requests', () => {
    const budget = new RetryBudget(new HandClock(), 0.5)
    request(budget, 1)
    assert.equal(retriesLeft(budget), 32)
  })

  test('of nothing allows none', () => {
    const budget = new RetryBudget(new HandClock(), 0)
    request(budget, 100)
    assert.equal(retriesLeft(budget), 0)
  })

  test('counts the last minute only', async () => {
    const clock = new HandClock()
    const budget = new RetryBudget(clock, 1)
    request(budget, 80)
    assert.equal(retriesLeft(budget), 80)
    await clock.pass(30_000)
    request(budget, 60)
    assert.equal(retriesLeft(budget), 60)
    await clock.pass(35_000)
    assert.equal(retriesLeft(budget), 0)
    await clock.pass(600_000)
    assert.equal(retriesLeft(budget), 32)
  })
})
