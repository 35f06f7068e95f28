import { WebhookAlertSink } from '../../src/alert/webhook-alert-sink.ts'
import { webhookFormats } from '../../src/config/alert-targets.ts'
import { startAlertReceiver } from '../fakes/alert-receiver.ts'
import { createThrowAwayCa } from '../fakes/throw-away-ca.ts'
import { receiverRules, targetOf } from '../support/alert-sinks.ts'
import { alertSinkContract } from './alert-sink.ts'

const secret = 'sesame-secret'
const token = 'a1b2c3-token'

for (const scheme of ['http', 'https'] as const) {
  for (const format of scheme === 'http' ? webhookFormats : (['json'] as const)) {
    alertSinkContract(`webhook (${scheme}, ${format})`, async (context) => {
      const ca = scheme === 'https' ? createThrowAwayCa() : undefined
      const receiver = await startAlertReceiver(ca?.issue('DNS:localhost'))
      let isThere = true
      const leave = async (): Promise<void> => {
        if (isThere) await receiver.stop()
        isThere = false
      }
      context.after(async () => {
        await leave()
        ca?.remove()
      })
      const url = `${scheme}://localhost:${receiver.port}/${token}?key=${token}#${format}`
      const options = { ...receiverRules(ca?.root), now: () => Date.UTC(2026, 0, 2), secret }
      return {
        sink: new WebhookAlertSink(targetOf('webhook', url), options),
        received: () => receiver.posts.map(({ body }) => body),
        refuse: () => {
          receiver.answer = { status: 400, body: `no: ${token}` }
        },
        hang: () => {
          receiver.answer = 'hang'
        },
        leave,
        leftCount: () => receiver.connectionCount,
        secrets: [secret, token],
      }
    })
  }
}
