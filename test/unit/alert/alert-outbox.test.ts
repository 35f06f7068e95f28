import assert from 'node:assert/strict'
import { beforeEach, describe, test } from 'node:test'
import { AlertOutbox } from '../../../src/alert/alert-outbox.ts'
import { type Alert, AlertFailure, type AlertSink } from '../../../src/alert/alert-sink.ts'
import type { LarderEvent } from '../../../src/base/events.ts'
import { someAlert } from '../../support/alerts.ts'
import { HandClock } from '../../support/hand-clock.ts'

const hour = 3_600_000

describe('An outbox', () => {
  let clock: HandClock
  let events: LarderEvent[]
  let arrived: Alert[]
  let answer: (alert: Alert, signal: AbortSignal) => Promise<void>
  let outbox: AlertOutbox

  beforeEach(() => {
    clock = new HandClock()
    events = []
    arrived = []
    answer = async () => {}
    const sink: AlertSink = {
      name: 'https://hooks.example.org/… (json)',
      send: async (alert, signal) => {
        await answer(alert, signal)
        arrived.push(alert)
      },
    }
    outbox = new AlertOutbox(sink, { clock, timers: clock, random: () => 1, observer: (event) => events.push(event) })
  })

  const down = async (): Promise<never> => {
    throw new AlertFailure('ECONNREFUSED')
  }
  const count = (outcome: string): number =>
    events.filter((event) => event.kind === 'alert' && event.outcome === outcome).length

  test('delivers in order, one message at a time', async () => {
    outbox.put(someAlert({ id: 'a' }))
    outbox.put(someAlert({ id: 'b' }))
    outbox.put(someAlert({ id: 'a', status: 'resolved' }))
    await clock.pass(0)
    assert.deepEqual(
      arrived.map(({ id, status }) => `${id} ${status}`),
      ['a firing', 'b firing', 'a resolved'],
    )
    assert.equal(count('sent'), 3)
  })

  test('keeps what a receiver that is down cannot take, tries with growing pauses, and delivers when it is back', async () => {
    answer = down
    outbox.put(someAlert({ id: 'a' }))
    outbox.put(someAlert({ id: 'a', status: 'resolved' }))
    await clock.pass(hour)
    assert.equal(count('failed'), 20)
    assert.equal(outbox.state.lastFailure, 'ECONNREFUSED')
    answer = async () => {}
    await clock.pass(hour)
    assert.deepEqual(
      arrived.map(({ status }) => status),
      ['firing', 'resolved'],
    )
    assert.equal(clock.waitingCount, 0)
  })

  test('gives up a receiver that does not answer, and goes on', async () => {
    answer = () => new Promise(() => {})
    outbox.put(someAlert())
    await clock.pass(9_999)
    assert.equal(count('failed'), 0)
    answer = async () => {}
    await clock.pass(10_000)
    assert.equal(count('failed'), 1)
    assert.equal(arrived.length, 1)
  })

  test('drops the oldest beyond a hundred, and the next message says how many', async () => {
    answer = down
    for (let number = 0; number < 150; number += 1) outbox.put(someAlert({ id: `a${number}` }))
    assert.equal(outbox.state.waitingCount, 100)
    assert.equal(count('dropped'), 50)
    answer = async () => {}
    await clock.pass(0)
    assert.deepEqual([arrived[0]!.id, arrived[0]!.droppedCount, arrived[1]!.droppedCount], ['a50', 50, 0])
    assert.equal(arrived.length, 100)
  })

  test('a message that waits gives way to a newer one of the same cause', async () => {
    answer = down
    outbox.put(someAlert({ id: 'a', count: 1, newCount: 1 }))
    await clock.pass(10)
    outbox.put(someAlert({ id: 'a', count: 70, newCount: 69 }))
    answer = async () => {}
    await clock.pass(hour)
    assert.deepEqual(
      arrived.map(({ count, newCount }) => [count, newCount]),
      [[70, 70]],
    )
  })

  test('drops what is refused for ten minutes, and what is a day old', async () => {
    answer = async () => {
      throw new AlertFailure('answered 404', true)
    }
    outbox.put(someAlert({ id: 'a' }))
    await clock.pass(hour)
    assert.deepEqual([count('failed'), count('dropped')], [11, 1])
    answer = down
    outbox.put(someAlert({ id: 'b' }))
    await clock.pass(25 * hour)
    assert.deepEqual([count('dropped'), outbox.state.waitingCount], [2, 0])
    assert.equal(clock.waitingCount, 0)
  })

  test('says nothing of errors that nobody wrote with care', async () => {
    answer = async () => {
      throw new Error('https://hooks.example.org/secret-token failed')
    }
    outbox.put(someAlert())
    await clock.pass(0)
    assert.equal(outbox.state.lastFailure, 'the sink failed unexpectedly')
    await outbox.close(0)
  })

  test('at the end tries what waits once more, without a pause', async () => {
    answer = down
    outbox.put(someAlert({ id: 'a' }))
    await clock.pass(100)
    answer = async () => {}
    outbox.put(someAlert({ id: 'b' }))
    await outbox.close(2_000)
    assert.deepEqual(
      arrived.map(({ id }) => id),
      ['a', 'b'],
    )
    assert.equal(clock.waitingCount, 0)
  })

  test('at the end lets go of a receiver that does not answer', async () => {
    let stopped = false
    answer = (_, signal) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => {
          stopped = true
          reject(new AlertFailure('stopped'))
        })
      })
    outbox.put(someAlert())
    await clock.pass(0)
    const ended = outbox.close(2_000)
    await clock.pass(2_000)
    await ended
    assert.ok(stopped)
    assert.equal(count('dropped'), 1)
    assert.equal(clock.waitingCount, 0)
  })
})
