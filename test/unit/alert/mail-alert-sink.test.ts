import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { AlertFailure } from '../../../src/alert/alert-sink.ts'
import { MailAlertSink } from '../../../src/alert/mail-alert-sink.ts'
import { startFakeSmtp } from '../../fakes/fake-smtp.ts'
import { createThrowAwayCa } from '../../fakes/throw-away-ca.ts'
import { receiverRules, targetOf } from '../../support/alert-sinks.ts'
import { someAlert } from '../../support/alerts.ts'

const signal = new AbortController().signal

describe('A mail sink', () => {
  const sinkOf = (text: string, rules = receiverRules()): MailAlertSink =>
    new MailAlertSink(targetOf('mail', text), { ...rules, source: 'host.test', password: 'sesame' })

  test('names sender, receivers, subject and that a machine wrote it', async (context) => {
    const smtp = await startFakeSmtp()
    context.after(() => smtp.stop())
    const to = 'ops@example.org,more@example.org'
    await sinkOf(`smtp://localhost:${smtp.port}/?to=${to}&from=proxy@example.org`).send(someAlert(), signal)
    const [{ from, to: receivers, data } = assert.fail()] = smtp.mails
    assert.deepEqual([from, receivers], ['proxy@example.org', ['ops@example.org', 'more@example.org']])
    assert.match(data, /^Subject: \[FIRING\] ORIGIN_FAILING https:\/\/example\.org \(17 times\)$/m)
    assert.match(data, /^Auto-Submitted: auto-generated$/m)
  })

  test('logs in over TLS alone: where none is offered, nothing is said', async (context) => {
    const smtp = await startFakeSmtp()
    context.after(() => smtp.stop())
    const sink = sinkOf(`smtp://ann@localhost:${smtp.port}/?to=ops@example.org`)
    await assert.rejects(sink.send(someAlert(), signal), AlertFailure)
    assert.deepEqual(smtp.mails, [])
  })

  test('takes STARTTLS and the login where there is a user', async (context) => {
    const ca = createThrowAwayCa()
    const smtp = await startFakeSmtp({ identity: ca.issue('DNS:localhost') })
    context.after(async () => {
      await smtp.stop()
      ca.remove()
    })
    await sinkOf(`smtp://ann@localhost:${smtp.port}/?to=ops@example.org`, receiverRules(ca.root)).send(
      someAlert(),
      signal,
    )
    assert.deepEqual([smtp.mails[0]!.isSecured, smtp.mails[0]!.login], [true, 'ann:sesame'])
  })

  test('needs TLS for every server but one of this machine or an allowed address', async (context) => {
    const smtp = await startFakeSmtp()
    context.after(() => smtp.stop())
    const rules = receiverRules()
    const elsewhere: typeof rules = {
      ...rules,
      addressesOf: async (_, isVerified) => {
        if (!isVerified) throw new AlertFailure('without TLS only this machine', true)
        return [{ address: '127.0.0.1', family: 4 }]
      },
    }
    const sink = sinkOf(`smtp://mail.example.org:${smtp.port}/?to=ops@example.org`, elsewhere)
    await assert.rejects(sink.send(someAlert(), signal), AlertFailure)
    assert.deepEqual(smtp.mails, [])
  })

  test('gives the mail to nobody whose certificate is not good for the name', async (context) => {
    const ca = createThrowAwayCa()
    const smtp = await startFakeSmtp({ identity: ca.issue('DNS:other.test'), isImplicit: true })
    context.after(async () => {
      await smtp.stop()
      ca.remove()
    })
    const sink = sinkOf(`smtps://ann@localhost:${smtp.port}/?to=ops@example.org`, receiverRules(ca.root))
    await assert.rejects(sink.send(someAlert(), signal), AlertFailure)
    assert.deepEqual(smtp.mails, [])
  })
})
