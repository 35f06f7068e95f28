import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { describe, type TestContext, test } from 'node:test'
import { startParentProxy } from '../../fakes/parent-proxy.ts'
import { command } from '../../support/command.ts'
import { homeOf, type ProgramResult, runProgram } from '../../support/program.ts'
import { startTlsOrigin, type TlsOrigin } from '../../support/tls-origin.ts'
import { refusalFindings, startServing } from './serving.ts'

interface Stage {
  readonly origin: TlsOrigin
  readonly environment: Record<string, string>
  readonly log: () => string
  /** Runs a tool that knows the proxy and does not trust its CA; `trusting`: it trusts that of the origin. */
  tool(words: readonly string[], trusting?: boolean): Promise<ProgramResult>
}

async function stage(context: TestContext, words: readonly string[] = []): Promise<Stage> {
  const origin = await startTlsOrigin((_, response) => response.writeHead(200, { 'Content-Length': 2 }).end('ok'))
  context.after(() => origin.stop())
  const { environment, proxyUrl, log } = await startServing(context, [
    ...['--connect-port', String(origin.port), '--origin-ca', origin.caFile],
    ...words,
  ])
  const tool: Stage['tool'] = async ([program, ...rest], trusting = false) => {
    const env = {
      ...environment,
      https_proxy: proxyUrl,
      no_proxy: '',
      NODE_USE_ENV_PROXY: '1',
      GIT_TERMINAL_PROMPT: '0',
      GOFLAGS: '-mod=mod',
      GOSUMDB: 'off',
      ...(trusting && { CURL_CA_BUNDLE: origin.caFile }),
    }
    const child = spawn(program!, rest, { env, cwd: environment.HOME, stdio: ['ignore', 'pipe', 'pipe'] })
    const exited = once(child, 'exit')
    const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)])
    const [code, signal] = await exited
    return { code, signal, out, err }
  }
  return { origin, environment, log, tool }
}

const tools: readonly (readonly [name: string, words: (origin: string) => readonly string[], fix: RegExp])[] = [
  ['curl', (url) => ['curl', '-sS', url], /^curl: export CURL_CA_BUNDLE=\/.*\/bundle\.pem$/],
  ['wget', (url) => ['wget', '-q', '-t', '1', '-O', '-', url], /^wget: wget --ca-certificate=\/.*bundle\.pem URL/],
  ['git', (url) => ['git', 'ls-remote', `${url}/a.git`], /^git: export GIT_SSL_CAINFO=\/.*\/bundle\.pem$/],
  [
    'pip',
    (url) => ['pip3', 'download', '--retries', '1', '--no-deps', '--index-url', url, 'a'],
    /^pip: export PIP_CERT=\/.*\/bundle\.pem$/,
  ],
  [
    'Python',
    (url) => ['python3', '-c', `from pip._vendor import requests; requests.get("${url}")`],
    /^Python: export SSL_CERT_FILE=\/.*\/bundle\.pem REQUESTS_CA_BUNDLE=\/.*\/bundle\.pem$/,
  ],
  [
    'Go',
    (url) => ['env', `GOPROXY=${url}`, 'go', 'list', '-m', 'a.test/a@latest'],
    /^Go: export SSL_CERT_FILE=\/.*pem$/,
  ],
  ['Ruby', (url) => ['ruby', '-ropen-uri', '-e', `URI.open("${url}")`], /^Ruby: export SSL_CERT_FILE=\/.*pem$/],
  [
    'Node',
    (url) => [process.execPath, '-e', `fetch("${url}").catch(() => process.exit(1))`],
    /^Node: export NODE_EXTRA_CA_CERTS=\/.*\/ca\.pem$/,
  ],
]

describe('larder doctor', () => {
  test('names every tool that was started without trust, and the fix for it', async (context) => {
    const parent = await startParentProxy()
    context.after(() => parent.stop())
    const { origin, environment, log, tool } = await stage(context, [
      '--strict-trust',
      '--parent',
      `http://127.0.0.1:${parent.port}`,
      '--connect-port',
      '443',
    ])
    for (const [name, words] of tools) {
      const { code, out } = await tool(words(`https://${name.toLowerCase()}.test:${origin.port}`))
      assert.notEqual(code, 0, `${name}: ${out}`)
    }
    const found = await refusalFindings(environment)
    for (const [name, , fix] of tools) {
      const host = `${name.toLowerCase()}.test`
      await context.test(name, () => {
        const finding = found.find((one) => one.text.includes(` refused our certificate for ${host} `))
        assert.match(finding?.text ?? log(), /(?:once|\d+ times) \([a-z_]+\)/)
        assert.match(finding!.fix!, fix, finding!.text)
        assert.match(log(), new RegExp(`refused our certificate for ${host} .* Fix: `))
      })
    }
  })

  test('finds nothing bad about a fresh daemon, and tells what each tool goes by', async (context) => {
    const { environment } = await stage(context)
    const { code, out } = await runProgram(['doctor'], environment)
    assert.doesNotMatch(out, /^bad/m)
    assert.equal(code, 0)
    assert.match(out, /^ok {4}CA .* days left$/m)
    assert.match(out, /^ok {4}reach .* answers$/m)
    assert.match(
      out,
      /^note {2}trust {4}curl does not trust the CA outside of larder run, by the system's store\n +fix: export/m,
    )
  })

  test('tells of a CA that is missing, and that no daemon runs', async (context) => {
    const { code, out } = await runProgram(['doctor'], homeOf(context))
    assert.equal(code, 1)
    assert.match(out, /^bad {3}CA +CA_MISSING: .*\n +fix: Make one: larder ca init\.$/m)
    assert.match(out, /^note {2}daemon +no daemon answers/m)
  })

  test('sees that a tool trusts the CA by its variable', async (context) => {
    const environment = homeOf(context)
    await runProgram(['ca', 'init'], environment)
    const bundle = join(environment.HOME!, 'all.pem')
    await runProgram(['ca', 'export', '--format', 'bundle', '-o', bundle], environment)
    const { out } = await runProgram(['doctor'], { ...environment, CURL_CA_BUNDLE: bundle })
    assert.match(out, /^ok {4}trust +curl trusts the CA, by CURL_CA_BUNDLE$/m)
  })
})

describe('A client that refuses our certificate again and again', () => {
  test('is passed through from the fourth time on, loudly, so that its build goes on', async (context) => {
    const { origin, log, tool, environment } = await stage(context)
    for (let count = 0; count < 3; count++) assert.equal((await tool(['curl', '-sS', origin.url], true)).code, 60)
    const passed = await tool(['curl', '-sS', origin.url], true)
    assert.deepEqual([passed.code, passed.out], [0, 'ok'], passed.err)
    assert.match(log(), /curl at 127\.0\.0\.1 refuses .*localhost passes through UNREAD AND UNCACHED until/)
    const { out } = await runProgram(['stats'], environment)
    assert.match(out, /not seen and not cached: localhost:\d+ 1$/m)
    const status = await runProgram(['status'], environment)
    assert.match(status.out, /CLIENT_REFUSES_CA/)
    const socket = join(environment.XDG_STATE_HOME!, 'larder/admin.sock')
    const metrics = await command('curl', ['-q', '-sS', '--unix-socket', socket, 'http://larder/metrics'])
    assert.match(metrics.stdout, /^larder_trust_spliced_total 1$/m)
  })

  test('is not passed through with --strict-trust', async (context) => {
    const { origin, log, tool } = await stage(context, ['--strict-trust'])
    for (let count = 0; count < 5; count++) assert.equal((await tool(['curl', '-sS', origin.url], true)).code, 60)
    assert.doesNotMatch(log(), /passes through/)
  })
})
