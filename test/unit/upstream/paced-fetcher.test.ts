import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Fault } from '../../../src/base/faults.ts'
import type { OriginFetcher, OriginRequest, OriginResponse } from '../../../src/upstream/origin-fetcher.ts'
import { createPacedFetcher, type PaceOptions } from '../../../src/upstream/paced-fetcher.ts'
import { ResponseFlow } from '../../../src/upstream/response-flow.ts'
import { HandClock } from '../../support/hand-clock.ts'
import { refusal, targetOf } from '../../support/origin-fetching.ts'

/** An origin that answers with a flow into which the test puts what it wants. */
class FlowFetcher implements OriginFetcher {
  readonly requests: OriginRequest[] = []
  readonly flows: ResponseFlow[] = []
  isPaused = false
  isClosed = false

  get paths(): string[] {
    return this.requests.map(({ target }) => target.path)
  }

  async fetch(request: OriginRequest): Promise<OriginResponse> {
    this.requests.push(request)
    const head = { fields: [], framing: 'chunked' as const, declaredBytes: undefined }
    const flow = new ResponseFlow(200, head, 0, 0, {
      pause: () => void (this.isPaused = true),
      resume: () => void (this.isPaused = false),
      abort: () => {},
    })
    this.flows.push(flow)
    return flow
  }

  async close(): Promise<void> {
    this.isClosed = true
  }
}

function scene(options: Partial<PaceOptions>) {
  const clock = new HandClock()
  const origin = new FlowFetcher()
  const none = { requestsPerSecond: Infinity, bytesPerSecond: Infinity }
  const fetcher = createPacedFetcher(origin, { clock, timers: clock, ...none, ...options })
  const ask = (path: string, more: Partial<OriginRequest> = {}): Promise<OriginResponse> =>
    fetcher.fetch({ method: 'GET', target: targetOf('http', 80, path, 'origin.test'), fields: [], ...more })
  return { clock, origin, fetcher, ask }
}

describe('The rate of requests to an origin', () => {
  test('is kept by waiting, in order', async () => {
    const { clock, origin, ask } = scene({ requestsPerSecond: 2 })
    for (const path of ['/1', '/2', '/3', '/4', '/5']) void ask(path)
    await clock.pass(0)
    assert.deepEqual(origin.paths, ['/1', '/2'])
    await clock.pass(499)
    assert.deepEqual(origin.paths, ['/1', '/2'])
    await clock.pass(1)
    assert.deepEqual(origin.paths, ['/1', '/2', '/3'])
    await clock.pass(1_000)
    assert.deepEqual(origin.paths, ['/1', '/2', '/3', '/4', '/5'])
  })

  test('is that of each origin by itself', async () => {
    const { clock, origin, fetcher, ask } = scene({ requestsPerSecond: 1 })
    void ask('/1')
    void fetcher.fetch({ method: 'GET', target: targetOf('ftp', 21, '/2', 'origin.test'), fields: [] })
    await clock.pass(0)
    assert.deepEqual(origin.paths, ['/1', '/2'])
  })

  test('counts a request that is repeated on a new connection', async () => {
    const { clock, origin, ask } = scene({ requestsPerSecond: 2 })
    let repeatCount = 0
    await ask('/1', { onRepeat: () => void (repeatCount += 1) })
    origin.requests[0]!.onRepeat!()
    assert.equal(repeatCount, 1)
    void ask('/2')
    await clock.pass(499)
    assert.deepEqual(origin.paths, ['/1'])
    await clock.pass(1)
    assert.deepEqual(origin.paths, ['/1', '/2'])
  })

  test('refuses who would wait more than a minute', async () => {
    const { clock, origin, ask } = scene({ requestsPerSecond: 0.05 })
    const all = [ask('/1'), ask('/2'), ask('/3'), ask('/4')]
    const fault: Fault = await refusal(ask('/5'))
    assert.equal(fault.code, 'ORIGIN_BUSY')
    await clock.pass(60_000)
    await Promise.all(all)
    assert.deepEqual(origin.paths, ['/1', '/2', '/3', '/4'])
  })

  test('lets a thousand wait, and no more', async () => {
    const { clock, origin, ask } = scene({ requestsPerSecond: 100 })
    const all = Array.from({ length: 1_100 }, (_, i) => ask(`/${i}`))
    assert.equal((await refusal(ask('/late'))).code, 'ORIGIN_BUSY')
    await clock.pass(10_000)
    await Promise.all(all)
    assert.equal(origin.paths.length, 1_100)
  })

  test('is not spent on requests that nobody wants any more', async () => {
    const { clock, origin, ask } = scene({ requestsPerSecond: 1 })
    await ask('/1')
    const unwanted = refusal(ask('/2', { isWanted: () => false }))
    void ask('/3')
    await clock.pass(1_000)
    assert.equal((await unwanted).code, 'ORIGIN_BUSY')
    assert.deepEqual(origin.paths, ['/1', '/3'])
  })

  test('keeps nobody waiting when all is closed', async () => {
    const { clock, origin, fetcher, ask } = scene({ requestsPerSecond: 1 })
    await ask('/1')
    const waiting = [refusal(ask('/2')), refusal(ask('/3'))]
    await fetcher.close()
    assert.deepEqual(
      (await Promise.all(waiting)).map(({ code }) => code),
      ['ORIGIN_BUSY', 'ORIGIN_BUSY'],
    )
    assert.equal(clock.waitingCount, 0)
    assert.equal(origin.isClosed, true)
  })

  test('costs nothing where there is none', () => {
    const clock = new HandClock()
    const origin = new FlowFetcher()
    const none = { requestsPerSecond: Infinity, bytesPerSecond: Infinity }
    assert.equal(createPacedFetcher(origin, { clock, timers: clock, ...none }), origin)
  })
})

describe('The bandwidth of an origin', () => {
  const kilobyte = Buffer.alloc(1_000)

  async function reading(isRoomy: () => boolean = () => true) {
    const { clock, origin, ask } = scene({ bytesPerSecond: 1_000 })
    const responses = [await ask('/1'), await ask('/2')]
    const said: string[] = []
    for (const [i, response] of responses.entries()) {
      response.consume({
        chunk: (bytes) => {
          said.push(`${i}: ${bytes.length}`)
          return isRoomy()
        },
        end: () => said.push(`${i}: end`),
        fail: (fault) => said.push(`${i}: ${fault.code}`),
      })
    }
    return { clock, origin, responses, said }
  }

  test('is kept by pausing its responses, all of them together', async () => {
    const { clock, origin, said } = await reading()
    const [first, second] = origin.flows as [ResponseFlow, ResponseFlow]
    first.take(kilobyte)
    assert.deepEqual([said, origin.isPaused], [['0: 1000'], false])
    first.take(kilobyte)
    second.take(kilobyte)
    assert.deepEqual([said, origin.isPaused], [['0: 1000', '0: 1000', '1: 1000'], true])
    // What comes all the same waits for its turn.
    first.take(kilobyte)
    second.take(kilobyte)
    second.finish([])
    assert.equal(said.length, 3)
    await clock.pass(1_999)
    assert.equal(said.length, 3)
    await clock.pass(1)
    assert.deepEqual(said.slice(3), ['0: 1000'])
    await clock.pass(1_000)
    assert.deepEqual(said.slice(4), ['1: 1000', '1: end'])
    await clock.pass(1_000)
    assert.equal(origin.isPaused, false)
    assert.equal(clock.waitingCount, 0)
  })

  test('does not resume what its reader has no room for', async () => {
    let isRoomy = false
    const { clock, origin, responses, said } = await reading(() => isRoomy)
    origin.flows[0]!.take(Buffer.alloc(2_000))
    origin.flows[0]!.take(kilobyte)
    await clock.pass(10_000)
    assert.deepEqual(said, ['0: 2000'])
    isRoomy = true
    responses[0]!.resume()
    assert.deepEqual(said, ['0: 2000', '0: 1000'])
  })

  test('does not resume for its reader before its time', async () => {
    const { clock, origin, responses, said } = await reading(() => false)
    origin.flows[0]!.take(Buffer.alloc(2_000))
    origin.flows[0]!.take(kilobyte)
    responses[0]!.resume()
    assert.deepEqual(said, ['0: 2000'])
    await clock.pass(1_000)
    assert.deepEqual(said, ['0: 2000', '0: 1000'])
  })

  test('leaves no timer behind for what is given up', async () => {
    const { clock, origin, responses } = await reading()
    origin.flows[0]!.take(Buffer.alloc(2_000))
    assert.equal(clock.waitingCount, 1)
    responses[0]!.cancel()
    assert.equal(clock.waitingCount, 0)
  })
})
