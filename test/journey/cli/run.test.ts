import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { describe, type TestContext, test } from 'node:test'
import { homeOf, type ProgramResult, programFile, runProgram } from '../../support/program.ts'
import { startTlsOrigin, type TlsOrigin } from '../../support/tls-origin.ts'

const body = 'these are the bytes of the origin\n'
/** The test's origins are on this machine, which tools reach directly unless told otherwise. */
const throughProxy = { no_proxy: '', NO_PROXY: '', npm_config_noproxy: '' }

interface Stage {
  readonly origin: TlsOrigin
  readonly environment: Record<string, string>
  /** Runs `script` by sh in `larder run`. */
  run(script: string): Promise<ProgramResult>
}

async function stage(context: TestContext): Promise<Stage> {
  const origin = await startTlsOrigin((_, response) => {
    response.writeHead(200, { 'Cache-Control': 'max-age=600', 'Content-Length': body.length })
    response.end(body)
  })
  context.after(() => origin.stop())
  const environment = {
    ...homeOf(context),
    LARDER_ALLOW_ADDRESS: '127.0.0.0/8,::1',
    LARDER_CONNECT_PORT: String(origin.port),
    LARDER_ORIGIN_CA: origin.caFile,
  }
  const direct = Object.entries(throughProxy).map(([name, value]) => `export ${name}=${value}`)
  const run = (script: string): Promise<ProgramResult> =>
    runProgram(['run', '--', 'sh', '-c', `${direct.join('; ')}; ${script}`], environment)
  return { origin, environment, run }
}

/** Starts the program without waiting; it is killed after the test at the latest. */
function start(context: TestContext, words: readonly string[], environment: Record<string, string>): ChildProcess {
  const child = spawn(process.execPath, [programFile, ...words], {
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  context.after(() => child.kill('SIGKILL'))
  return child
}

async function firstLine(stream: NodeJS.ReadableStream): Promise<string> {
  let seen = ''
  for await (const chunk of stream) {
    seen += chunk
    if (seen.includes('\n')) break
  }
  return seen.split('\n')[0]!
}

describe('larder run', () => {
  test('lets a tool trust the CA, and the second run gets the content from the cache', async (context) => {
    const { origin, run } = await stage(context)
    const first = await run(`curl -sS ${origin.url}/a`)
    assert.deepEqual([first.code, first.out], [0, body], first.err)
    assert.match(first.err, /^larder: 1 request: 0 from the cache, 1 asked of origins, 0 passed through$/m)
    const second = await run(`curl -sS ${origin.url}/a`)
    assert.deepEqual([second.code, second.out], [0, body], second.err)
    assert.match(second.err, /^larder: 1 request: 1 from the cache, 0 asked of origins, 0 passed through$/m)
    assert.deepEqual(origin.paths, ['/a'])
  })

  const tools: readonly [string, (url: string) => string][] = [
    ['curl', (url) => `curl -sS ${url}`],
    ['wget', (url) => `wget -q -O - ${url}`],
    [
      'fetch of Node',
      (url) => `'${process.execPath}' -e 'fetch("${url}").then(async (r) => process.stdout.write(await r.text()))'`,
    ],
  ]
  for (const [name, script] of tools) {
    test(`takes ${name} through the proxy`, async (context) => {
      const { origin, run } = await stage(context)
      const { code, out, err } = await run(script(`${origin.url}/tool`))
      assert.deepEqual([code, out], [0, body], err)
      assert.match(err, /^larder: 1 request: 0 from the cache, 1 asked of origins/m)
    })
  }

  test('ends with the status of the command, or 128 and its signal', async (context) => {
    const { run, environment } = await stage(context)
    assert.equal((await run('exit 7')).code, 7)
    assert.equal((await run('kill -KILL $$')).code, 137)
    const missing = await runProgram(['run', 'no-such-program'], environment)
    assert.equal(missing.code, 127)
    assert.match(missing.err, /cannot run no-such-program: ENOENT/)
  })

  test('passes signals on, and the command decides when to end', async (context) => {
    const { environment } = await stage(context)
    const script = 'trap "echo told; exit 9" TERM; echo up; while :; do sleep 0.05; done'
    const child = start(context, ['run', '--', 'sh', '-c', script], environment)
    const exited = once(child, 'exit')
    child.stdout!.once('data', () => child.kill('SIGTERM'))
    assert.equal(await text(child.stdout!), 'up\ntold\n')
    assert.deepEqual(await exited, [9, null])
  })

  test('serves two runs at once: the one that comes later has a cache of its own', async (context) => {
    const { origin, environment, run } = await stage(context)
    const holder = start(context, ['run', '--', 'sh', '-c', 'echo up; exec sleep 600'], environment)
    await firstLine(holder.stdout!)
    const other = await run(`curl -sS ${origin.url}/b`)
    assert.deepEqual([other.code, other.out], [0, body], other.err)
    assert.match(other.err, /another Larder uses .*so this run began with nothing stored/)
    const ended = once(holder, 'exit')
    holder.kill('SIGTERM')
    assert.deepEqual(await ended, [143, null])
  })

  test('takes its private daemon with it even when it is killed', async (context) => {
    const { environment } = await stage(context)
    // It ends when the run has, which cannot tell it.
    const script = 'echo $http_proxy; while kill -0 $PPID; do sleep 0.2; done 2>/dev/null'
    const child = start(context, ['run', '--', 'sh', '-c', script], environment)
    const { hostname, port } = new URL(await firstLine(child.stdout!))
    const socket = connect(Number(port), hostname)
    await once(socket, 'connect')
    child.kill('SIGKILL')
    await once(socket, 'close')
  })
})
