import assert from 'node:assert/strict'
import type { LookupAddress } from 'node:dns'
import { describe, test } from 'node:test'
import { systemResolver } from '../../../src/upstream/resolve-host.ts'
import { HandClock } from '../../support/hand-clock.ts'

interface Question {
  readonly host: string
  answer(address: string): void
  fail(code: string): void
}

function ask() {
  const clock = new HandClock()
  const questions: Question[] = []
  const lookup = (host: string): Promise<readonly LookupAddress[]> =>
    new Promise((resolve, reject) =>
      questions.push({
        host,
        answer: (address) => resolve([{ address, family: 4 }]),
        fail: (code) => reject(Object.assign(new Error(`getaddrinfo ${code} ${host}`), { code })),
      }),
    )
  const resolve = systemResolver({ clock, timers: clock, lookup })
  /** The first address, or the error's code. */
  const say = (host: string): Promise<string> => resolve(host).then(([one]) => one!.address, codeOf)
  return { clock, questions, say }
}

function codeOf(error: { code: string }): string {
  return error.code
}

describe('Names of origins', () => {
  test('are asked once for all who want them at the same time', async () => {
    const { questions, say } = ask()
    const all = [say('a.test'), say('a.test'), say('b.test')]
    questions[0]!.answer('192.0.2.1')
    questions[1]!.answer('192.0.2.2')
    assert.deepEqual(await Promise.all(all), ['192.0.2.1', '192.0.2.1', '192.0.2.2'])
    assert.deepEqual(
      questions.map(({ host }) => host),
      ['a.test', 'b.test'],
    )
  })

  test('are remembered for 10 s (CORRECTNESS T20)', async () => {
    const { clock, questions, say } = ask()
    const first = say('a.test')
    questions[0]!.answer('192.0.2.1')
    assert.equal(await first, '192.0.2.1')
    await clock.pass(9_999)
    assert.equal(await say('a.test'), '192.0.2.1')
    await clock.pass(1)
    const later = say('a.test')
    questions[1]!.answer('192.0.2.2')
    assert.equal(await later, '192.0.2.2')
    assert.equal(questions.length, 2)
    assert.equal(clock.waitingCount, 0)
  })

  test('that do not exist are asked again after 2 s', async () => {
    const { clock, questions, say } = ask()
    const first = say('a.test')
    questions[0]!.fail('ENOTFOUND')
    assert.equal(await first, 'ENOTFOUND')
    await clock.pass(1_999)
    assert.equal(await say('a.test'), 'ENOTFOUND')
    await clock.pass(1)
    const later = say('a.test')
    questions[1]!.answer('192.0.2.1')
    assert.equal(await later, '192.0.2.1')
  })

  test('that cannot be told now are asked again at once', async () => {
    const { questions, say } = ask()
    const first = say('a.test')
    questions[0]!.fail('EAI_AGAIN')
    assert.equal(await first, 'EAI_AGAIN')
    const second = say('a.test')
    questions[1]!.answer('192.0.2.1')
    assert.equal(await second, '192.0.2.1')
  })

  test('are at most two with the resolver; the others wait in order', async () => {
    const { questions, say } = ask()
    const all = ['a', 'b', 'c', 'd'].map(say)
    assert.equal(questions.length, 2)
    questions[1]!.answer('192.0.2.2')
    assert.equal(await all[1], '192.0.2.2')
    assert.deepEqual(
      questions.map(({ host }) => host),
      ['a', 'b', 'c'],
    )
    questions[0]!.fail('EAI_AGAIN')
    assert.equal(await all[0], 'EAI_AGAIN')
    assert.equal(questions[3]!.host, 'd')
    questions[2]!.answer('192.0.2.3')
    questions[3]!.answer('192.0.2.4')
    assert.deepEqual(await Promise.all(all), ['EAI_AGAIN', '192.0.2.2', '192.0.2.3', '192.0.2.4'])
  })

  test('that wait 10 s for their turn are given up and never asked', async () => {
    const { clock, questions, say } = ask()
    const all = ['a', 'b', 'c'].map(say)
    await clock.pass(10_000)
    assert.equal(await all[2], 'ORIGIN_DNS_TIMEOUT')
    questions[0]!.answer('192.0.2.1')
    questions[1]!.answer('192.0.2.2')
    await Promise.all(all)
    assert.equal(questions.length, 2)
  })

  test('are refused when a thousand wait', async () => {
    const { questions, say } = ask()
    const all = Array.from({ length: 1_003 }, (_, i) => say(`n${i}`))
    assert.equal(await all[1_002], 'ORIGIN_DNS_TIMEOUT')
    for (let i = 0; i < 1_002; i += 1) {
      questions[i]!.answer('192.0.2.1')
      await all[i]
    }
    assert.equal(questions.length, 1_002)
  })
})

describe('An address from before (RFC 8767)', () => {
  async function known() {
    const scene = ask()
    const first = scene.say('a.test')
    scene.questions[0]!.answer('192.0.2.1')
    await first
    await scene.clock.pass(60_000)
    return scene
  }

  test('is used when the resolver fails, and for 10 s without asking it', async () => {
    const { clock, questions, say } = await known()
    const stale = say('a.test')
    questions[1]!.fail('EAI_AGAIN')
    assert.equal(await stale, '192.0.2.1')
    await clock.pass(9_999)
    assert.equal(await say('a.test'), '192.0.2.1')
    assert.equal(questions.length, 2)
    await clock.pass(1)
    const fresh = say('a.test')
    questions[2]!.answer('192.0.2.2')
    assert.equal(await fresh, '192.0.2.2')
  })

  test('is used when the resolver is silent for 1.8 s, and its late answer for the next', async () => {
    const { clock, questions, say } = await known()
    const stale = say('a.test')
    await clock.pass(1_800)
    assert.equal(await stale, '192.0.2.1')
    assert.equal(await say('a.test'), '192.0.2.1')
    questions[1]!.answer('192.0.2.2')
    await clock.pass(0)
    assert.equal(await say('a.test'), '192.0.2.2')
    assert.equal(questions.length, 2)
  })

  test('is not used when the name is gone, nor after an hour', async () => {
    const { clock, questions, say } = await known()
    const gone = say('a.test')
    questions[1]!.fail('ENOTFOUND')
    assert.equal(await gone, 'ENOTFOUND')
    const other = say('b.test')
    questions[2]!.answer('192.0.2.3')
    await other
    await clock.pass(3_600_001)
    const late = say('b.test')
    questions[3]!.fail('EAI_AGAIN')
    assert.equal(await late, 'EAI_AGAIN')
  })
})

test('the system knows localhost', async () => {
  const addresses = await systemResolver()('localhost')
  assert.ok(addresses.some(({ address }) => address === '127.0.0.1' || address === '::1'))
})
