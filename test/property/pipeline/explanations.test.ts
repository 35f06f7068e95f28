import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { Fault } from '../../../src/base/faults.ts'
import type { Result } from '../../../src/base/results.ts'
import { formatHttpDate } from '../../../src/http/http-date.ts'
import type { Profile } from '../../../src/policy/profile.ts'
import type { OriginFetcher, OriginRequest, OriginResponse } from '../../../src/upstream/origin-fetcher.ts'
import { readResponseHead } from '../../../src/upstream/response-head.ts'
import { RecordingClient, StillClock } from '../../support/conversation-parties.ts'
import { Scene } from '../../support/scene.ts'

interface Move {
  readonly path: string
  readonly fields: readonly string[]
  readonly waitMs: number
  /** How the origin answers from now on. */
  readonly status: number
  readonly answer: readonly string[]
}

/** What may become of a request for which an outcome was foretold. */
const becomes: Readonly<Record<string, readonly Result[]>> = {
  hit: ['hit', 'hit-negative', 'hit-not-modified'],
  'hit-stale': ['hit-stale'],
  validate: ['revalidated', 'replaced', 'reload', 'stale-on-error', 'refresh-failed'],
  fetch: [
    'miss',
    'miss-variant',
    'miss-partial',
    'miss-blob-lost',
    'replaced',
    'reload',
    'stale-on-error',
    'refresh-failed',
    'failed',
  ],
  relay: ['relayed', 'failed'],
  refuse: ['failed', 'denied'],
}

const move: fc.Arbitrary<Move> = fc.record({
  path: fc.constantFrom('/a', '/a', '/p/-/p-1.0.0.tgz', '/x.tar.gz', '/b?c=1', '/d?password=1'),
  fields: fc.constantFrom<string[]>(
    [],
    [],
    ['Accept', 'text/plain'],
    ['Accept-Encoding', 'gzip'],
    ['Cache-Control', 'no-cache'],
    ['Cache-Control', 'max-age=0'],
    ['Cache-Control', 'max-stale=100'],
    ['Cache-Control', 'only-if-cached'],
    ['Cache-Control', 'no-store'],
    ['Pragma', 'no-cache'],
    ['Cookie', 'a=b'],
    ['Authorization', 'Basic eDp5'],
    ['If-None-Match', '"1"'],
  ),
  waitMs: fc.constantFrom(0, 1000, 15_000, 100_000),
  status: fc.constantFrom(200, 200, 200, 404, 301, 503, 0),
  answer: fc
    .array(
      fc.constantFrom<string[]>(
        ['Cache-Control', 'max-age=10'],
        ['Cache-Control', 'max-age=60, stale-while-revalidate=60'],
        ['Cache-Control', 'no-store'],
        ['Cache-Control', 'no-cache'],
        ['Cache-Control', 'max-age=0, must-revalidate'],
        ['ETag', '"1"'],
        ['Last-Modified', formatHttpDate(0)],
        ['Vary', 'Accept'],
        ['Vary', 'Accept-Encoding'],
        ['Set-Cookie', 'a=b'],
        ['Age', '5'],
      ),
      { maxLength: 3 },
    )
    .map((all) => all.flat()),
})

/** An origin that answers all with what the last move said; status 0: it cannot be reached. */
class PlainOrigin implements OriginFetcher {
  readonly #clock: StillClock
  requestCount = 0
  last: Move | undefined = undefined

  constructor(clock: StillClock) {
    this.#clock = clock
  }

  async fetch(request: OriginRequest): Promise<OriginResponse> {
    this.requestCount += 1
    const { status, answer } = this.last!
    if (status === 0) throw new Fault('ORIGIN_CONNECT_REFUSED', 'nobody is there')
    const now = this.#clock.now()
    const fields = [...answer, 'Date', formatHttpDate(now), 'Content-Length', '5']
    const head = readResponseHead(request.method, status, fields)
    if (typeof head === 'string') assert.fail(head)
    const flow = (sink: Parameters<OriginResponse['consume']>[0]): void => {
      sink.chunk(Buffer.from('12345'))
      sink.end([])
    }
    const consume: OriginResponse['consume'] = (sink) => void setImmediate(() => flow(sink))
    return { status, ...head, requestedAt: now, receivedAt: now, consume, resume: () => {}, cancel: () => {} }
  }

  async close(): Promise<void> {}
}

async function play(profile: Profile, moves: readonly Move[]): Promise<void> {
  const clock = new StillClock()
  const origin = new PlainOrigin(clock)
  const scene = new Scene(profile, clock, origin)
  try {
    for (const one of moves) {
      clock.pass(one.waitMs)
      origin.last = one
      const url = `http://origin.test${one.path}`
      const before = origin.requestCount
      const foretold = await scene.explain(url, one.fields)
      assert.equal(origin.requestCount, before, 'an explanation asks no origin')
      if (profile === 'standards') assert.deepEqual(foretold.deviations, [])
      const exchange = scene.ask({ method: 'GET', url, fields: one.fields }, new RecordingClient('GET'))
      await scene.settled()
      const { result } = scene.eventOf(exchange)!
      assert.ok(
        becomes[foretold.outcome]!.includes(result),
        `${foretold.outcome} became ${result}: ${foretold.verdict}`,
      )
      const told = scene.recall(exchange)!
      assert.equal(told.outcome, result)
      if (profile === 'standards') assert.deepEqual(told.deviations, [])
      if (foretold.outcome === 'hit') assert.deepEqual(told.deviations, foretold.deviations)
      assert.ok(!holdsBytes(told), 'content is in no explanation')
    }
  } finally {
    await scene.close()
  }
}

function holdsBytes(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  return value instanceof Uint8Array || Object.values(value).some(holdsBytes)
}

describe('An explanation', () => {
  test('foretells what becomes of the request, asks no origin, and agrees with what is told afterwards', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom<Profile>('builds', 'standards'),
        fc.array(move, { minLength: 1, maxLength: 8 }),
        play,
      ),
      { numRuns: 300 },
    )
  })
})
