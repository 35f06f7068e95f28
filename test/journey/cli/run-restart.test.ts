import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import type { ServerResponse } from 'node:http'
import { join } from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import { command } from '../../support/command.ts'
import { homeOf, type ProgramResult, runProgram } from '../../support/program.ts'
import { startTlsOrigin, type TlsOrigin } from '../../support/tls-origin.ts'

const small = 'these are the bytes of the origin\n'
const large = Buffer.alloc(300_000, 'larder ')
const direct = 'export no_proxy= NO_PROXY= npm_config_noproxy='

interface Stage {
  readonly origin: TlsOrigin
  readonly environment: Record<string, string>
  /** Runs `script` by sh in `larder run`. */
  run(script: string): Promise<ProgramResult>
}

/** `answer` is called for whatever is not `/small`, with the daemon's end at hand. */
async function stage(
  context: TestContext,
  answer: (path: string, response: ServerResponse, killDaemon: () => void) => void,
): Promise<Stage> {
  const environment = homeOf(context)
  // The lock of the store names the daemon that holds it.
  const lock = join(environment.HOME!, '.cache/larder/lock')
  const killDaemon = (): void => void process.kill(Number.parseInt(readFileSync(lock, 'utf8'), 10), 'SIGKILL')
  const origin = await startTlsOrigin(({ url = '' }, response) => {
    response.setHeader('Cache-Control', 'max-age=600')
    if (url === '/small') response.end(small)
    else answer(url, response, killDaemon)
  })
  context.after(() => origin.stop())
  Object.assign(environment, {
    LARDER_ALLOW_ADDRESS: '127.0.0.0/8,::1',
    LARDER_CONNECT_PORT: String(origin.port),
    LARDER_ORIGIN_CA: origin.caFile,
  })
  return {
    origin,
    environment,
    run: (script) => runProgram(['run', '--', 'sh', '-c', `${direct}; ${script}`], environment),
  }
}

/** Sends half of it and kills the daemon once the client has some of that, the first time; then sends all. */
function cutOnce(): (path: string, response: ServerResponse, killDaemon: () => void) => void {
  let asked = 0
  return (_, response, killDaemon) => {
    asked++
    response.setHeader('Content-Length', large.length)
    if (asked > 1) return void response.end(large)
    response.on('error', () => {})
    response.write(large.subarray(0, large.length / 2), killDaemon)
  }
}

describe('larder run, when its daemon is killed', () => {
  test('starts it again: a download that was under way is repeated, and no later one is refused', async (context) => {
    const { origin, run } = await stage(context, cutOnce())
    // The second curl repeats nothing: it waits for the daemon that is being started.
    const { code, out, err } = await run(
      `set -e
echo "$https_proxy"
curl -sS ${origin.url}/small
curl -sS -o /dev/null ${origin.url}/large && exit 9
cd "$HOME"
curl -sS ${origin.url}/small
curl -sS -o whole ${origin.url}/large
sha256sum <whole
echo "$https_proxy"`,
    )
    assert.equal(code, 0, err)
    const [proxy, ...rest] = out.trimEnd().split('\n')
    const sum = createHash('sha256').update(large).digest('hex')
    assert.deepEqual(rest, [small.trimEnd(), small.trimEnd(), `${sum}  -`, proxy], err)
    // Perhaps in the middle of what curl says.
    assert.match(err, /larder: the daemon ended by signal 9 and is started again/)
    // What was stored before was found again.
    assert.deepEqual(origin.paths, ['/small', '/large', '/large'])
  })

  test('curl --retry ends well', async (context) => {
    const { origin, run } = await stage(context, cutOnce())
    // Into a file: of what curl gave to a pipe before, it can take nothing back.
    const script = `cd "$HOME"; curl -sS --retry 5 --retry-delay 0 --retry-all-errors -o whole ${origin.url}/large; sha256sum <whole`
    const { code, out, err } = await run(script)
    assert.deepEqual([code, out], [0, `${createHash('sha256').update(large).digest('hex')}  -\n`], err)
  })

  test('npm ends well', async (context) => {
    const files = homeOf(context).HOME!
    await command('sh', [
      '-c',
      `mkdir -p "$0/package" && echo '{"name":"one","version":"1.0.0"}' >"$0/package/package.json" && tar -czf "$0/one.tgz" -C "$0" package`,
      files,
    ])
    const archive = readFileSync(join(files, 'one.tgz'))
    let asked = 0
    const { origin, run } = await stage(context, (path, response, killDaemon) => {
      asked++
      // Asked for the first time, it answers nothing more.
      if (asked === 1) return killDaemon()
      if (path.endsWith('.tgz')) return void response.end(archive)
      const dist = { tarball: `${origin.url}/one.tgz`, shasum: createHash('sha1').update(archive).digest('hex') }
      const versions = { '1.0.0': { name: 'one', version: '1.0.0', dist } }
      response.end(JSON.stringify({ name: 'one', 'dist-tags': { latest: '1.0.0' }, versions }))
    })
    const { code, err } = await run(
      `cd "$HOME" && npm_config_fetch_retry_mintimeout=10 npm install --no-audit --no-fund --registry=${origin.url} one && test -e node_modules/one/package.json`,
    )
    assert.equal(code, 0, err)
    assert.match(err, /larder: the daemon ended by signal 9 and is started again/)
  })

  test('says so when it does not start again; then connections fail at once, and nobody waits for it', async (context) => {
    let blockAdmin = (): void => {}
    const { origin, environment, run } = await stage(context, (_path, _response, killDaemon) => {
      blockAdmin()
      killDaemon()
    })
    blockAdmin = () => {
      const folder = readdirSync(environment.TMPDIR!).find((name) => name.startsWith('larder-run-'))!
      const socket = join(environment.TMPDIR!, folder, 'daemon/admin.sock')
      rmSync(socket)
      writeFileSync(socket, 'a file of another kind')
    }
    const { code, err } = await run(`curl -sS ${origin.url}/cut; curl -sS ${origin.url}/small || exit 5`)
    assert.equal(code, 5, err)
    assert.match(err, /^larder: the daemon did not start again:\n(?:.*\n)*?larder: LISTEN_FAILED/m)
    assert.match(err, /^larder: the daemon is gone, there are no figures$/m)
  })
})
