import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Fields } from '../../../src/http/fields.ts'
import { initialTerms } from '../../../src/key/cache-key.ts'
import { Exchange } from '../../../src/pipeline/exchange.ts'
import { explainExchange } from '../../../src/pipeline/explain-exchange.ts'
import { RecentExchanges } from '../../../src/pipeline/recent-exchanges.ts'
import { RecordingClient, StillClock } from '../../support/conversation-parties.ts'
import { exchangeEvent } from '../../support/exchange-event.ts'
import { Scene } from '../../support/scene.ts'

const services = { profile: 'builds', keyTerms: initialTerms, isOffline: false } as const

describe('The recent exchanges', () => {
  test('are so many and no more: the oldest gives its place to the newest', () => {
    const recent = new RecentExchanges(3)
    for (const id of ['a', 'b', 'c', 'd']) recent.addTunnel(exchangeEvent({ id }))
    assert.deepEqual(
      ['a', 'b', 'c', 'd'].map((id) => recent.find(id)?.event.id),
      [undefined, 'b', 'c', 'd'],
    )
  })

  test('are a part of the hits and of the misses that were stored when those come faster than one a millisecond for long, and all others', () => {
    const recent = new RecentExchanges(10)
    const request = { method: 'GET', requestTarget: '/', httpVersion: '1.1', fields: new Fields([]) }
    const client = { address: '127.0.0.1', userAgent: undefined }
    const add = (id: string, at: number, result: 'hit' | 'miss', stored?: 'yes'): void => {
      const received = { ...request, body: undefined, client, tunnel: undefined }
      recent.add(
        new Exchange(id, received, new RecordingClient('GET'), at, 0),
        exchangeEvent({ id, at, result, stored }),
      )
    }
    const kept = (...ids: string[]): boolean[] => ids.map((id) => recent.find(id) !== undefined)
    for (let n = 0; n < 12; n += 1) add(`h${n}`, 100_000, 'hit')
    assert.deepEqual(kept('h0', 'h9', 'h10', 'h11'), [true, true, false, false])
    add('m', 100_000, 'miss')
    add('stored', 100_000, 'miss', 'yes')
    add('later', 100_001, 'hit')
    add('again', 100_001, 'hit')
    // A slow one, received before the others.
    add('slow', 99_000, 'hit')
    add('behind', 100_001, 'hit')
    // The clock is set back.
    add('before', 4000, 'hit')
    add('after', 4001, 'hit')
    assert.deepEqual(kept('m', 'stored', 'later', 'again', 'slow', 'behind', 'before', 'after'), [
      true,
      false,
      true,
      false,
      false,
      false,
      false,
      true,
    ])
  })

  test('tell of a tunnel that it was passed through, also where another exchange was remembered before', () => {
    const recent = new RecentExchanges(1)
    recent.addTunnel(exchangeEvent({ id: 'a', method: 'CONNECT', url: 'a.test:443', result: 'tunnelled' }))
    const told = explainExchange(recent.find('a')!, services)
    assert.equal(told.verdict, 'A tunnel, passed through unread: nothing in it was seen or stored.')
    assert.equal(told.url, 'a.test:443')
    assert.deepEqual([told.responses, told.deviations, told.key, told.exchange?.trail], [[], [], undefined, []])
  })

  test('tell of a refused request with the fault and what was particular', async (context) => {
    const clock = new StillClock()
    const scene = new Scene('builds', clock, { fetch: () => assert.fail('nobody is asked'), close: async () => {} })
    context.after(() => scene.close())
    const asked = { method: 'GET', url: 'http://a.test:25/?secret', fields: [] }
    const exchange = scene.ask(asked, new RecordingClient('GET'))
    await scene.settled()
    const told = scene.recall(exchange)!
    assert.equal(told.verdict, 'Refused (CLIENT_URL_DENIED: port 25 is not for http).')
    assert.equal(told.url, 'http://a.test:25/?…')
  })
})
