import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { RunningExchanges } from '../../../src/app/running-exchanges.ts'
import { Fields } from '../../../src/http/fields.ts'
import { Exchange } from '../../../src/pipeline/exchange.ts'
import { RecordingClient } from '../../support/conversation-parties.ts'

const exchange = (): Exchange => {
  const request = {
    method: 'GET',
    requestTarget: '/',
    httpVersion: '1.1',
    fields: new Fields([]),
    body: undefined,
    client: { address: '192.0.2.1', userAgent: undefined },
    tunnel: undefined,
  }
  return new Exchange('1', request, new RecordingClient('GET'), 0, 0)
}

describe('The running exchanges', () => {
  test('are settled at once when there are none, or all ended at once', async () => {
    const running = new RunningExchanges()
    const ended = exchange()
    ended.over()
    running.track(ended)
    await running.settled(1_000_000)
  })

  test('are waited for until each is over, and those that begin meanwhile', async () => {
    const running = new RunningExchanges()
    const [first, second] = [exchange(), exchange()]
    const ended: string[] = []
    running.track(first)
    const settled = running.settled(1_000_000)
    setImmediate(() => {
      running.track(second)
      ended.push('first')
      first.over()
      setImmediate(() => {
        ended.push('second')
        second.over()
      })
    })
    await settled
    assert.deepEqual(ended, ['first', 'second'])
  })

  test('are not waited for longer than was said', async () => {
    const running = new RunningExchanges()
    running.track(exchange())
    await running.settled(1)
  })
})
