import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { LarderEvent } from '../../../src/base/events.ts'
import { type RefusingPair, refusalsBeforeSplice, spliceMs, TrustRefusals } from '../../../src/server/trust-refusals.ts'
import { HandClock } from '../../support/hand-clock.ts'

const curl: RefusingPair = { client: '10.1.1.1', userAgent: 'curl/8.5.0', host: 'example.test' }

function stage({ isStrict = false } = {}) {
  const events: LarderEvent[] = []
  const clock = new HandClock()
  const refusals = new TrustRefusals({ clock, isStrict, observer: (event) => events.push(event) })
  const refuse = (count: number, pair = curl, reason = 'unknown_ca', programs: readonly string[] = []): void => {
    for (let left = count; left > 0; left--) refusals.refused(pair, reason, programs)
  }
  return { events, clock, refusals, refuse }
}

describe('Clients that refuse our certificate', () => {
  test('are listed with tool, reason and count, and each refusal is told', () => {
    const { events, clock, refusals, refuse } = stage()
    refuse(2)
    assert.deepEqual(refusals.list(), [
      {
        ...curl,
        tool: 'curl',
        by: 'user agent',
        reason: 'unknown_ca',
        count: 2,
        firstAt: clock.now(),
        lastAt: clock.now(),
        splicedUntilAt: undefined,
      },
    ])
    const told = { kind: 'tls-refused', serverName: 'example.test', client: '10.1.1.1', reason: 'unknown_ca' }
    assert.deepEqual(events, [
      { ...told, tool: 'curl', count: 1 },
      { ...told, tool: 'curl', count: 2 },
    ])
  })

  test('are passed through for a while after some refusals, which is told once', async () => {
    const { events, clock, refusals, refuse } = stage()
    refuse(refusalsBeforeSplice - 1)
    assert.equal(refusals.isSpliced(curl), false)
    refuse(1)
    assert.equal(refusals.isSpliced(curl), true)
    refuse(1)
    const told = events.filter(({ kind }) => kind === 'trust-spliced')
    assert.deepEqual(told, [
      {
        kind: 'trust-spliced',
        serverName: 'example.test',
        client: '10.1.1.1',
        tool: 'curl',
        untilAt: clock.now() + spliceMs,
      },
    ])
    await clock.pass(spliceMs - 1)
    assert.equal(refusals.isSpliced(curl), true)
    await clock.pass(1)
    assert.equal(refusals.isSpliced(curl), false)
  })

  test('are told apart by address, host and user agent: the others are not passed through', () => {
    const { refusals, refuse } = stage()
    refuse(refusalsBeforeSplice)
    for (const other of [
      { client: '10.1.1.2' },
      { host: 'other.test' },
      { userAgent: 'pip/24' },
      { userAgent: undefined },
    ])
      assert.equal(refusals.isSpliced({ ...curl, ...other }), false)
  })

  test('are never passed through in strict mode, though they are listed and told', () => {
    const { events, refusals, refuse } = stage({ isStrict: true })
    refuse(refusalsBeforeSplice * 2)
    assert.equal(refusals.isSpliced(curl), false)
    assert.equal(refusals.list()[0]!.count, refusalsBeforeSplice * 2)
    assert.deepEqual(new Set(events.map(({ kind }) => kind)), new Set(['tls-refused']))
  })

  test('are counted anew when the refusals lie far apart', async () => {
    const { clock, refusals, refuse } = stage()
    refuse(refusalsBeforeSplice - 1)
    await clock.pass(60 * 60_000)
    refuse(1)
    assert.equal(refusals.isSpliced(curl), false)
    assert.equal(refusals.list()[0]!.count, 1)
  })

  test('are forgotten when they take the certificate; a connection that they then close unused is no refusal', () => {
    const { events, refusals, refuse } = stage()
    refuse(refusalsBeforeSplice)
    refusals.accepted(curl)
    assert.equal(refusals.isSpliced(curl), false)
    assert.deepEqual(refusals.list(), [])
    const told = events.length
    refuse(1, curl, 'closed')
    assert.deepEqual([refusals.list().length, events.length], [0, told])
    refuse(1, curl, 'unknown_ca')
    assert.equal(refusals.list()[0]!.count, 1)
  })

  test('are not those who take it and are ended in the middle of later handshakes, until they say that they refuse', () => {
    const { events, refusals, refuse } = stage()
    const nameless = { ...curl, userAgent: undefined }
    for (const pair of [curl, nameless]) {
      refusals.accepted(pair)
      refuse(refusalsBeforeSplice, pair, 'closed')
      assert.equal(refusals.isSpliced(pair), false)
    }
    assert.deepEqual([refusals.list(), events], [[], []])
    refuse(1)
    refuse(refusalsBeforeSplice - 1, curl, 'closed')
    assert.equal(refusals.isSpliced(curl), true)
  })

  test('keep the better hint: a process that was seen once is not replaced by a guess from the host', () => {
    const { refusals, refuse } = stage()
    const nameless = { client: '127.0.0.1', userAgent: undefined, host: 'pypi.org' }
    refuse(1, nameless, 'closed', ['python3', 'poetry'])
    assert.deepEqual([refusals.list()[0]!.tool, refusals.list()[0]!.by], ['Python', 'process'])
    refuse(1, nameless, 'closed')
    assert.deepEqual([refusals.list()[0]!.tool, refusals.list()[0]!.by], ['Python', 'process'])
    refuse(1, { ...nameless, host: 'unheard-of.test' }, 'closed')
    assert.deepEqual([refusals.list()[1]!.tool, refusals.list()[1]!.by], ['unknown', 'nothing'])
  })

  test('are looked up among the processes some times at once and then once a second: a look holds up all others', async () => {
    const { clock, refusals } = stage()
    const nameless = (number: number): RefusingPair => ({
      client: '127.0.0.1',
      userAgent: undefined,
      host: `${number}.test`,
    })
    const looks = (): number =>
      Array.from({ length: 20 }, (_, number) => nameless(number)).filter((pair) => refusals.shallLook(pair)).length
    assert.equal(looks(), 4)
    await clock.pass(999)
    assert.equal(looks(), 0)
    await clock.pass(1)
    assert.equal(looks(), 1)
    await clock.pass(60_000)
    assert.equal(looks(), 4)
  })

  test('are not looked up when they say who they are, were seen before, or took the certificate', () => {
    const { refusals, refuse } = stage()
    const nameless = { ...curl, userAgent: undefined }
    assert.equal(refusals.shallLook(curl), false)
    refuse(1, nameless, 'closed')
    assert.equal(refusals.shallLook(nameless), true)
    refuse(1, nameless, 'closed', ['python3', 'poetry'])
    assert.equal(refusals.shallLook(nameless), false)
    refusals.accepted({ ...nameless, host: 'other.test' })
    assert.equal(refusals.shallLook({ ...nameless, host: 'other.test' }), false)
  })

  test('are remembered up to a bound, the oldest forgotten first', () => {
    const { refusals, refuse } = stage()
    for (let number = 0; number < 600; number++) refuse(1, { ...curl, host: `${number}.test` })
    const hosts = refusals.list().map(({ host }) => host)
    assert.equal(hosts.length, 500)
    assert.deepEqual([hosts[0], hosts.at(-1)], ['100.test', '599.test'])
  })
})
