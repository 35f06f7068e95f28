import assert from 'node:assert/strict'
import { once } from 'node:events'
import { existsSync, readFileSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import { startOrigin } from '../../support/origin.ts'
import { greetingOf, homeOf, runProgram, startProgram } from '../../support/program.ts'

interface Serving {
  readonly environment: Record<string, string>
  readonly home: string
  readonly lines: readonly string[]
  signal(name: NodeJS.Signals): void
  ended(): Promise<readonly unknown[]>
}

/** `larder serve`, ready. */
async function serve(context: TestContext, ...words: string[]): Promise<Serving> {
  const environment: Record<string, string> = { ...homeOf(context), LARDER_ALLOW_ADDRESS: '127.0.0.0/8' }
  const child = startProgram(['serve', '--listen', '127.0.0.1:0', ...words], environment)
  const exited = once(child, 'exit')
  context.after(() => child.kill('SIGKILL'))
  const { lines } = await greetingOf(child)
  return { environment, home: environment.HOME!, lines, signal: (name) => child.kill(name), ended: () => exited }
}

describe('larder serve', () => {
  test('says where it listens and how to use it, and ends with 0 on SIGTERM and SIGINT', async (context) => {
    for (const name of ['SIGTERM', 'SIGINT'] as const) {
      const { lines, signal, ended, home } = await serve(context)
      assert.match(lines[0]!, /^larder: listening on 127\.0\.0\.1:\d+ \(http_proxy=http:\/\/127\.0\.0\.1:\d+\)$/)
      assert.match(lines[1]!, /^larder: admin at unix:.*admin\.sock$/)
      assert.match(lines[2]!, /^larder: no CA, .*larder ca init$/)
      signal(name)
      assert.deepEqual(await ended(), [0, null])
      assert.equal(existsSync(join(home, '.local/state/larder/admin.sock')), false)
    }
  })

  test('answers status, stats, fetch and purge, and opens the log anew on SIGHUP', async (context) => {
    const origin = await startOrigin((_, response) =>
      response.writeHead(200, { 'Cache-Control': 'max-age=600' }).end('x'),
    )
    context.after(() => origin.stop())
    const log = join(homeOf(context).HOME!, 'access.log')
    const { environment, signal, ended } = await serve(context, '--access-log', log)
    const larder = (...words: string[]) => runProgram(words, environment)
    assert.match((await larder('fetch', `${origin.url}/a`)).err, /^200 {2}1 B {2}larder; fwd=uri-miss.* \S+\/a\n$/)
    assert.match((await larder('fetch', `${origin.url}/a`)).err, /larder; hit/)
    assert.equal((await larder('purge', `${origin.url}/a`)).out, `purged  ${origin.url}/a\n`)
    assert.match((await larder('status')).out, /^allowAddress +127\.0\.0\.0\/8$/m)
    renameSync(log, `${log}.1`)
    signal('SIGHUP')
    while (!existsSync(log)) await larder('--version')
    await larder('fetch', `${origin.url}/b`)
    signal('SIGTERM')
    assert.deepEqual(await ended(), [0, null])
    const lines = (path: string): string[] =>
      readFileSync(path, 'utf8')
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line))
        .map(({ url, admin }) => url ?? admin)
    assert.deepEqual(lines(`${log}.1`), [`${origin.url}/a`, `${origin.url}/a`, 'purge'])
    assert.deepEqual(lines(log), [`${origin.url}/b`])
  })
})
