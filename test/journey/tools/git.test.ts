import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { ExchangeEvent } from '../../../src/base/events.ts'
import { command } from '../../support/command.ts'
import { startLarder, type TestLarder } from '../../support/larder.ts'
import { startTlsOrigin, type TlsOrigin } from '../../support/tls-origin.ts'

let larder: TestLarder
let origin: TlsOrigin
let folder: string

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'larder-git-'))
  const work = join(folder, 'work')
  const git = (...args: string[]): unknown =>
    execFileSync('git', ['-c', 'user.name=Test', '-c', 'user.email=test@example.org', ...args], {
      cwd: folder,
      stdio: 'pipe',
    })
  git('init', '-q', work)
  writeFileSync(join(work, 'file.txt'), 'content of the repository\n')
  git('-C', work, 'add', '.')
  git('-C', work, 'commit', '-q', '-m', 'First')
  git('clone', '-q', '--bare', work, join(folder, 'repo.git'))
  origin = await startTlsOrigin(gitBackend(folder))
  larder = await startLarder({ originCaFiles: [origin.caFile], connectPorts: [origin.port] })
})

after(async () => {
  await larder.stop()
  await origin.stop()
  rmSync(folder, { recursive: true, force: true })
})

/** Serves the repositories below `root` through git's own CGI program. */
function gitBackend(root: string): (request: IncomingMessage, response: ServerResponse) => void {
  return (request, response) => {
    const [path, query = ''] = request.url!.split('?')
    const child = spawn('git', ['http-backend'], {
      env: {
        ...process.env,
        GIT_PROJECT_ROOT: root,
        GIT_HTTP_EXPORT_ALL: '1',
        PATH_INFO: path,
        QUERY_STRING: query,
        REQUEST_METHOD: request.method,
        CONTENT_TYPE: request.headers['content-type'] ?? '',
        HTTP_CONTENT_ENCODING: request.headers['content-encoding'] ?? '',
        GIT_PROTOCOL: String(request.headers['git-protocol'] ?? ''),
      },
    })
    request.pipe(child.stdin)
    const chunks: Buffer[] = []
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk))
    child.on('close', () => answerCgi(Buffer.concat(chunks), response))
  }
}

function answerCgi(output: Buffer, response: ServerResponse): void {
  const end = output.indexOf('\r\n\r\n')
  let status = 200
  for (const line of output.subarray(0, end).toString('latin1').split('\r\n')) {
    const [name = '', value = ''] = line.split(/:\s*/, 2)
    if (name === 'Status') status = Number.parseInt(value, 10)
    else response.setHeader(name, value)
  }
  response.writeHead(status).end(output.subarray(end + 4))
}

test('git clone over https passes through, twice the same, and nothing of it is stored', async () => {
  const env = {
    ...process.env,
    https_proxy: `http://127.0.0.1:${larder.port}`,
    no_proxy: '',
    NO_PROXY: '',
    GIT_SSL_CAINFO: join(larder.settings.caFolder, 'ca.pem'),
  }
  for (const name of ['one', 'two']) {
    const end = await command('git', ['clone', '-q', `${origin.url}/repo.git`, join(folder, name)], { env })
    assert.equal(end.code, 0, end.stderr)
    assert.equal(readFileSync(join(folder, name, 'file.txt'), 'utf8'), 'content of the repository\n')
  }
  const exchanges = larder.events.filter((event): event is ExchangeEvent => event.kind === 'exchange')
  assert.ok(exchanges.some((event) => event.method === 'POST'))
  assert.ok(exchanges.every((event) => event.stored !== 'yes' && !event.result.startsWith('hit')))
  assert.equal(origin.paths.filter((path) => path.startsWith('/repo.git/info/refs')).length, 2)
})
