import assert from 'node:assert/strict'
import type { LookupAddress } from 'node:dns'
import { describe, type TestContext, test } from 'node:test'
import { AlertFailure } from '../../../src/alert/alert-sink.ts'
import { WebhookAlertSink } from '../../../src/alert/webhook-alert-sink.ts'
import { checkedAlertAddresses } from '../../../src/app/alert-addresses.ts'
import type { Settings } from '../../../src/config/settings.ts'
import { type AlertReceiver, startAlertReceiver } from '../../fakes/alert-receiver.ts'
import { createThrowAwayCa } from '../../fakes/throw-away-ca.ts'
import { receiverRules, targetOf } from '../../support/alert-sinks.ts'
import { someAlert } from '../../support/alerts.ts'
import { testSettings } from '../../support/larder.ts'

const signal = new AbortController().signal
const now = (): number => Date.UTC(2026, 0, 2)

async function receiverOf(context: TestContext, identity?: { key: string; cert: string }): Promise<AlertReceiver> {
  const receiver = await startAlertReceiver(identity)
  context.after(() => receiver.stop())
  return receiver
}

const refusedWith =
  (message: RegExp, isRefusal: boolean) =>
  (error: unknown): true => {
    assert.ok(error instanceof AlertFailure)
    assert.match(error.message, message)
    assert.equal(error.isRefusal, isRefusal)
    return true
  }

describe('A webhook sink', () => {
  const sinkOf = (url: string, rules = receiverRules()): WebhookAlertSink =>
    new WebhookAlertSink(targetOf('webhook', url), { ...rules, now, secret: undefined })

  test('posts JSON to path and query as they are given, without the fragment', async (context) => {
    const receiver = await receiverOf(context)
    await sinkOf(`http://127.0.0.1:${receiver.port}/hook/x?key=1#slack`).send(someAlert(), signal)
    const [{ path, headers } = assert.fail()] = receiver.posts
    assert.equal(path, '/hook/x?key=1')
    assert.equal(headers['content-type'], 'application/json; charset=utf-8')
  })

  test('follows no redirect', async (context) => {
    const receiver = await receiverOf(context)
    receiver.answer = { status: 302, body: '', location: `http://127.0.0.1:${receiver.port}/other` }
    await assert.rejects(sinkOf(`http://127.0.0.1:${receiver.port}/`).send(someAlert(), signal), /answered 302/)
    assert.equal(receiver.posts.length, 1)
  })

  test('takes 4xx for a refusal, and 5xx, 408 and 429 for something that passes', async (context) => {
    const receiver = await receiverOf(context)
    const sink = sinkOf(`http://127.0.0.1:${receiver.port}/`)
    for (const [status, isRefusal] of [
      [404, true],
      [403, true],
      [500, false],
      [503, false],
      [408, false],
      [429, false],
    ] as const) {
      receiver.answer = { status, body: '' }
      await assert.rejects(sink.send(someAlert(), signal), refusedWith(new RegExp(`answered ${status}`), isRefusal))
    }
  })

  test('reads no more of an answer than it needs', async (context) => {
    const receiver = await receiverOf(context)
    receiver.answer = { status: 200, body: 'x'.repeat(4 * 1024 * 1024) }
    await sinkOf(`http://127.0.0.1:${receiver.port}/`).send(someAlert(), signal)
    await receiver.idle()
  })

  test('speaks to nobody whose certificate is not good for the name', async (context) => {
    const ca = createThrowAwayCa()
    context.after(() => ca.remove())
    const other = await receiverOf(context, ca.issue('DNS:other.test'))
    const rules = receiverRules(ca.root)
    await assert.rejects(sinkOf(`https://localhost:${other.port}/`, rules).send(someAlert(), signal), /ALTNAME_INVALID/)
    const unknown = await receiverOf(context, ca.issue('DNS:localhost'))
    await assert.rejects(
      sinkOf(`https://localhost:${unknown.port}/`).send(someAlert(), signal),
      /UNABLE_TO|SELF_SIGNED/,
    )
    assert.deepEqual([...other.posts, ...unknown.posts], [])
  })
})

describe('The addresses of receivers', () => {
  const addressesOf = (
    answers: readonly string[],
    settings: Partial<Settings> = {},
  ): ReturnType<typeof checkedAlertAddresses> => {
    const resolve = async (): Promise<LookupAddress[]> =>
      answers.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))
    return checkedAlertAddresses(testSettings('/nowhere', { allowAddresses: [], ...settings }), resolve)
  }
  const table: readonly [address: string, verified: boolean, unverified: boolean][] = [
    ['127.0.0.1', true, true],
    ['::1', true, true],
    ['203.0.113.7', true, false],
    ['10.1.2.3', true, false],
    ['fd00::1', true, false],
    ['10.20.0.1', true, true],
    ['169.254.169.254', false, false],
    ['::ffff:169.254.169.254', false, false],
    ['0.0.0.0', false, false],
    ['224.0.0.1', false, false],
    ['192.0.2.9', false, false],
  ]
  for (const [address, verified, unverified] of table) {
    test(`${address} is ${verified ? 'good' : 'barred'} with a certificate, ${unverified ? 'good' : 'barred'} without`, async () => {
      const rules = addressesOf([address], { allowAddresses: ['10.20.0.0/16'], denyAddresses: ['192.0.2.0/24'] })
      for (const [isVerified, isGood] of [
        [true, verified],
        [false, unverified],
      ] as const) {
        if (isGood) assert.equal((await rules('hook.test', isVerified))[0]!.address, address)
        else await assert.rejects(rules('hook.test', isVerified), AlertFailure)
      }
    })
  }

  test('a name with one barred address is barred, as its answers may change their order', async () => {
    await assert.rejects(addressesOf(['203.0.113.7', '169.254.169.254'])('hook.test', true), AlertFailure)
  })

  test('are checked for literals as well, also in brackets', async () => {
    await assert.rejects(addressesOf([])('169.254.169.254', true), AlertFailure)
    await assert.rejects(addressesOf([])('[fe80::1]', true), AlertFailure)
  })

  test('are those of this machine alone when offline, without asking for any name', async () => {
    const rules = checkedAlertAddresses(testSettings('/nowhere', { offline: true }), () => assert.fail('asked'))
    await assert.rejects(rules('hooks.example.org', true), /offline/)
    assert.equal((await rules('127.0.0.1', true)).length, 1)
  })
})
