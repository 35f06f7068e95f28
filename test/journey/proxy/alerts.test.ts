import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import { type Clock, systemClock } from '../../../src/base/clock.ts'
import type { LarderEvent } from '../../../src/base/events.ts'
import { createAuthority, loadAuthority } from '../../../src/ca/certificate-authority.ts'
import { ForgeCertificateBuilder } from '../../../src/ca/forge-certificate-builder.ts'
import type { Settings } from '../../../src/config/settings.ts'
import { startAlertReceiver } from '../../fakes/alert-receiver.ts'
import { type ChaosOrigin, startChaosOrigin } from '../../fakes/chaos-origin.ts'
import { targetOf } from '../../support/alert-sinks.ts'
import { command } from '../../support/command.ts'
import { startLarder, type TestLarder } from '../../support/larder.ts'
import { startTlsOrigin } from '../../support/tls-origin.ts'
import { curlDownloads } from '../chaos/curl-downloads.ts'

type AlertEvent = LarderEvent & { readonly kind: 'alert' }

const failedCount = 500
/** The calm that ends an alert is a tenth of it. */
const alertWindowMs = 40_000
const secret = 'open sesame'

interface Stage {
  readonly larder: TestLarder
  readonly origin: ChaosOrigin
  /** Downloads `count` distinct objects, `prefix` telling them apart; answers how many arrived whole. */
  download(prefix: string, count: number): Promise<number>
}

async function stage(context: TestContext, settings: Partial<Settings>): Promise<Stage> {
  const origin = await startChaosOrigin(() => undefined, {
    maxBytes: 4096,
    fields: () => 'Cache-Control: max-age=600\r\n',
  })
  context.after(() => origin.stop())
  const larder = await startLarder({ alertWindowMs, ...settings }, false)
  context.after(() => larder.stop())
  const download = async (prefix: string, count: number): Promise<number> => {
    const urls = Array.from({ length: count }, (_, number) => `${origin.url}/${prefix}-${number}`)
    const got = await curlDownloads(context, { proxyPort: larder.port, urls, processCount: 4, urlsPerProcess: 50 })
    return got.filter(
      ({ exitCode, url, content }) => exitCode === 0 && content?.equals(origin.content(new URL(url).pathname)),
    ).length
  }
  return { larder, origin, download }
}

function folderOf(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'larder-alerts-'))
  context.after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

describe('Alerts of a running proxy', () => {
  test('an outage with 500 failed requests is one message, then one resolved message', async (context) => {
    const receiver = await startAlertReceiver()
    context.after(() => receiver.stop())
    const secretFile = join(folderOf(context), 'secret')
    writeFileSync(secretFile, `${secret}\n`)
    const hook = targetOf('webhook', `http://127.0.0.1:${receiver.port}/hook/token?key=token`)
    const { larder, origin, download } = await stage(context, { alerts: [hook], alertSecretFile: secretFile })
    assert.equal(await download('stored', 20), 20)

    await origin.goDown()
    assert.equal(await download('missing', failedCount), 0)
    assert.equal(await download('stored', 20), 20)
    await receiver.received(1)
    const open = await admin(larder, '/v1/alerts')
    assert.equal(open.open[0]!.count, failedCount)
    assert.doesNotMatch(JSON.stringify([open, await admin(larder, '/v1/status')]), /token/)

    await origin.comeBack()
    for (let found = 0; found === 0; ) found = await download(`back-${origin.attemptCount}`, 1)
    const posts = await receiver.received(2)
    const [firing, resolved] = posts.map(({ body }) => JSON.parse(body) as Record<string, unknown>)
    assert.deepEqual([firing!.status, resolved!.status], ['firing', 'resolved'])
    assert.equal(resolved!.id, firing!.id)
    assert.deepEqual([firing!.code, firing!.subject], ['ORIGIN_FAILING', origin.url])
    assert.equal(firing!.fault, 'ORIGIN_CONNECT_REFUSED')
    assert.ok((resolved!.count as number) >= failedCount)
    assert.deepEqual((await admin(larder, '/v1/alerts')).open, [])
    const [, seconds, hex] = /^t=(\d+),v1=(.+)$/.exec(String(posts[0]!.headers['larder-signature']))!
    assert.equal(hex, createHmac('sha256', secret).update(`${seconds}.${posts[0]!.body}`).digest('hex'))
    const metrics = await command('curl', ['-q', '-sS', '--unix-socket', socketOf(larder), 'http://larder/metrics'])
    assert.match(metrics.stdout, /^larder_alerts_total\{code="ORIGIN_FAILING",outcome="sent"\} 2$/m)
    await larder.stop()
    assert.equal(receiver.posts.length, 2)
  })

  test('receivers that are down, hang or refuse have no effect on downloads, and get their message when they are back', async (context) => {
    const [slow, refusing, gone] = await Promise.all([startAlertReceiver(), startAlertReceiver(), startAlertReceiver()])
    slow.answer = 'hang'
    refusing.answer = { status: 500, body: '' }
    const { port } = gone
    await gone.stop()
    const folder = folderOf(context)
    const program = join(folder, 'notify')
    writeFileSync(program, `#!/bin/sh\necho $$ > "$1/pid"; exec sleep 1000\n`)
    chmodSync(program, 0o700)
    context.after(() => Promise.all([slow.stop(), refusing.stop()]))
    const { larder, origin, download } = await stage(context, {
      alerts: [
        ...[slow.port, refusing.port, port].map((one) => targetOf('webhook', `http://127.0.0.1:${one}/`)),
        targetOf('command', `exec:${program} ${folder}`),
      ],
    })
    assert.equal(await download('first', 50), 50)
    await origin.goDown()
    assert.equal(await download('missing', failedCount), 0)
    await larder.event((event): event is AlertEvent => event.kind === 'alert' && event.outcome === 'failed')
    await slow.received(1)
    assert.equal(await download('first', 50), 50)
    await origin.comeBack()
    for (let found = 0; found === 0; ) found = await download(`back-${origin.attemptCount}`, 1)
    assert.equal(await download('second', 200), 200)

    const back = await startAlertReceiver(undefined, port)
    context.after(() => back.stop())
    const bodies = (await back.received(2)).map(({ body }) => JSON.parse(body) as Record<string, unknown>)
    assert.deepEqual(
      bodies.map(({ status }) => status),
      ['firing', 'resolved'],
    )
    await larder.stop()
    const pid = Number(readFileSync(join(folder, 'pid'), 'utf8'))
    assert.ok(!existsSync(`/proc/${pid}`) || /^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8')))
  })

  test('an origin whose certificate cannot be trusted is told', async (context) => {
    const receiver = await startAlertReceiver()
    context.after(() => receiver.stop())
    const origin = await startTlsOrigin((_, response) => response.end('never seen'))
    context.after(() => origin.stop())
    const hook = targetOf('webhook', `http://127.0.0.1:${receiver.port}/#alertmanager`)
    const larder = await startLarder({ alerts: [hook], connectPorts: [origin.port] })
    context.after(() => larder.stop())
    const trust = ['--cacert', join(larder.settings.caFolder, 'ca.pem')]
    const proxy = ['--proxy', `http://127.0.0.1:${larder.port}`, '--noproxy', '']
    const { stdout } = await command('curl', ['-q', '-sS', ...proxy, ...trust, `${origin.url}/a?token=token`], {
      env: { PATH: process.env.PATH },
    })
    assert.match(stdout, /ORIGIN_TLS_CERTIFICATE/)
    const [{ body } = assert.fail()] = await receiver.received(1)
    const [{ labels }] = JSON.parse(body) as [{ labels: Record<string, string> }]
    assert.deepEqual([labels.alertname, labels.subject], ['Larder_ORIGIN_TLS_CERTIFICATE', origin.url])
    assert.doesNotMatch(body, /token/)
  })

  test('a CA that ends within a week is told when the daemon starts', async (context) => {
    const folder = folderOf(context)
    const builder = new ForgeCertificateBuilder()
    const made = (name: string, clock: Clock): string => {
      createAuthority({ folder: join(folder, name), builder, clock })
      return join(folder, name)
    }
    const lifeMs =
      loadAuthority({ folder: made('new', systemClock), clock: systemClock }).notAfterAt - systemClock.now()
    const fiveDaysMs = 5 * 24 * 3_600_000
    const caFolder = made('old', { ...systemClock, now: () => systemClock.now() - lifeMs + fiveDaysMs })
    const receiver = await startAlertReceiver()
    context.after(() => receiver.stop())
    const hook = targetOf('webhook', `http://127.0.0.1:${receiver.port}/`)
    const larder = await startLarder({ alerts: [hook], caFolder }, false)
    context.after(() => larder.stop())
    const [{ body } = assert.fail()] = await receiver.received(1)
    const { code, subject, severity } = JSON.parse(body) as Record<string, unknown>
    assert.deepEqual([code, subject, severity], ['CA_EXPIRING', 'CA within 7 days', 'critical'])
  })
})

function socketOf({ daemon }: TestLarder): string {
  assert.ok('path' in daemon.admin)
  return daemon.admin.path
}

async function admin(larder: TestLarder, path: string): Promise<{ readonly open: readonly Record<string, unknown>[] }> {
  const { stdout } = await command('curl', ['-q', '-sS', '--unix-socket', socketOf(larder), `http://larder${path}`])
  return JSON.parse(stdout) as { readonly open: readonly Record<string, unknown>[] }
}
