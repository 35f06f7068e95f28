import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { describe, type TestContext, test } from 'node:test'
import type { RawFields } from '../../../src/http/fields.ts'
import type { HttpFetcherOptions } from '../../../src/upstream/undici-origin-fetcher.ts'
import { type ChaosOptions, type ChaosOrigin, contentOf, startChaosOrigin } from '../../fakes/chaos-origin.ts'
import { createChaosResolver } from '../../fakes/chaos-resolver.ts'
import { type ChaosFault, type ChaosRule, flapping, mixed } from '../../fakes/chaos-rule.ts'
import { createThrowAwayCa } from '../../fakes/throw-away-ca.ts'
import { get, httpFetcher, type Received, refusal, targetOf } from '../../support/origin-fetching.ts'

interface Scene {
  readonly origin: ChaosOrigin
  /** Asks as Larder does; the words of CORRECTNESS for what went wrong come from its own fetcher. */
  ask(path: string, fields?: RawFields): Promise<Received>
}

async function scene(
  t: TestContext,
  rule: ChaosRule,
  options: ChaosOptions = {},
  fetching: Partial<HttpFetcherOptions> = {},
): Promise<Scene> {
  const origin = await startChaosOrigin(rule, options)
  const fetcher = httpFetcher(fetching)
  t.after(async () => {
    await fetcher.close()
    await origin.stop()
  })
  const target = (path: string) =>
    options.tls === undefined ? targetOf('http', origin.port, path) : targetOf('https', origin.port, path, 'localhost')
  return { origin, ask: (path, fields = []) => get(fetcher, target(path), { fields }) }
}

const always =
  (fault: ChaosFault | undefined): ChaosRule =>
  () =>
    fault

describe('An object of the chaos origin', () => {
  test('has content by its path, a strong tag, and is counted', async (t) => {
    const { origin, ask } = await scene(t, always(undefined))
    const [one, again, other] = [await ask('/one'), await ask('/one'), await ask('/other')]
    assert.deepEqual([one.content, other.content], [contentOf('/one'), contentOf('/other')])
    assert.deepEqual(again.content, one.content)
    assert.notDeepEqual(one.content, other.content)
    assert.match(fieldOf(one, 'ETag'), /^"[^"]+"$/)
    assert.deepEqual([origin.attempts('/one'), origin.attempts('/other'), origin.attemptCount], [2, 1, 3])
    assert.equal(origin.faultCount, 0)
  })

  test('is given in part, when If-Range names its tag, and else as a whole (RFC 9110 section 14.2)', async (t) => {
    const { ask } = await scene(t, always(undefined))
    const all = contentOf('/o')
    const tag = fieldOf(await ask('/o'), 'ETag')
    const part = await ask('/o', ['Range', 'bytes=10-', 'If-Range', tag])
    assert.equal(part.response.status, 206)
    assert.equal(fieldOf(part, 'Content-Range'), `bytes 10-${all.length - 1}/${all.length}`)
    assert.deepEqual(part.content, all.subarray(10))
    assert.deepEqual((await ask('/o', ['Range', 'bytes=2-4'])).content, all.subarray(2, 5))
    const whole = await ask('/o', ['Range', 'bytes=10-', 'If-Range', '"another"'])
    assert.deepEqual([whole.response.status, whole.content], [200, all])
    assert.equal((await ask('/o', ['Range', `bytes=${all.length}-`])).response.status, 416)
    assert.equal((await ask('/o', ['If-None-Match', tag])).response.status, 304)
  })

  test('becomes another, with or without saying so', async (t) => {
    const rule: ChaosRule = (path, attempt) =>
      attempt === 2 ? { kind: 'change', sameTag: path === '/secret' } : undefined
    const { origin, ask } = await scene(t, rule)
    for (const path of ['/open', '/secret']) {
      const [first, second, third] = [await ask(path), await ask(path), await ask(path)]
      assert.deepEqual([first.content, second.content], [contentOf(path, 1), contentOf(path, 2)])
      assert.equal(first.content.length, second.content.length)
      assert.deepEqual(third.content, second.content)
      assert.deepEqual(origin.content(path), second.content)
      assert.equal(fieldOf(first, 'ETag') === fieldOf(second, 'ETag'), path === '/secret')
    }
  })
})

describe('An answer of the chaos origin', () => {
  for (const by of ['fin', 'reset'] as const) {
    test(`is a connection that ends before the head, by ${by}`, async (t) => {
      const { origin, ask } = await scene(t, always({ kind: 'hang-up', by }))
      assert.equal((await refusal(ask('/o'))).code, 'ORIGIN_CONNECTION_LOST')
      assert.equal(origin.faultCount, 1)
    })

    test(`is cut in the content, by ${by}`, async (t) => {
      const { ask } = await scene(t, always({ kind: 'cut', share: 0.5, by }))
      const { content, fault } = await ask('/o')
      const all = contentOf('/o')
      assert.equal(fault?.code, 'ORIGIN_TRUNCATED')
      assert.deepEqual(content, all.subarray(0, Math.floor(all.length / 2)))
    })
  }

  test('is a status with Retry-After', async (t) => {
    const { ask } = await scene(t, always({ kind: 'status', status: 429, retryAfter: '3' }))
    const answer = await ask('/o')
    assert.deepEqual([answer.response.status, fieldOf(answer, 'Retry-After')], [429, '3'])
  })

  test('stalls before its head until it is released', async (t) => {
    const { origin, ask } = await scene(t, always({ kind: 'stall' }))
    const asked = ask('/o')
    origin.release('/o')
    assert.deepEqual((await asked).content, contentOf('/o'))
  })

  test('stalls for longer than a client has patience', async (t) => {
    const { ask } = await scene(t, always({ kind: 'stall' }), {}, { headTimeoutMs: 50 })
    assert.equal((await refusal(ask('/o'))).code, 'ORIGIN_HEAD_TIMEOUT')
  })

  test('stalls in its content', async (t) => {
    const { ask } = await scene(t, always({ kind: 'stall-within', share: 0.5 }), {}, { idleTimeoutMs: 50 })
    assert.equal((await ask('/o')).fault?.code, 'ORIGIN_READ_TIMEOUT')
  })

  test('lies about its length: more than there is', async (t) => {
    const { ask } = await scene(t, always({ kind: 'length-lie', byBytes: 1 }))
    const { content, fault } = await ask('/o')
    assert.deepEqual([content, fault?.code], [contentOf('/o'), 'ORIGIN_TRUNCATED'])
  })

  test('lies about its length: less than there is', async (t) => {
    const { ask } = await scene(t, always({ kind: 'length-lie', byBytes: -1 }))
    assert.equal((await ask('/o')).fault?.code, 'ORIGIN_RESPONSE_INVALID')
  })
})

describe('The faults of the chaos origin', () => {
  const mixture = [
    { share: 0.2, fault: { kind: 'stall' } },
    { share: 0.1, fault: { kind: 'hang-up', by: 'fin' } },
  ] as const
  const paths = Array.from({ length: 2_000 }, (_, number) => `/object/${number}`)
  const kinds = (rule: ChaosRule) => paths.map((path) => rule(path, 1, 1)?.kind)

  test('come in the shares of the mixture', () => {
    const seen = kinds(mixed('seed', mixture))
    const share = (kind: string | undefined): number => seen.filter((one) => one === kind).length / paths.length
    assert.ok(Math.abs(share('stall') - 0.2) < 0.03)
    assert.ok(Math.abs(share('hang-up') - 0.1) < 0.03)
  })

  test('are the same for the same seed, path and attempt, and others for others', () => {
    assert.deepEqual(kinds(mixed('seed', mixture)), kinds(mixed('seed', mixture)))
    assert.notDeepEqual(kinds(mixed('seed', mixture)), kinds(mixed('other', mixture)))
    const rule = mixed('seed', mixture)
    assert.ok(paths.some((path) => rule(path, 1, 1)?.kind !== rule(path, 2, 1)?.kind))
  })

  test('befall all requests in turn when it flaps', async (t) => {
    const { ask } = await scene(t, flapping(2, 1, { kind: 'status', status: 503 }))
    const statuses: number[] = []
    for (const path of ['/a', '/b', '/c', '/d', '/e', '/f']) statuses.push((await ask(path)).response.status)
    assert.deepEqual(statuses, [200, 200, 503, 200, 200, 503])
  })
})

describe('A connection to the chaos origin', () => {
  test('is refused while it is down, and accepted at the same port when it came back', async (t) => {
    const { origin, ask } = await scene(t, always(undefined))
    await ask('/o')
    await origin.goDown()
    assert.equal(origin.openCount, 0)
    assert.equal((await refusal(ask('/o'))).code, 'ORIGIN_CONNECT_REFUSED')
    await origin.comeBack()
    assert.equal((await ask('/o')).response.status, 200)
    await origin.goDown()
  })

  test('is reset at the door, or accepted and then ignored', async (t) => {
    const origin = await startChaosOrigin(always(undefined), { door: (number) => (number === 1 ? 'reset' : 'silent') })
    t.after(() => origin.stop())
    const ended = async (): Promise<unknown> => {
      const socket = connect(origin.port, '127.0.0.1')
      t.after(() => socket.destroy())
      socket.on('data', () => assert.fail('nothing is said'))
      socket.write('GET / HTTP/1.1\r\n\r\n')
      return once(socket, 'close').catch((error) => (error as NodeJS.ErrnoException).code)
    }
    assert.equal(await ended(), 'ECONNRESET')
    const ignored = ended()
    await origin.goDown()
    await ignored
    assert.equal(origin.attemptCount, 0)
  })

  test('over TLS may never finish its handshake', async (t) => {
    const ca = createThrowAwayCa()
    t.after(() => ca.remove())
    const tls = ca.issue('DNS:localhost')
    const trusting = { roots: [ca.root], connectTimeoutMs: 3_000 }
    const { ask } = await scene(t, always(undefined), { tls, door: (n) => (n === 1 ? 'silent' : 'open') }, trusting)
    assert.equal((await refusal(ask('/o'))).code, 'ORIGIN_CONNECT_TIMEOUT')
    assert.deepEqual((await ask('/o')).content, contentOf('/o'))
  })

  test('over TLS may be reset, too', async (t) => {
    const ca = createThrowAwayCa()
    t.after(() => ca.remove())
    const tls = ca.issue('DNS:localhost')
    const { ask } = await scene(t, always({ kind: 'cut', share: 0.5, by: 'reset' }), { tls }, { roots: [ca.root] })
    const { content, fault } = await ask('/o')
    assert.equal(fault?.code, 'ORIGIN_TRUNCATED')
    assert.deepEqual(content, contentOf('/o').subarray(0, content.length))
  })

  test('needs a name first: the resolver fails as it is told', async (t) => {
    const words = ['again', 'unknown', 'silent', 'loopback'] as const
    const resolver = createChaosResolver((_host, question) => words[question - 1]!)
    const impatient = { resolve: resolver.resolve, connectTimeoutMs: 2_000 }
    const origin = await startChaosOrigin(always(undefined))
    const fetcher = httpFetcher(impatient)
    t.after(async () => {
      await fetcher.close()
      await origin.stop()
    })
    const ask = () => get(fetcher, targetOf('http', origin.port, '/o', 'chaos.test'))
    const codes = [await refusal(ask()), await refusal(ask()), await refusal(ask())].map(({ code }) => code)
    assert.deepEqual(codes, ['ORIGIN_DNS_TIMEOUT', 'ORIGIN_DNS_FAILED', 'ORIGIN_DNS_TIMEOUT'])
    resolver.release()
    assert.equal((await ask()).response.status, 200)
    assert.equal(resolver.questionCount, 4)
  })
})

function fieldOf({ response }: Received, name: string): string {
  const { fields } = response
  for (let i = 0; i < fields.length; i += 2) if (fields[i] === name) return fields[i + 1]!
  return ''
}
