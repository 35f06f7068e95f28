import assert from 'node:assert/strict'
import { beforeEach, describe, test } from 'node:test'
import type { Alert } from '../../../src/alert/alert-sink.ts'
import { Alerts } from '../../../src/alert/alerts.ts'
import type { Digest } from '../../../src/base/digest.ts'
import type { LarderEvent } from '../../../src/base/events.ts'
import { exchangeEvent } from '../../support/exchange-event.ts'
import { HandClock } from '../../support/hand-clock.ts'

const origin = 'https://example.org'
const windowMs = 300_000
const second = 1_000
const minute = 60_000

const refused = (name = origin): LarderEvent => ({
  kind: 'origin-failed',
  origin: name,
  code: 'ORIGIN_CONNECT_REFUSED',
  detail: 'connection refused',
})
const opened: LarderEvent = { kind: 'circuit-opened', origin, detail: 'it failed 16 times' }
const closed: LarderEvent = { kind: 'circuit-closed', origin, detail: 'it answers again' }

describe('Alerts', () => {
  let clock: HandClock
  let told: Alert[]
  let alerts: Alerts
  const line = ({ status, code, subject, count, newCount }: Alert): string =>
    `${status} ${code} ${subject} ${count} ${newCount}`

  beforeEach(() => {
    clock = new HandClock()
    told = []
    let ids = 0
    alerts = new Alerts({
      clock,
      timers: clock,
      windowMs,
      source: 'host.test',
      newId: () => `id-${++ids}`,
      tell: (alert) => told.push(alert),
    })
  })

  test('an outage of five minutes with 500 failed requests is one message, then one resolved message', async () => {
    for (let failed = 0; failed < 500; failed += 1) {
      alerts.observe(refused())
      if (failed === 15) alerts.observe(opened)
      await clock.pass((5 * minute) / 500)
    }
    assert.deepEqual(told.map(line), [`firing ORIGIN_FAILING ${origin} 1 1`])
    alerts.observe(closed)
    await clock.pass(10 * minute)
    assert.deepEqual(told.map(line).slice(1), [`resolved ORIGIN_FAILING ${origin} 500 499`])
    assert.equal(told[1]!.id, told[0]!.id)
    assert.equal(clock.waitingCount, 0)
  })

  test('an outage that goes on is told again in each window, with the count since', async () => {
    for (let failed = 0; failed < 20; failed += 1) {
      alerts.observe(refused())
      await clock.pass(minute)
    }
    assert.deepEqual(told.map(line), [
      `firing ORIGIN_FAILING ${origin} 1 1`,
      `firing ORIGIN_FAILING ${origin} 6 5`,
      `firing ORIGIN_FAILING ${origin} 11 5`,
      `firing ORIGIN_FAILING ${origin} 16 5`,
    ])
  })

  test('what does not recur for a window is over, as of its last occurrence', async () => {
    alerts.observe(refused())
    await clock.pass(minute)
    alerts.observe(refused())
    await clock.pass(windowMs - 1)
    assert.equal(told.length, 1)
    await clock.pass(1)
    assert.equal(told[1]!.status, 'resolved')
    assert.equal(told[1]!.endedAt, told[0]!.startedAt + minute)
  })

  test('a success at the origin ends its causes when nothing fails soon after it', async () => {
    alerts.observe(refused())
    alerts.observe(exchangeEvent({ result: 'miss', url: `${origin}/a.tar.gz` }))
    await clock.pass(29 * second)
    assert.equal(told.length, 1)
    await clock.pass(second)
    assert.equal(told[1]!.status, 'resolved')
  })

  test('a hit, a stale answer and the success of another origin end nothing', async () => {
    alerts.observe(refused())
    alerts.observe(exchangeEvent({ result: 'hit', url: `${origin}/a.tar.gz` }))
    alerts.observe(exchangeEvent({ result: 'stale-on-error', url: `${origin}/a.tar.gz` }))
    alerts.observe(exchangeEvent({ result: 'miss', url: 'https://other.test/a.tar.gz' }))
    await clock.pass(4 * minute)
    assert.equal(told.length, 1)
  })

  test('an origin that flaps fires once in a window', async () => {
    for (let turn = 0; turn < 4; turn += 1) {
      alerts.observe(refused())
      await clock.pass(10 * second)
      alerts.observe(closed)
      await clock.pass(40 * second)
    }
    assert.deepEqual(
      told.map(({ status }) => status),
      ['firing', 'resolved'],
    )
  })

  test('what begins again within the window is told at its end, if it goes on then', async () => {
    alerts.observe(refused())
    alerts.observe(closed)
    await clock.pass(minute)
    assert.deepEqual(
      told.map(({ status }) => status),
      ['firing', 'resolved'],
    )
    for (let failed = 0; failed < 4; failed += 1) {
      alerts.observe(refused())
      await clock.pass(minute)
    }
    assert.deepEqual(told.map(line).slice(2), [`firing ORIGIN_FAILING ${origin} 4 4`])
    assert.notEqual(told[2]!.id, told[0]!.id)
  })

  test('all ways of not reaching an origin are one cause, a broken TLS another', () => {
    for (const code of ['ORIGIN_CONNECT_TIMEOUT', 'ORIGIN_DNS_FAILED', 'status-503', 'ORIGIN_TRUNCATED'] as const) {
      alerts.observe({ kind: 'origin-failed', origin, code, detail: '' })
    }
    alerts.observe({ kind: 'origin-failed', origin, code: 'ORIGIN_TLS_CERTIFICATE', detail: 'expired' })
    assert.deepEqual(
      told.map(({ code, fault }) => [code, fault]),
      [
        ['ORIGIN_FAILING', 'ORIGIN_CONNECT_TIMEOUT'],
        ['ORIGIN_TLS_CERTIFICATE', 'ORIGIN_TLS_CERTIFICATE'],
      ],
    )
  })

  test('a tunnel that cannot be opened is a failure of its origin', () => {
    const tunnel = { method: 'CONNECT', url: 'example.org:443' }
    alerts.observe(exchangeEvent({ ...tunnel, result: 'failed', fault: 'ORIGIN_CONNECT_REFUSED' }))
    alerts.observe(exchangeEvent({ ...tunnel, result: 'failed', fault: 'ORIGIN_CONNECT_REFUSED', url: '[::1]:8443' }))
    assert.deepEqual(
      told.map(({ subject }) => subject),
      [origin, 'https://[::1]:8443'],
    )
  })

  test('faults of the store are told, and over when it works again', async () => {
    alerts.observe({ kind: 'store-fault', code: 'STORE_NO_SPACE', detail: 'ENOSPC' })
    alerts.observe({ kind: 'store-recovered' })
    await clock.pass(minute)
    assert.deepEqual(told.map(line), ['firing STORE_NO_SPACE store 1 1', 'resolved STORE_NO_SPACE store 1 0'])
    assert.equal(told[0]!.severity, 'critical')
  })

  test('every fault of the catalogue that concerns people is told, such as content that changed', () => {
    const url = `${origin}/a-1.0.tar.gz`
    alerts.observe(exchangeEvent({ result: 'failed', fault: 'CONTENT_CHANGED', url, detail: 'another digest' }))
    alerts.observe(exchangeEvent({ result: 'failed', fault: 'CONTENT_DIGEST_MISMATCH', url }))
    alerts.observe(exchangeEvent({ result: 'failed', fault: 'INTERNAL_UNEXPECTED', url }))
    alerts.observe(exchangeEvent({ result: 'failed', fault: 'CLIENT_URL_DENIED', url }))
    alerts.observe(exchangeEvent({ result: 'failed', fault: 'ORIGIN_CONNECT_REFUSED', url }))
    assert.deepEqual(told.map(line), [
      `firing CONTENT_CHANGED ${origin} 1 1`,
      `firing CONTENT_DIGEST_MISMATCH ${origin} 1 1`,
      'firing INTERNAL_UNEXPECTED larder 1 1',
    ])
  })

  test('content that changed under an unchanging URL is told for each URL, with both digests', () => {
    const [before, after] = ['1'.repeat(64), '2'.repeat(64)] as Digest[]
    const url = `${origin}/left-pad/-/left-pad-1.0.0.tgz`
    alerts.observe({ kind: 'content-changed', url, rule: 'npm.tarball', before: before!, after: after! })
    assert.deepEqual(told.map(line), [`firing CONTENT_CHANGED ${url} 1 1`])
    assert.equal(told[0]!.detail, `sha256-${before} became sha256-${after}`)
  })

  test('any number of failing origins makes a bounded number of messages', () => {
    for (let number = 0; number < 5_000; number += 1) alerts.observe(refused(`http://made-up-${number}.test`))
    assert.equal(told.length, 11)
    assert.equal(told.at(-1)!.subject, 'and others')
    assert.equal(alerts.open.length, 11)
    assert.equal(alerts.open.at(-1)!.count, 4_990)
  })

  test('details have neither queries nor users, nor what steers a terminal, and they have an end', () => {
    const detail = `http://ann:secret@example.org/?token=abc \u001b[31m\r\n\u202e${'x'.repeat(10_000)}`
    alerts.observe({ kind: 'origin-failed', origin, code: 'ORIGIN_DNS_FAILED', detail })
    const said = told[0]!.detail
    assert.match(said, /^http:\/\/example\.org\/\?… \\u\{1b\}\[31m \\u\{202e\}x+…$/)
    assert.ok(said.length < 600)
  })

  test('what is wrong and what was lately can be listed', async () => {
    alerts.observe(refused())
    alerts.observe({ kind: 'store-fault', code: 'STORE_IO', detail: 'EIO' })
    alerts.observe({ kind: 'store-recovered' })
    await clock.pass(minute)
    assert.deepEqual(
      alerts.open.map(({ code }) => code),
      ['ORIGIN_FAILING'],
    )
    assert.deepEqual(
      alerts.resolved.map(({ code }) => code),
      ['STORE_IO'],
    )
    alerts.close()
    alerts.observe(refused())
    assert.equal(clock.waitingCount, 0)
  })
})
