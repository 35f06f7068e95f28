import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { describe, test } from 'node:test'
import { signatureOf, webhookShapes } from '../../../src/alert/webhook-shapes.ts'
import { someAlert } from '../../support/alerts.ts'
import { command } from '../../support/command.ts'

const at = Date.UTC(2026, 0, 2, 3, 4, 5, 678)
const secret = 'sesame'
const bodyOf = (format: keyof typeof webhookShapes, alert = someAlert()): Record<string, unknown> =>
  JSON.parse(webhookShapes[format].post(alert, at, secret).body) as Record<string, unknown>

describe('The shape of a message', () => {
  test('json is one document, signed so that anybody with the secret can check it', async () => {
    const { body, fields } = webhookShapes.json.post(someAlert(), at, secret)
    assert.deepEqual(JSON.parse(body), {
      version: 1,
      id: '5c9a6f0e-0000-4000-8000-000000000001',
      status: 'firing',
      code: 'ORIGIN_FAILING',
      fault: 'ORIGIN_CONNECT_REFUSED',
      severity: 'warning',
      subject: 'https://example.org',
      summary: 'Requests to this origin fail.',
      detail: 'example.org:443: connection refused',
      remedy: 'What is stored is served.',
      count: 17,
      newCount: 16,
      startedAt: '2026-01-02T03:04:05.000Z',
      lastAt: '2026-01-02T03:05:05.000Z',
      endedAt: null,
      droppedCount: 0,
      source: 'host.test',
    })
    const [, seconds, hex] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(fields['Larder-Signature']!)!
    assert.equal(seconds, String(Math.floor(at / 1000)))
    const input = `${seconds}.${body}`
    const { stdout } = await command('openssl', ['dgst', '-sha256', '-hmac', secret], { input })
    assert.ok(stdout.includes(hex!))
  })

  test('a body that was changed, another time or another secret have another signature', () => {
    const right = signatureOf('{}', at, secret)
    assert.notEqual(signatureOf('{ }', at, secret), right)
    assert.notEqual(signatureOf('{}', at + 1_000, secret), right)
    assert.notEqual(signatureOf('{}', at, 'other'), right)
  })

  test('alertmanager is a list of one alert that ends when it is resolved, and else after the next message is due', () => {
    const [firing] = bodyOf('alertmanager') as unknown as [Record<string, unknown>]
    assert.deepEqual(firing.labels, {
      alertname: 'Larder_ORIGIN_FAILING',
      severity: 'warning',
      subject: 'https://example.org',
      instance: 'host.test',
      job: 'larder',
    })
    assert.deepEqual([firing.startsAt, firing.endsAt], ['2026-01-02T03:04:05.000Z', '2026-01-02T03:15:05.000Z'])
    const endedAt = Date.UTC(2026, 0, 2, 4)
    const [resolved] = bodyOf('alertmanager', someAlert({ status: 'resolved', endedAt })) as unknown as [typeof firing]
    assert.deepEqual(resolved.labels, firing.labels)
    assert.equal(resolved.endsAt, '2026-01-02T04:00:00.000Z')
  })

  test('slack is text with its three signs escaped, and its answer is believed', () => {
    const { text } = bodyOf('slack', someAlert({ detail: '<!channel> & co' }))
    assert.match(String(text), /^\[FIRING\] ORIGIN_FAILING https:\/\/example\.org \(17 times\)\n/)
    assert.match(String(text), /&lt;!channel&gt; &amp; co/)
    assert.equal(webhookShapes.slack.refusal('ok'), undefined)
  })

  test('feishu has text, seconds and a signature whose key is what is signed', () => {
    const body = bodyOf('feishu', someAlert({ detail: '<at user_id="all">' }))
    assert.equal(body.msg_type, 'text')
    assert.equal(body.timestamp, String(Math.floor(at / 1000)))
    assert.equal(body.sign, createHmac('sha256', `${body.timestamp}\n${secret}`).update('').digest('base64'))
    assert.match((body.content as { text: string }).text, /‹at user_id="all"›/)
    assert.equal(webhookShapes.feishu.refusal('{"code":0,"msg":"success"}'), undefined)
    assert.equal(webhookShapes.feishu.refusal('{"code":19021,"msg":"sign match fail"}'), 'code 19021')
  })

  test('dingtalk has text, and milliseconds and a signature in the query', () => {
    const { body, query } = webhookShapes.dingtalk.post(someAlert(), at, secret)
    const { msgtype, text } = JSON.parse(body) as { msgtype: string; text: { content: string } }
    assert.equal(msgtype, 'text')
    assert.match(text.content, /ORIGIN_FAILING/)
    const sign = createHmac('sha256', secret).update(`${at}\n${secret}`).digest('base64')
    assert.deepEqual(query, { timestamp: String(at), sign })
    assert.equal(webhookShapes.dingtalk.refusal('{"errcode":0,"errmsg":"ok"}'), undefined)
    assert.equal(webhookShapes.dingtalk.refusal('{"errcode":310000,"errmsg":"sign not match"}'), 'errcode 310000')
  })

  test('wecom has text, and nobody is called by a tag in it', () => {
    const { msgtype, text } = bodyOf('wecom', someAlert({ detail: '<@ann> @all' })) as { msgtype: string; text: object }
    assert.equal(msgtype, 'text')
    assert.match(JSON.stringify(text), /‹＠ann› ＠all/)
    assert.equal(webhookShapes.wecom.refusal('{"errcode":93000}'), 'errcode 93000')
    assert.equal(webhookShapes.wecom.refusal('<html>'), 'an answer that is no JSON')
    assert.equal(webhookShapes.wecom.refusal('null'), 'an answer that is no JSON')
    assert.equal(webhookShapes.wecom.refusal('{}'), 'no errcode in the answer')
  })

  test('without a secret nothing is signed', () => {
    for (const [name, shape] of Object.entries(webhookShapes)) {
      const { body, query, fields } = shape.post(someAlert(), at, undefined)
      assert.deepEqual([query, fields], [{}, {}], name)
      assert.doesNotMatch(body, /"sign"/)
    }
  })

  test('the text for chats stays within 2048 bytes, whatever is said', () => {
    const long = '口'.repeat(500)
    const { text } = bodyOf('wecom', someAlert({ detail: long, subject: long, droppedCount: 100 })) as {
      text: { content: string }
    }
    assert.ok(Buffer.byteLength(text.content) <= 2048, `${Buffer.byteLength(text.content)} bytes`)
  })
})
