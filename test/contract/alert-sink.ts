import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import { AlertFailure, type AlertSink } from '../../src/alert/alert-sink.ts'
import { plainText } from '../../src/alert/alert-text.ts'
import { someAlert } from '../support/alerts.ts'

/** Somebody who is told, and the sink that leads there. */
export interface ContractReceiver {
  readonly sink: AlertSink
  /** Texts that came, one a message. */
  received(): Promise<readonly string[]> | readonly string[]
  /** From now on every message is refused, or nothing is ever answered. */
  refuse(): void
  hang(): void
  /** From now on nobody is there. */
  leave(): Promise<void>
  /** Connections or processes of the sink that are left. */
  leftCount(): number
  /** Words that must stand neither in the sink's name nor in its failures. */
  readonly secrets: readonly string[]
}

/** What every sink promises. */
export function alertSinkContract(name: string, open: (context: TestContext) => Promise<ContractReceiver>): void {
  const send = (sink: AlertSink, alert = someAlert(), signal = new AbortController().signal): Promise<unknown> =>
    sink.send(alert, signal).then(
      () => undefined,
      (error: unknown) => error,
    )
  const careful = (receiver: ContractReceiver, failure: unknown): void => {
    assert.ok(failure instanceof AlertFailure, String(failure))
    for (const secret of receiver.secrets) assert.ok(!failure.message.includes(secret), failure.message)
  }

  describe(`The alert sink ${name}`, () => {
    test('delivers a message that says what is wrong and since when', async (context) => {
      const receiver = await open(context)
      assert.equal(await send(receiver.sink), undefined)
      const [text, ...more] = await receiver.received()
      assert.equal(more.length, 0)
      for (const word of ['ORIGIN_FAILING', 'https://example.org', 'connection refused', '17', '2026-01-02T03:04:05']) {
        assert.ok(text!.includes(word), `${word} is missing in ${text}`)
      }
    })

    test('delivers one message after the other', async (context) => {
      const receiver = await open(context)
      await send(receiver.sink)
      await send(receiver.sink, someAlert({ status: 'resolved', endedAt: Date.UTC(2026, 0, 2, 4) }))
      const texts = await receiver.received()
      assert.equal(texts.length, 2)
      assert.match(texts[1]!, /resolved/i)
    })

    test('has a name without secrets', async (context) => {
      const { sink, secrets } = await open(context)
      for (const secret of secrets) assert.ok(!sink.name.includes(secret), sink.name)
    })

    test('says that it was refused, without secrets', async (context) => {
      const receiver = await open(context)
      receiver.refuse()
      careful(receiver, await send(receiver.sink))
    })

    test('says that nobody is there, without secrets', async (context) => {
      const receiver = await open(context)
      await receiver.leave()
      careful(receiver, await send(receiver.sink))
    })

    test('stops when it is told to, and leaves nothing running', async (context) => {
      const receiver = await open(context)
      receiver.hang()
      const stop = new AbortController()
      const sent = send(receiver.sink, someAlert(), stop.signal)
      while (receiver.leftCount() === 0) await new Promise((resolve) => setImmediate(resolve))
      stop.abort()
      careful(receiver, await sent)
      while (receiver.leftCount() > 0) await new Promise((resolve) => setImmediate(resolve))
    })

    test('carries hostile text as text', async (context) => {
      const receiver = await open(context)
      const hostile = '\u001b[31m\r\nBcc: eve@example.org\r\n.\r\nQUIT $(touch x) `id` "\\ </a> ＠all \u202e'
      const detail = plainText(hostile)
      assert.equal(await send(receiver.sink, someAlert({ detail, subject: plainText(hostile) })), undefined)
      const [text, ...more] = await receiver.received()
      assert.equal(more.length, 0)
      assert.match(text!, /\$\(touch x\) `id`/)
      assert.doesNotMatch(text!, /^(?:Bcc:|QUIT)/m)
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
      assert.doesNotMatch(text!, /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202e]/)
    })
  })
}
