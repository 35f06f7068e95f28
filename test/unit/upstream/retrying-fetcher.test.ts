import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { LarderEvent } from '../../../src/base/events.ts'
import { Fault, type FaultCode } from '../../../src/base/faults.ts'
import type { RawFields } from '../../../src/http/fields.ts'
import type { OriginFetcher, OriginRequest, OriginResponse } from '../../../src/upstream/origin-fetcher.ts'
import { isTroubled } from '../../../src/upstream/origin-health.ts'
import { ResponseFlow } from '../../../src/upstream/response-flow.ts'
import {
  createRetryingFetcher,
  type RetryingFetcher,
  type RetryOptions,
} from '../../../src/upstream/retrying-fetcher.ts'
import { HandClock } from '../../support/hand-clock.ts'
import { targetOf } from '../../support/origin-fetching.ts'

type Said = FaultCode | { readonly status: number; readonly fields?: RawFields }

/** An origin that answers each attempt as told; the last word holds for all that follow. */
class ToldFetcher implements OriginFetcher {
  readonly sentMs: number[] = []
  cancelCount = 0
  readonly #clock: HandClock
  said: readonly Said[]

  constructor(clock: HandClock, said: readonly Said[]) {
    this.#clock = clock
    this.said = said
  }

  async fetch({ target }: OriginRequest): Promise<OriginResponse> {
    const word = this.said[Math.min(this.sentMs.length, this.said.length - 1)]!
    this.sentMs.push(this.#clock.elapsed())
    if (typeof word === 'string') throw new Fault(word, target.href)
    const head = { fields: word.fields ?? [], framing: 'chunked' as const, declaredBytes: undefined }
    const abort = (): void => void (this.cancelCount += 1)
    return new ResponseFlow(word.status, head, 0, 0, { pause: () => {}, resume: () => {}, abort })
  }

  async close(): Promise<void> {}
}

interface Scene {
  readonly clock: HandClock
  readonly origin: ToldFetcher
  readonly fetcher: RetryingFetcher
  readonly events: readonly LarderEvent[]
  /** Asks; answers what became of it: a status, a fault, or `waits`. */
  ask(more?: Partial<OriginRequest>): { readonly word: number | FaultCode | 'waits' }
}

function scene(said: readonly Said[], options: Partial<RetryOptions> = {}): Scene {
  const clock = new HandClock()
  const origin = new ToldFetcher(clock, said)
  const random = (): number => 1
  const events: LarderEvent[] = []
  const observer = (event: LarderEvent): void => void events.push(event)
  const basic = { clock, timers: clock, random, observer, maxAttemptCount: 5, budgetShare: 0.5 }
  const fetcher = createRetryingFetcher(origin, { ...basic, ...options })
  const ask: Scene['ask'] = (more) => {
    const seen: { word: number | FaultCode | 'waits' } = { word: 'waits' }
    const request = { method: 'GET', target: targetOf('http', 80, '/'), fields: [], ...more }
    fetcher.fetch(request).then(
      (response) => (seen.word = response.status),
      (error) => (seen.word = (error as Fault).code),
    )
    return seen
  }
  return { clock, origin, fetcher, events, ask }
}

function leftAlone(fetcher: RetryingFetcher): readonly string[] {
  return fetcher.health().flatMap(({ origin, circuit }) => (circuit === 'closed' ? [] : [origin]))
}

const minuteMs = 60_000

describe('A request that fails before the head of its response', () => {
  test('is repeated with growing pauses until it is answered', async () => {
    const { clock, origin, ask } = scene([
      'ORIGIN_CONNECT_REFUSED',
      'ORIGIN_CONNECTION_LOST',
      { status: 503 },
      { status: 200 },
    ])
    const seen = ask()
    await clock.pass(minuteMs)
    assert.equal(seen.word, 200)
    assert.deepEqual(origin.sentMs, [0, 300, 900, 2100])
    assert.equal(origin.cancelCount, 1)
  })

  test('fails as its last attempt did, when no attempts remain', async () => {
    const { clock, origin, ask } = scene([{ status: 502 }, 'ORIGIN_HEAD_TIMEOUT'])
    const seen = ask()
    await clock.pass(minuteMs)
    assert.equal(seen.word, 'ORIGIN_HEAD_TIMEOUT')
    assert.equal(origin.sentMs.length, 5)
  })

  test('passes the last answer on as it came', async () => {
    const { clock, origin, ask } = scene([{ status: 503 }])
    const seen = ask()
    await clock.pass(minuteMs)
    assert.equal(seen.word, 503)
    assert.equal(origin.sentMs.length, 5)
    assert.equal(origin.cancelCount, 4)
  })

  for (const [title, said, more] of [
    ['of a fault that will be the same again', 'ORIGIN_TLS_CERTIFICATE', {}],
    ['that the origin answered with 500', { status: 500 }, {}],
    ['that is not idempotent', 'ORIGIN_CONNECTION_LOST', { method: 'POST' }],
    ['that has content', 'ORIGIN_CONNECTION_LOST', { body: { sizeBytes: undefined, chunks: nothing() } }],
    ['that is a 503 to a POST', { status: 503 }, { method: 'POST' }],
  ] as const) {
    test(`is not repeated: one ${title}`, async () => {
      const { clock, origin, ask } = scene([said])
      ask(more)
      await clock.pass(minuteMs)
      assert.equal(origin.sentMs.length, 1)
    })
  }

  test('is not repeated with a single attempt allowed', async () => {
    const { clock, origin, ask } = scene(['ORIGIN_CONNECTION_LOST'], { maxAttemptCount: 1 })
    const seen = ask()
    await clock.pass(0)
    assert.equal(seen.word, 'ORIGIN_CONNECTION_LOST')
    assert.equal(origin.sentMs.length, 1)
  })

  test('is not repeated when nobody waits for it any more', async () => {
    let isWanted = true
    const { clock, origin, ask } = scene(['ORIGIN_CONNECT_REFUSED'])
    const seen = ask({ isWanted: () => isWanted })
    await clock.pass(300)
    assert.equal(origin.sentMs.length, 2)
    isWanted = false
    await clock.pass(minuteMs)
    assert.equal(origin.sentMs.length, 2)
    assert.equal(seen.word, 'ORIGIN_CONNECT_REFUSED')
  })

  test('is given up at once when the fetcher closes', async () => {
    const { clock, fetcher, ask } = scene(['ORIGIN_CONNECT_REFUSED'])
    const seen = ask()
    await clock.pass(0)
    await fetcher.close()
    await clock.pass(0)
    assert.equal(seen.word, 'ORIGIN_CONNECT_REFUSED')
    assert.equal(clock.waitingCount, 0)
  })

  test('is repeated only while the budget of its origin lasts', async () => {
    const { clock, origin, ask } = scene([{ status: 503 }, { status: 200 }, { status: 503 }], { budgetShare: 0 })
    const seen = ask()
    await clock.pass(minuteMs)
    assert.equal(seen.word, 503)
    assert.equal(origin.sentMs.length, 1)
  })
})

describe('Retry-After', () => {
  const later = (value: string): Said => ({ status: 503, fields: ['Retry-After', value] })

  test('is obeyed, in seconds', async () => {
    const { clock, origin, ask } = scene([later('3'), { status: 200 }])
    const seen = ask()
    await clock.pass(minuteMs)
    assert.equal(seen.word, 200)
    assert.deepEqual(origin.sentMs, [0, 3_300])
  })

  test('is obeyed, as a date', async () => {
    const { clock, origin, ask } = scene([later('Thu, 01 Jan 2026 00:00:07 GMT'), { status: 200 }])
    ask()
    await clock.pass(minuteMs)
    assert.deepEqual(origin.sentMs, [0, 7_300])
  })

  test('holds for all requests of the origin, and 429 says it too', async () => {
    const { clock, origin, ask } = scene([{ status: 429, fields: ['Retry-After', '3'] }, { status: 200 }])
    ask()
    await clock.pass(1_000)
    const other = ask()
    await clock.pass(1_999)
    assert.equal(other.word, 'waits')
    assert.deepEqual(origin.sentMs, [0])
    await clock.pass(minuteMs)
    assert.equal(other.word, 200)
    assert.equal(origin.sentMs.length, 3)
  })

  test('is over for all when the first that comes back is answered well; until then the others wait', async () => {
    const { clock, origin, ask } = scene([later('3'), later('3'), { status: 200 }])
    const seen = [ask()]
    await clock.pass(0)
    for (let i = 0; i < 9; i += 1) seen.push(ask())
    await clock.pass(3_299)
    assert.equal(origin.sentMs.length, 1)
    await clock.pass(1)
    assert.equal(origin.sentMs.length, 2)
    await clock.pass(minuteMs)
    assert.deepEqual(new Set(seen.map(({ word }) => word)), new Set([200]))
    assert.equal(origin.sentMs.length, 12)
  })

  test('that never ends costs the origin hardly an attempt, and fails at last', async () => {
    const { clock, origin, ask } = scene([later('1')])
    const first = ask()
    await clock.pass(0)
    const others = Array.from({ length: 100 }, () => ask())
    await clock.pass(minuteMs)
    assert.equal(first.word, 503)
    assert.deepEqual(new Set(others.map(({ word }) => word)), new Set(['ORIGIN_CIRCUIT_OPEN', 503]))
    assert.ok(origin.sentMs.length < 20, `${origin.sentMs.length} attempts`)
  })

  test('heard again after each of many pauses opens the circuit', async () => {
    const { clock, fetcher, ask } = scene([later('1')], { maxAttemptCount: 2, budgetShare: 9 })
    for (let i = 0; i < 20; i += 1) {
      ask()
      await clock.pass(2_000)
    }
    assert.deepEqual(leftAlone(fetcher), ['http://127.0.0.1:80'])
    const seen = ask()
    await clock.pass(0)
    assert.equal(seen.word, 'ORIGIN_CIRCUIT_OPEN')
  })

  test('heard by many at once opens no circuit', async () => {
    const { clock, fetcher, ask } = scene([later('3')], { maxAttemptCount: 1 })
    for (let i = 0; i < 40; i += 1) ask()
    await clock.pass(0)
    assert.deepEqual(leftAlone(fetcher), [])
  })

  test('leaves nobody behind when the first that comes back fails in its own way', async () => {
    const { clock, origin, ask } = scene([later('3'), 'ORIGIN_TLS_CERTIFICATE', { status: 200 }])
    const seen = [ask(), ask()]
    await clock.pass(0)
    seen.push(ask())
    await clock.pass(minuteMs)
    assert.ok(seen.every(({ word }) => word !== 'waits'))
    assert.ok(origin.sentMs.length >= 3)
  })

  test('does not keep a POST waiting', async () => {
    const { clock, ask } = scene([later('3'), { status: 200 }])
    ask()
    await clock.pass(0)
    const post = ask({ method: 'POST' })
    await clock.pass(0)
    assert.equal(post.word, 200)
  })

  test('is passed on with the answer when it is long, and keeps nobody waiting', async () => {
    const { clock, origin, ask } = scene([later('3600'), { status: 200 }])
    const seen = ask()
    await clock.pass(0)
    assert.equal(seen.word, 503)
    const other = ask()
    await clock.pass(0)
    assert.equal(other.word, 200)
    assert.equal(origin.sentMs.length, 2)
  })

  test('of a user with credentials is no matter of the others', async () => {
    const { clock, ask } = scene([{ status: 429, fields: ['Retry-After', '3'] }, { status: 200 }])
    const seen = ask({ fields: ['Authorization', 'Bearer x'] })
    await clock.pass(0)
    assert.equal(seen.word, 429)
    const other = ask()
    await clock.pass(0)
    assert.equal(other.word, 200)
  })
})

describe('An origin that fails for all', () => {
  test('is left alone, and named', async () => {
    const { clock, origin, fetcher, ask } = scene(['ORIGIN_CONNECT_REFUSED'], { maxAttemptCount: 1 })
    for (let i = 0; i < 16; i += 1) ask()
    await clock.pass(0)
    assert.deepEqual(leftAlone(fetcher), ['http://127.0.0.1:80'])
    const post = ask({ method: 'POST' })
    await clock.pass(0)
    assert.equal(post.word, 'ORIGIN_CIRCUIT_OPEN')
    assert.equal(origin.sentMs.length, 16)
  })

  test('is waited for, for some seconds: nobody notices that it was away for a moment', async () => {
    const { clock, origin, fetcher, ask } = scene(['ORIGIN_CONNECT_REFUSED'], { random: () => 0.5 })
    const seen = Array.from({ length: 30 }, () => ask())
    await clock.pass(500)
    seen.push(...Array.from({ length: 30 }, () => ask()))
    await clock.pass(1_500)
    origin.said = [{ status: 200 }]
    await clock.pass(minuteMs)
    assert.deepEqual(new Set(seen.map(({ word }) => word)), new Set([200]))
    assert.deepEqual(leftAlone(fetcher), [])
  })

  test('is not waited for any more after that: requests fail at once, but for the probes', async () => {
    const { clock, ask } = scene(['ORIGIN_CONNECT_REFUSED'], { maxAttemptCount: 1 })
    for (let i = 0; i < 16; i += 1) ask()
    await clock.pass(4_900)
    const early = ask()
    await clock.pass(100)
    assert.notEqual(early.word, 'waits')
    const late = [ask(), ask()]
    await clock.pass(0)
    assert.deepEqual(
      late.map(({ word }) => word),
      ['ORIGIN_CIRCUIT_OPEN', 'ORIGIN_CIRCUIT_OPEN'],
    )
  })

  test('gets single probes from those who wait, who share its recovery', async () => {
    const { clock, origin, fetcher, ask } = scene(['ORIGIN_CONNECT_REFUSED'], { budgetShare: 2 })
    const seen = Array.from({ length: 20 }, () => ask())
    await clock.pass(2_400)
    assert.equal(origin.sentMs.length, 21)
    origin.said = [{ status: 200 }]
    await clock.pass(minuteMs)
    assert.deepEqual(new Set(seen.map(({ word }) => word)), new Set([200]))
    assert.deepEqual(leftAlone(fetcher), [])
  })

  test('is asked again within two seconds of its recovery', async () => {
    const { clock, origin, ask } = scene(['ORIGIN_CONNECT_REFUSED'], { maxAttemptCount: 1 })
    for (let i = 0; i < 16; i += 1) ask()
    await clock.pass(1_000)
    ask()
    await clock.pass(1)
    origin.said = [{ status: 200 }]
    await clock.pass(1_000)
    const seen = ask()
    await clock.pass(0)
    assert.equal(seen.word, 200)
  })

  test('costs the others nothing', async () => {
    const { clock, ask, origin } = scene(['ORIGIN_CONNECT_REFUSED'], { maxAttemptCount: 1 })
    for (let i = 0; i < 16; i += 1) ask()
    await clock.pass(0)
    origin.said = [{ status: 200 }]
    const other = ask({ target: targetOf('http', 81, '/') })
    await clock.pass(0)
    assert.equal(other.word, 200)
  })
})

describe('What is told of an origin', () => {
  const name = 'http://127.0.0.1:80'

  test('is one event for a request whose last attempt failed, without the query and the user of a URL', async () => {
    const { clock, events, ask } = scene(['ORIGIN_CONNECT_REFUSED'])
    ask({ target: targetOf('http', 80, '/a?token=secret') })
    await clock.pass(minuteMs)
    const failed = { kind: 'origin-failed', origin: name, code: 'ORIGIN_CONNECT_REFUSED', detail: `${name}/a?…` }
    assert.deepEqual(events, [failed])
  })

  test('is the status of the answer that says so', async () => {
    const { clock, events, ask } = scene([{ status: 503, fields: ['Retry-After', '3600'] }])
    ask()
    await clock.pass(minuteMs)
    const failed = { kind: 'origin-failed', origin: name, code: 'status-503', detail: `${name} answered 503` }
    assert.deepEqual(events, [failed])
  })

  test('is nothing when an attempt succeeded, when something is not there or may not be asked for', async () => {
    const recovered = scene([{ status: 503 }, { status: 200 }])
    const absent = scene(['ORIGIN_FTP_NOT_FOUND'])
    const prohibited = scene(['ORIGIN_ADDRESS_PROHIBITED'])
    for (const { clock, events, ask } of [recovered, absent, prohibited]) {
      ask()
      await clock.pass(minuteMs)
      assert.deepEqual(events, [])
    }
  })

  test('is its circuit, once when it opens and once when it closes', async () => {
    const { clock, origin, events, ask } = scene(['ORIGIN_CONNECT_REFUSED'], { maxAttemptCount: 1 })
    for (let i = 0; i < 20; i += 1) ask()
    await clock.pass(5_000)
    origin.said = [{ status: 200 }]
    for (let i = 0; i < 20; i += 1) ask()
    await clock.pass(0)
    ask()
    await clock.pass(0)
    assert.deepEqual(
      events.filter(({ kind }) => kind !== 'origin-failed'),
      [
        { kind: 'circuit-opened', origin: name, detail: `ORIGIN_CONNECT_REFUSED: ${name}/` },
        { kind: 'circuit-closed', origin: name, detail: 'it answers again, after 5 s' },
      ],
    )
  })

  test('counts requests that the circuit kept from the origin, too', async () => {
    const { clock, events, ask } = scene(['ORIGIN_CONNECT_REFUSED'], { maxAttemptCount: 1 })
    for (let i = 0; i < 16; i += 1) ask()
    await clock.pass(0)
    ask({ method: 'POST' })
    await clock.pass(0)
    const codes = events.flatMap((event) => (event.kind === 'origin-failed' ? [event.code] : []))
    assert.equal(codes.length, 17)
    assert.equal(codes.at(-1), 'ORIGIN_CIRCUIT_OPEN')
  })
})

test('A fetcher that throws where it should reject counts as one that failed, and the origin may be asked again', async () => {
  const { clock, origin, fetcher, ask } = scene([{ status: 200 }])
  const { fetch } = origin
  origin.fetch = () => {
    throw new Fault('ORIGIN_RESPONSE_INVALID', 'at once')
  }
  const thrown = ask()
  await clock.pass(0)
  assert.equal(thrown.word, 'ORIGIN_RESPONSE_INVALID')
  origin.fetch = fetch
  const asked = ask()
  await clock.pass(0)
  assert.equal(asked.word, 200)
  assert.equal(fetcher.health()[0]!.failedInRowCount, 0)
})

describe('The health of an origin', () => {
  const startAt = Date.UTC(2026, 0, 1)
  const well = { origin: 'http://127.0.0.1:80', circuit: 'closed', failedInRowCount: 0, requestCount: 1, retryCount: 0 }
  const none = { openedAt: undefined, nextProbeAt: undefined, pausedUntilAt: undefined, lastFailure: undefined }

  test('is good while its answers are', async () => {
    const { clock, fetcher, ask } = scene([{ status: 200 }])
    ask()
    await clock.pass(0)
    const [health] = fetcher.health()
    assert.deepEqual(health, { ...well, ...none })
    assert.equal(isTroubled(health!, clock.now()), false)
  })

  test('tells since when it is left alone, when it is tried again, and what happened last', async () => {
    const { clock, fetcher, ask } = scene(['ORIGIN_CONNECT_REFUSED'], { maxAttemptCount: 1 })
    for (let i = 0; i < 16; i += 1) ask()
    await clock.pass(400)
    const [health] = fetcher.health()
    assert.deepEqual(health, {
      ...well,
      circuit: 'open',
      openedAt: startAt,
      nextProbeAt: startAt + 1_000,
      pausedUntilAt: undefined,
      failedInRowCount: 16,
      requestCount: 16,
      lastFailure: { code: 'ORIGIN_CONNECT_REFUSED', detail: 'http://127.0.0.1:80/', at: startAt },
    })
    assert.equal(isTroubled(health!, clock.now()), true)
  })

  test('tells until when it asked to be left alone', async () => {
    const { clock, fetcher, ask } = scene([{ status: 503, fields: ['Retry-After', '7'] }])
    ask()
    await clock.pass(0)
    const [health] = fetcher.health()
    assert.equal(health!.pausedUntilAt, startAt + 7_000)
    assert.equal(isTroubled(health!, clock.now()), true)
  })

  test('is good again after a success, and after some time without a request', async () => {
    const { clock, origin, fetcher, ask } = scene(['ORIGIN_CONNECT_REFUSED'], { maxAttemptCount: 1 })
    ask()
    await clock.pass(minuteMs)
    assert.equal(isTroubled(fetcher.health()[0]!, clock.now()), true)
    await clock.pass(10 * minuteMs)
    assert.equal(isTroubled(fetcher.health()[0]!, clock.now()), false)
    ask()
    origin.said = [{ status: 200 }]
    ask()
    await clock.pass(0)
    assert.equal(isTroubled(fetcher.health()[0]!, clock.now()), false)
  })
})

async function* nothing(): AsyncIterable<Buffer> {}
