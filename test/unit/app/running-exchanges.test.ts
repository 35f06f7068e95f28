import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { RunningExchanges } from '../../../src/app/running-exchanges.ts'
import type { Stored } from '../../../src/base/results.ts'

const plain = { filled: undefined }

describe('The running exchanges', () => {
  test('are settled at once when there are none, or all ended without a promise', async () => {
    const running = new RunningExchanges()
    running.track(plain, undefined)
    await running.settled(1_000_000)
  })

  test('are waited for, with their fills and those that begin meanwhile', async () => {
    const running = new RunningExchanges()
    const work = Promise.withResolvers<void>()
    const filled = Promise.withResolvers<Stored>()
    const ended: string[] = []
    void filled.promise.then(() => ended.push('fill'))
    const first = work.promise.then(() => {
      ended.push('first')
      running.track({ filled: filled.promise }, Promise.resolve())
    })
    running.track(plain, first)
    const settled = running.settled(1_000_000)
    work.resolve()
    setImmediate(() => filled.resolve('yes'))
    await settled
    assert.deepEqual(ended, ['first', 'fill'])
  })

  test('do not stop the daemon when one fails', async () => {
    const running = new RunningExchanges()
    running.track(plain, Promise.reject(new Error('a mistake')))
    await running.settled(1_000_000)
  })

  test('are not waited for longer than was said', async () => {
    const running = new RunningExchanges()
    running.track(plain, new Promise(() => undefined))
    await running.settled(1)
  })
})
