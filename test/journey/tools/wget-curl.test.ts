import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { command } from '../../support/command.ts'
import { startLarder, type TestLarder } from '../../support/larder.ts'
import { startOrigin, type TestOrigin } from '../../support/origin.ts'
import { startTlsOrigin, type TlsOrigin } from '../../support/tls-origin.ts'
import { startVsftpd, type Vsftpd } from '../../support/vsftpd.ts'

const content = randomBytes(700_000)
let larder: TestLarder
let plain: TestOrigin
let secure: TlsOrigin
let ftp: Vsftpd
let folder: string

before(async () => {
  const answer = (_request: unknown, response: import('node:http').ServerResponse): unknown =>
    response
      .writeHead(200, { 'Cache-Control': 'max-age=600', 'Content-Length': content.length, ETag: '"x"' })
      .end(content)
  plain = await startOrigin(answer)
  secure = await startTlsOrigin(answer)
  ftp = await startVsftpd()
  mkdirSync(join(ftp.root, 'pub'))
  writeFileSync(join(ftp.root, 'pub', 'file.bin'), content)
  // Dated ahead, it has been left alone for no time: heuristics make it fresh for none.
  utimesSync(join(ftp.root, 'pub', 'file.bin'), new Date(), new Date(Date.now() + 3_600_000))
  larder = await startLarder({ originCaFiles: [secure.caFile], connectPorts: [secure.port] })
  folder = mkdtempSync(join(tmpdir(), 'larder-wget-'))
})

after(async () => {
  await larder.stop()
  await plain.stop()
  await secure.stop()
  await ftp.stop()
  rmSync(folder, { recursive: true, force: true })
})

const clean = { PATH: process.env.PATH, HOME: '/nonexistent', no_proxy: '', NO_PROXY: '' }

async function wget(url: string, out: string, ...more: string[]): Promise<void> {
  const proxy = `http://127.0.0.1:${larder.port}`
  const end = await command(
    'wget',
    [
      ...['-e', 'use_proxy=yes', '-e', `http_proxy=${proxy}`, '-e', `https_proxy=${proxy}`, '-e', `ftp_proxy=${proxy}`],
      ...[`--ca-certificate=${join(larder.settings.caFolder, 'ca.pem')}`, '-O', out, ...more, url],
    ],
    { env: clean },
  )
  assert.equal(end.code, 0, end.stderr)
}

async function curl(url: string, out: string, ...more: string[]): Promise<void> {
  const end = await command(
    'curl',
    [
      ...['-sS', '--fail', '-x', `http://127.0.0.1:${larder.port}`],
      ...['--cacert', join(larder.settings.caFolder, 'ca.pem'), '-o', out, ...more, url],
    ],
    { env: clean },
  )
  assert.equal(end.code, 0, end.stderr)
}

for (const [scheme, urlOf] of [
  ['http', () => `${plain.url}/http.bin`],
  ['https', () => `${secure.url}/https.bin`],
  ['ftp', () => `ftp://127.0.0.1:${ftp.port}/pub/file.bin`],
] as const) {
  test(`wget and curl fetch over ${scheme}: the first from the origin, the second from the store, byte for byte`, async () => {
    const out = join(folder, scheme)
    await wget(urlOf(), out)
    assert.deepEqual(readFileSync(out), content)
    await larder.exchanges(new URL(urlOf()).pathname, 1)
    await curl(urlOf(), out)
    assert.deepEqual(readFileSync(out), content)
    const seen = await larder.exchanges(new URL(urlOf()).pathname, 2)
    assert.deepEqual(
      seen.map((event) => event.result),
      ['miss', scheme === 'ftp' ? 'revalidated' : 'hit'],
    )
  })
}

test('curl -C and wget -c resume from the store (RFC 9110 section 14)', async () => {
  const url = `${plain.url}/http.bin`
  const out = join(folder, 'resumed')
  await curl(url, out, '-r', '0-99999')
  await curl(url, out, '-C', '-')
  assert.deepEqual(readFileSync(out), content)
})

test('an FTP file that is missing is 404, a directory is a plain listing that is never stored', async () => {
  const missing = await command(
    'curl',
    [
      '-sS',
      '-x',
      `http://127.0.0.1:${larder.port}`,
      '-o',
      '/dev/null',
      '-w',
      '%{http_code}',
      `ftp://127.0.0.1:${ftp.port}/pub/none`,
    ],
    { env: clean },
  )
  assert.equal(missing.stdout, '404')
  for (const count of [1, 2]) {
    const listing = join(folder, 'listing')
    await curl(`ftp://127.0.0.1:${ftp.port}/pub/`, listing)
    assert.match(readFileSync(listing, 'utf8'), /file\.bin/)
    const seen = await larder.exchanges('/pub/', count)
    assert.notEqual(seen[count - 1]!.stored, 'yes')
  }
})
