import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { describe, type TestContext, test } from 'node:test'
import { command } from '../../support/command.ts'
import { startOrigin, type TestOrigin } from '../../support/origin.ts'
import { greetingOf, homeOf, type ProgramResult, programFile, runProgram, startProgram } from '../../support/program.ts'
import { ask, type ProxiedAnswer } from '../../support/proxy-client.ts'
import { startTlsOrigin, type TlsOrigin } from '../../support/tls-origin.ts'

interface Stage {
  readonly plain: TestOrigin
  readonly secure: TlsOrigin
  readonly environment: Record<string, string>
}

/** Origins whose responses are stale from the start, so that each use would have to be validated. */
async function stage(context: TestContext): Promise<Stage> {
  const stale = { 'Cache-Control': 'max-age=0', ETag: '"1"' }
  const plain = await startOrigin((request, response) => response.writeHead(200, stale).end(`plain ${request.url}`))
  const secure = await startTlsOrigin((request, response) =>
    response.writeHead(200, stale).end(`secure ${request.url}`),
  )
  context.after(() => Promise.all([plain.stop(), secure.stop()]))
  const environment = {
    ...homeOf(context),
    LARDER_ALLOW_ADDRESS: '127.0.0.0/8,::1',
    LARDER_CONNECT_PORT: `${secure.port},${plain.port}`,
    LARDER_SPLICE: 'spliced.localhost',
    LARDER_ORIGIN_CA: secure.caFile,
    LARDER_ACCESS_LOG: 'none',
  }
  assert.equal((await runProgram(['ca', 'init'], environment)).code, 0)
  return { plain, secure, environment }
}

interface Serving {
  readonly port: number
  /** Ends it by SIGTERM. */
  stop(): Promise<void>
}

async function serving(context: TestContext, child: ChildProcess): Promise<Serving> {
  context.after(() => child.kill('SIGKILL'))
  const exited = once(child, 'exit')
  const { port } = await greetingOf(child)
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM')
    assert.deepEqual(await exited, [0, null])
  }
  return { port, stop }
}

const words = ['serve', '--listen', '127.0.0.1:0']

/** `larder serve` under strace: every call that concerns a socket, of every thread, is written down. */
async function traced(
  context: TestContext,
  { environment }: Stage,
  ...more: string[]
): Promise<Serving & { calls(): Promise<string[]> }> {
  const file = join(environment.HOME!, `calls-${more.length}`)
  const tracer = ['-D', '-f', '-q', '-e', 'trace=%network', '-e', 'signal=none', '-o', file]
  const program = [process.execPath, programFile, ...words, ...more]
  const child = spawn('strace', [...tracer, ...program], { env: environment, stdio: ['ignore', 'pipe', 'pipe'] })
  const calls = async (): Promise<string[]> => {
    let written = ''
    const end = new RegExp(`^${child.pid} +\\+{3} exited`, 'm')
    // The tracer outlives the program by a moment.
    while (!end.test(written)) {
      written = readFileSync(file, 'utf8')
      await new Promise((resolve) => setImmediate(resolve))
    }
    return written.split('\n')
  }
  return { ...(await serving(context, child)), calls }
}

/** What goes out: connections, and packets with an address. */
function outgoing(calls: readonly string[]): string[] {
  return calls.filter((line) => /\bconnect\(|\bsend\w*\(.*sa_family=/.test(line))
}

function overTls({ environment }: Stage, port: number, url: string): Promise<{ readonly stdout: string }> {
  const ca = join(environment.HOME!, '.local/share/larder/ca/ca.pem')
  const given = ['-sS', '--noproxy', '', '-x', `http://127.0.0.1:${port}`, '--cacert', ca, '-w', ' %{http_code}', url]
  return command('curl', given, { env: environment })
}

/** The first line of the answer to CONNECT. */
async function tunnel(port: number, authority: string): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  socket.end(`CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n\r\n`)
  return (await text(socket)).split('\r\n')[0]!
}

function assertOffline({ status, headers, body }: ProxiedAnswer): void {
  assert.equal(status, 504)
  assert.equal(headers['proxy-status'], 'larder; error=proxy_internal_response; details=ORIGIN_OFFLINE')
  assert.match(body.toString(), /^ORIGIN_OFFLINE: /)
}

describe('larder serve --offline', () => {
  test('serves what is stored, and no connection or packet of any thread leaves the process', async (context) => {
    const the = await stage(context)
    const online = await traced(context, the)
    assert.equal((await ask(online.port, `${the.plain.url}/a`)).body.toString(), 'plain /a')
    assert.equal((await overTls(the, online.port, `${the.secure.url}/s`)).stdout, 'secure /s 200')
    await online.stop()
    // The trace would show it.
    const seen = outgoing(await online.calls()).join('\n')
    assert.match(seen, new RegExp(`connect\\(.*sin_port=htons\\(${the.plain.port}\\)`))
    assert.match(seen, new RegExp(`connect\\(.*htons\\(${the.secure.port}\\)`))

    const { port, stop, calls } = await traced(context, the, '--offline')
    const stored = await ask(port, `${the.plain.url}/a`, { headers: { 'Cache-Control': 'no-cache' } })
    assert.equal(stored.body.toString(), 'plain /a')
    assert.match(stored.headers['cache-status'] as string, /^larder; hit; ttl=-?\d+$/)
    assert.equal((await overTls(the, port, `${the.secure.url}/s`)).stdout, 'secure /s 200')
    assertOffline(await ask(port, `${the.plain.url}/miss`))
    assertOffline(await ask(port, 'http://nowhere.test/miss'))
    assertOffline(await ask(port, 'ftp://nowhere.test/miss'))
    assertOffline(await ask(port, `${the.plain.url}/a`, { method: 'POST', body: 'x' }))
    assertOffline(await ask(port, `${the.plain.url}/x`, { headers: { Authorization: 'Basic eDp5' } }))
    assert.match((await overTls(the, port, `${the.secure.url}/miss`)).stdout, /^ORIGIN_OFFLINE: .* 504$/s)
    assert.equal(await tunnel(port, `spliced.localhost:${the.secure.port}`), 'HTTP/1.1 504 Gateway Timeout')
    assert.equal(
      (await ask(port, `${the.plain.url}/a`, { headers: { Connection: 'Upgrade', Upgrade: 'x' } })).status,
      504,
    )
    await stop()
    assert.deepEqual(outgoing(await calls()), [])
    assert.deepEqual([the.plain.requests.length, the.secure.paths.length], [1, 1])
  })

  test('says so in status', async (context) => {
    const environment = { ...(await stage(context)).environment, LARDER_ALERT: 'https://hooks.example.org/larder' }
    const { stop } = await serving(context, startProgram([...words, '--offline'], environment))
    const { out } = await runProgram(['status'], environment)
    assert.match(out, /^offline +yes$/m)
    // Messages would leave, too.
    assert.match(out, /^alert +nobody is told$/m)
    await stop()
  })
})

describe('larder run --offline', () => {
  const fetching = (url: string): string[] => ['--', 'curl', '-sS', '--noproxy', '', url]

  test('gives the command what an earlier run stored, and 504 for all else', async (context) => {
    const { plain, environment } = await stage(context)
    const larderRun = (...more: string[]): Promise<ProgramResult> => runProgram(['run', ...more], environment)
    assert.equal((await larderRun(...fetching(`${plain.url}/a`))).out, 'plain /a')
    const again = await larderRun('--offline', ...fetching(`${plain.url}/a`))
    assert.deepEqual([again.code, again.out], [0, 'plain /a'], again.err)
    assert.match((await larderRun('--offline', ...fetching(`${plain.url}/b`))).out, /^ORIGIN_OFFLINE: /)
    assert.equal(plain.requests.length, 1)
  })

  test('refuses to go through a running daemon that asks origins', async (context) => {
    const { plain, environment } = await stage(context)
    const { stop } = await serving(context, startProgram(words, environment))
    const { code, err } = await runProgram(['run', '--offline', ...fetching(`${plain.url}/a`)], environment)
    assert.equal(code, 69, err)
    assert.match(err, /a daemon is running that asks origins/)
    await stop()
    assert.equal(plain.requests.length, 0)
  })
})
