import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { LarderEvent } from '../../../src/base/events.ts'
import { Fault } from '../../../src/base/faults.ts'
import type { OriginFetcher } from '../../../src/upstream/origin-fetcher.ts'
import type { HttpFetcherOptions } from '../../../src/upstream/undici-origin-fetcher.ts'
import { type FaultOrigin, type Script, startFaultOrigin, withLength } from '../../fakes/fault-origin.ts'
import { get, httpFetcher, receive, refusal, targetOf } from '../../support/origin-fetching.ts'

interface Scene {
  readonly origin: FaultOrigin
  readonly fetcher: OriginFetcher
  readonly events: readonly LarderEvent[]
}

async function play(script: Script, options: Partial<HttpFetcherOptions>, act: (scene: Scene) => Promise<void>) {
  const origin = await startFaultOrigin(script)
  const events: LarderEvent[] = []
  const fetcher = httpFetcher({ observer: (event) => events.push(event), ...options })
  try {
    await act({ origin, fetcher, events })
  } finally {
    await fetcher.close()
    await origin.stop()
  }
}

const hello: Script = () => [{ send: withLength('hello') }]
const nothing: Script = () => [{ wait: true }]

describe('Connections to HTTP origins', () => {
  test('are kept for the next request', () =>
    play(hello, {}, async ({ origin, fetcher }) => {
      for (let i = 0; i < 3; i++) await get(fetcher, targetOf('http', origin.port, '/'))
      assert.equal(origin.acceptedCount, 1)
    }))

  test('are at most so many to one origin; further requests wait', () =>
    play(
      () => [{ wait: true }, { send: withLength('hello') }],
      { connectionsPerOrigin: 2 },
      async ({ origin, fetcher }) => {
        const target = targetOf('http', origin.port, '/')
        const all = Array.from({ length: 6 }, () => get(fetcher, target))
        while (origin.count('/') < 2) await new Promise((resolve) => setImmediate(resolve))
        origin.release('/')
        const received = await Promise.all(all)
        assert.ok(received.every(({ content }) => content.toString() === 'hello'))
        assert.equal(origin.acceptedCount, 2)
      },
    ))

  test('are not used again after unasked bytes came while idle (CORRECTNESS M12, T16)', () =>
    play(hello, {}, async ({ origin, fetcher }) => {
      const target = targetOf('http', origin.port, '/')
      await get(fetcher, target)
      origin.blurt(withLength('poison'))
      await origin.idle()
      const received = await get(fetcher, target)
      assert.equal(received.content.toString(), 'hello')
      assert.equal(origin.acceptedCount, 2)
    }))

  test('that were kept and die without an answer are replaced once', () =>
    play(
      (path, number) => (path === '/twice' && number === 1 ? [{ close: 'reset' }] : [{ send: withLength('hello') }]),
      {},
      async ({ origin, fetcher, events }) => {
        await get(fetcher, targetOf('http', origin.port, '/'))
        const received = await get(fetcher, targetOf('http', origin.port, '/twice'))
        assert.equal(received.content.toString(), 'hello')
        assert.equal(origin.count('/twice'), 2)
        const outcomes = events.map((event) => (event.kind === 'origin-attempt' ? event.outcome : event.kind))
        assert.deepEqual(outcomes, ['response', 'ORIGIN_CONNECTION_LOST', 'response'])
      },
    ))

  test('that die again, that were fresh, or that carried a POST are not replaced', () =>
    play(
      (path) => (path === '/' ? [{ send: withLength('hello') }] : [{ close: 'reset' }]),
      {},
      async ({ origin, fetcher }) => {
        const fetch = (path: string, method = 'GET') =>
          refusal(fetcher.fetch({ method, target: targetOf('http', origin.port, path), fields: [] }))
        assert.equal((await fetch('/fresh')).code, 'ORIGIN_CONNECTION_LOST')
        assert.equal(origin.count('/fresh'), 1)
        await get(fetcher, targetOf('http', origin.port, '/'))
        assert.equal((await fetch('/again')).code, 'ORIGIN_CONNECTION_LOST')
        assert.equal(origin.count('/again'), 2)
        await get(fetcher, targetOf('http', origin.port, '/'))
        assert.equal((await fetch('/post', 'POST')).code, 'ORIGIN_CONNECTION_LOST')
        assert.equal(origin.count('/post'), 1)
      },
    ))

  test('time out while no head comes, and while the content pauses (CORRECTNESS T31)', () =>
    play(
      (path) => (path === '/head' ? [{ wait: true }] : [{ send: withLength('hello', 9) }, { wait: true }]),
      { headTimeoutMs: 1_000, idleTimeoutMs: 1_000 },
      async ({ origin, fetcher }) => {
        const target = targetOf('http', origin.port, '/head')
        assert.equal((await refusal(fetcher.fetch({ method: 'GET', target, fields: [] }))).code, 'ORIGIN_HEAD_TIMEOUT')
        const received = await get(fetcher, targetOf('http', origin.port, '/body'))
        assert.equal(received.fault?.code, 'ORIGIN_READ_TIMEOUT')
        assert.equal(received.content.toString(), 'hello')
      },
    ))

  test('do not time out while it is the sink that takes its time', () =>
    play(
      () => [{ send: withLength('x'.repeat(300_000)) }],
      { idleTimeoutMs: 1_000 },
      async ({ origin, fetcher }) => {
        const response = await fetcher.fetch({ method: 'GET', target: targetOf('http', origin.port, '/'), fields: [] })
        await new Promise((resolve) => setTimeout(resolve, 3_000))
        const received = await receive(response)
        assert.equal(received.fault, undefined)
        assert.equal(received.content.length, 300_000)
      },
    ))

  test('are refused by name when nobody listens', () =>
    play(hello, {}, async ({ origin, fetcher }) => {
      const { port } = origin
      await origin.stop()
      const fault = await refusal(fetcher.fetch({ method: 'GET', target: targetOf('http', port, '/'), fields: [] }))
      assert.equal(fault.code, 'ORIGIN_CONNECT_REFUSED')
      assert.match(fault.message, new RegExp(`127\\.0\\.0\\.1:${port}`))
    }))

  test('are closed with the fetcher, and requests on them fail', () =>
    play(nothing, {}, async ({ origin, fetcher }) => {
      const fetching = refusal(fetcher.fetch({ method: 'GET', target: targetOf('http', origin.port, '/'), fields: [] }))
      while (origin.count('/') === 0) await new Promise((resolve) => setImmediate(resolve))
      await fetcher.close()
      assert.equal((await fetching).code, 'ORIGIN_CONNECTION_LOST')
      await origin.idle()
    }))
})

describe('Addresses of HTTP origins', () => {
  const named = (port: number) => targetOf('http', port, '/', 'origin.test')

  test('are resolved, checked and dialled without asking again (CORRECTNESS T19, T20)', () => {
    const names: string[] = []
    const resolve = async (host: string) => {
      names.push(host)
      return [{ address: '127.0.0.1', family: 4 }]
    }
    const asked: string[] = []
    const guard = (address: string) => void asked.push(address)
    return play(hello, { resolve, guard }, async ({ origin, fetcher }) => {
      const received = await get(fetcher, named(origin.port))
      assert.equal(received.content.toString(), 'hello')
      assert.deepEqual(names, ['origin.test'])
      assert.deepEqual(asked, ['127.0.0.1'])
      assert.match(origin.requests[0]!, /\r\nhost: origin\.test:\d+\r\n/i)
    })
  })

  test('are all denied when one of them is (CORRECTNESS T20)', () => {
    const resolve = async () => [
      { address: '127.0.0.1', family: 4 },
      { address: '127.0.0.2', family: 4 },
    ]
    const barred = new Fault('ORIGIN_ADDRESS_PROHIBITED', '127.0.0.2 is barred')
    const guard = (address: string) => (address === '127.0.0.2' ? barred : undefined)
    return play(hello, { resolve, guard }, async ({ origin, fetcher }) => {
      assert.equal(await refusal(fetcher.fetch({ method: 'GET', target: named(origin.port), fields: [] })), barred)
      assert.equal(origin.acceptedCount, 0)
    })
  })

  test('are tried in turn when one does not answer', () => {
    const resolve = async () => [
      { address: '127.0.0.99', family: 4 },
      { address: '127.0.0.1', family: 4 },
    ]
    return play(hello, { resolve }, async ({ origin, fetcher }) => {
      assert.equal((await get(fetcher, named(origin.port))).content.toString(), 'hello')
    })
  })

  test('may be IPv6 literals', async () => {
    const asked: string[] = []
    const fetcher = httpFetcher({
      guard: (address) => new Fault('ORIGIN_ADDRESS_PROHIBITED', asked[asked.push(address) - 1]!),
    })
    for (const scheme of ['http', 'https'] as const) {
      const target = targetOf(scheme, 8080, '/', '::1')
      assert.equal((await refusal(fetcher.fetch({ method: 'GET', target, fields: [] }))).message, '::1')
    }
    await fetcher.close()
    assert.deepEqual(asked, ['::1', '::1'])
  })

  for (const [title, error, code] of [
    ['no such name', Object.assign(new Error('getaddrinfo ENOTFOUND'), { code: 'ENOTFOUND' }), 'ORIGIN_DNS_FAILED'],
    ['no answer now', Object.assign(new Error('getaddrinfo EAI_AGAIN'), { code: 'EAI_AGAIN' }), 'ORIGIN_DNS_TIMEOUT'],
  ] as const) {
    test(`that the resolver cannot tell (${title}) are ${code}`, () =>
      play(hello, { resolve: () => Promise.reject(error) }, async ({ origin, fetcher }) => {
        const fault = await refusal(fetcher.fetch({ method: 'GET', target: named(origin.port), fields: [] }))
        assert.equal(fault.code, code)
      }))
  }

  test('that the resolver never tells are ORIGIN_DNS_TIMEOUT', () =>
    play(hello, { resolve: () => new Promise(() => {}), connectTimeoutMs: 30 }, async ({ origin, fetcher }) => {
      const fault = await refusal(fetcher.fetch({ method: 'GET', target: named(origin.port), fields: [] }))
      assert.equal(fault.code, 'ORIGIN_DNS_TIMEOUT')
    }))
})
