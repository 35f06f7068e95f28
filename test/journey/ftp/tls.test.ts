import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { Fault } from '../../../src/base/faults.ts'
import { startFtpMiddle } from '../../fakes/ftp-middle.ts'
import { createThrowAwayCa, type ThrowAwayCa } from '../../fakes/throw-away-ca.ts'
import { command } from '../../support/command.ts'
import type { FtpDaemon } from '../../support/ftp-daemon.ts'
import { startLarder, type TestLarder } from '../../support/larder.ts'
import { startProftpd } from '../../support/proftpd.ts'
import { startVsftpd } from '../../support/vsftpd.ts'

const content = randomBytes(2_000_000)
const login = { user: 'builder', password: 's3cret word', home: 'home' }
let ca: ThrowAwayCa
let folder: string
let explicit: FtpDaemon
let implicit: FtpDaemon
let plain: FtpDaemon
let larder: TestLarder

before(async () => {
  ca = createThrowAwayCa()
  folder = mkdtempSync(join(tmpdir(), 'larder-ftps-'))
  writeFileSync(join(folder, 'ca.pem'), ca.root)
  explicit = await startProftpd({ tls: { mode: 'explicit', ...ca.issue('DNS:localhost') }, login })
  implicit = await startVsftpd({ tls: { mode: 'implicit', ...ca.issue('DNS:localhost') } })
  plain = await startVsftpd()
  mkdirSync(join(explicit.root, 'home'), { mode: 0o755 })
  put(explicit, 'home/file')
  put(implicit, 'file')
  put(plain, 'file')
  const line = `machine localhost:${explicit.port} login ${login.user} password "${login.password}"\n`
  writeFileSync(join(folder, 'logins'), line, { mode: 0o600 })
  larder = await startLarder({
    originCaFiles: [join(folder, 'ca.pem')],
    ftpCredentialFiles: [join(folder, 'logins')],
    ftpTls: ['localhost'],
    retryAttempts: 5,
  })
})

after(async () => {
  await larder?.stop()
  for (const server of [explicit, implicit, plain]) await server?.stop()
  ca?.remove()
  rmSync(folder, { recursive: true, force: true })
})

function put(server: FtpDaemon, name: string): void {
  const file = join(server.root, name)
  const modified = new Date('2026-01-02T03:04:05Z')
  writeFileSync(file, content)
  chmodSync(file, 0o644)
  utimesSync(file, modified, modified)
}

async function fetched(target: string): Promise<string> {
  const out = join(folder, 'out')
  const script = [
    '-sS',
    '--request-target',
    target,
    '-o',
    out,
    '-w',
    '%{http_code}',
    `http://127.0.0.1:${larder.port}/`,
  ]
  const end = await command('curl', script, { env: { PATH: process.env.PATH, HOME: '/nonexistent' } })
  assert.equal(end.code, 0, end.stderr)
  return end.stdout
}

test('a server with explicit TLS and a login serves everybody; the second time it is the store', async () => {
  const url = `ftp://localhost:${explicit.port}/file`
  for (const _ of [1, 2]) {
    assert.equal(await fetched(url), '200')
    assert.deepEqual(readFileSync(join(folder, 'out')), content)
    await larder.exchanges('/file', _)
  }
  const [first, second] = await larder.exchanges('/file', 2)
  assert.equal(first!.result, 'miss')
  assert.ok(['hit', 'revalidated'].includes(second!.result), second!.result)
  assert.doesNotMatch(JSON.stringify(larder.events), /s3cret/)
})

test('a server with implicit TLS is asked for as ftps', async () => {
  assert.equal(await fetched(`ftps://localhost:${implicit.port}/file`), '200')
  assert.deepEqual(readFileSync(join(folder, 'out')), content)
})

test('a server that must have TLS and has none is not asked', async () => {
  assert.equal(await fetched(`ftp://localhost:${plain.port}/file`), '502')
})

test('a download whose data connection is cut again and again is whole at the client', async () => {
  const middle = await startFtpMiddle(plain.port)
  middle.faults.cutsAfterBytes = [700_000, 1_000, 500_000]
  assert.equal(await fetched(`ftp://127.0.0.1:${middle.port}/file`), '200')
  assert.deepEqual(readFileSync(join(folder, 'out')), content)
  assert.ok(middle.commands.some((line) => line.startsWith('REST ')))
  await middle.stop()
})

test('logins that others may read are refused at the start', async () => {
  const open = join(folder, 'open')
  writeFileSync(open, readFileSync(join(folder, 'logins')))
  chmodSync(open, 0o644)
  await assert.rejects(
    startLarder({ ftpCredentialFiles: [open] }, false),
    (error) => error instanceof Fault && error.code === 'CONFIG_CONFLICT',
  )
})
