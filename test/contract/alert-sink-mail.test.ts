import { MailAlertSink } from '../../src/alert/mail-alert-sink.ts'
import { startFakeSmtp } from '../fakes/fake-smtp.ts'
import { createThrowAwayCa } from '../fakes/throw-away-ca.ts'
import { receiverRules, targetOf } from '../support/alert-sinks.ts'
import { alertSinkContract } from './alert-sink.ts'

const password = 'open-sesame'

for (const kind of ['plain, a relay of this machine', 'STARTTLS', 'TLS'] as const) {
  alertSinkContract(`mail (${kind})`, async (context) => {
    const isPlain = kind.startsWith('plain')
    const isImplicit = kind === 'TLS'
    const ca = isPlain ? undefined : createThrowAwayCa()
    const smtp = await startFakeSmtp(ca === undefined ? {} : { identity: ca.issue('DNS:localhost'), isImplicit })
    let isThere = true
    const leave = async (): Promise<void> => {
      if (isThere) await smtp.stop()
      isThere = false
    }
    context.after(async () => {
      await leave()
      ca?.remove()
    })
    const user = isPlain ? '' : 'robot-7@'
    const url = `${isImplicit ? 'smtps' : 'smtp'}://${user}localhost:${smtp.port}/?to=ops@example.org`
    const options = { ...receiverRules(ca?.root), source: 'host.test', password }
    return {
      sink: new MailAlertSink(targetOf('mail', url), options),
      received: () => smtp.mails.map(({ data }) => data),
      refuse: () => {
        smtp.replies.RCPT = `550 no: ${password}`
      },
      hang: () => {
        smtp.replies.CONNECT = ''
      },
      leave,
      leftCount: () => smtp.connectionCount,
      secrets: [password, 'robot-7'],
    }
  })
}
