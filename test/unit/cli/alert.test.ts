import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { startAlertReceiver } from '../../fakes/alert-receiver.ts'
import { startFakeSmtp } from '../../fakes/fake-smtp.ts'
import { homeOf, runProgram } from '../../support/program.ts'

describe('larder alert test', () => {
  test('says for each sink what happened, fails when one failed, and shows no secret', async (context) => {
    const environment = homeOf(context)
    const [receiver, smtp] = await Promise.all([startAlertReceiver(), startFakeSmtp()])
    context.after(() => Promise.all([receiver.stop(), smtp.stop()]))
    const file = join(environment.HOME!, 'larder.yaml')
    const sinks = [
      `http://127.0.0.1:${receiver.port}/s3cret?token=s3cret`,
      `smtp://localhost:${smtp.port}/?to=ops@example.org`,
      'exec:/nowhere/notify s3cret',
      'http://192.0.2.1/s3cret',
    ]
    writeFileSync(file, `alert:\n${sinks.map((sink) => `  - ${JSON.stringify(sink)}\n`).join('')}`)
    const { code, out, err } = await runProgram(['alert', 'test', '--config', file], environment)
    const lines = out
      .replace(/\(\d+ ms\)/g, '(N ms)')
      .trim()
      .split('\n')
    assert.deepEqual(lines, [
      `http://127.0.0.1:${receiver.port}/… (json)  delivered (N ms)`,
      `smtp://localhost:${smtp.port}/?to=ops@example.org  delivered (N ms)`,
      'exec:/nowhere/notify …  failed: ENOENT (N ms)',
      'http://192.0.2.1/… (json)  failed: without TLS only this machine or an --allow-address (N ms)',
    ])
    assert.equal(code, 1)
    assert.doesNotMatch(out + err, /s3cret/)
    assert.equal((JSON.parse(receiver.posts[0]!.body) as { code: string }).code, 'ALERT_TEST')
    assert.match(smtp.mails[0]!.data, /^Subject: \[FIRING\] ALERT_TEST larder alert test$/m)
  })

  test('prints JSON and ends well when every sink took the message', async (context) => {
    const receiver = await startAlertReceiver()
    context.after(() => receiver.stop())
    const environment = { ...homeOf(context), LARDER_ALERT: `http://127.0.0.1:${receiver.port}/a,b\nexec:true` }
    const { code, out } = await runProgram(['alert', 'test', '--json'], environment)
    assert.equal(code, 0)
    const told = JSON.parse(out) as { sink: string; delivered: boolean }[]
    assert.deepEqual(
      told.map(({ sink, delivered }) => [sink, delivered]),
      [
        [`http://127.0.0.1:${receiver.port}/… (json)`, true],
        ['exec:true', true],
      ],
    )
    assert.equal(receiver.posts[0]!.path, '/a,b')
  })

  test('is a matter of the configuration when nobody is to be told, or a secret cannot be read', async (context) => {
    const environment = homeOf(context)
    const none = await runProgram(['alert', 'test'], environment)
    assert.deepEqual([none.code, none.out], [78, ''])
    assert.match(none.err, /^larder: no alert sink is configured\n {2}Name one with --alert/)
    const words = ['alert', 'test', '--alert', 'https://hooks.example.org/s3cret#secret=/nowhere']
    const unreadable = await runProgram(words, environment)
    assert.equal(unreadable.code, 78)
    assert.match(unreadable.err, /CONFIG_BAD_VALUE: alert https:\/\/hooks\.example\.org\/… .*"\/nowhere": ENOENT/)
  })

  test('config show and errors of the configuration show no secret of a sink', async (context) => {
    const environment = homeOf(context)
    const alert = 'https://hooks.slack.com/services/s3cret'
    const shown = await runProgram(['config', 'show'], { ...environment, LARDER_ALERT: alert })
    assert.match(shown.out, /^alert +https:\/\/hooks\.slack\.com\/… \(slack\) {2}\[environment\]$/m)
    const json = await runProgram(['config', 'show', '--json'], { ...environment, LARDER_ALERT: alert })
    const wrong = await runProgram(['config', 'check'], { ...environment, LARDER_ALERT: `${alert}#teams` })
    assert.equal(wrong.code, 78)
    assert.match(wrong.err, /alert is not shown here, as it may hold a secret \(environment\), expected https/)
    assert.doesNotMatch(shown.out + json.out + wrong.err, /s3cret/)
  })
})
