import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { type CommandEnd, command } from '../../support/command.ts'
import { startLarder, type TestLarder } from '../../support/larder.ts'
import { startVsftpd, type Vsftpd } from '../../support/vsftpd.ts'

/** How curl and wget ask for FTP through an HTTP proxy, and what they make of the answers. */

const content = randomBytes(300_000)
const modified = new Date('2026-01-02T03:04:05Z')
let larder: TestLarder
let server: Vsftpd
let folder: string

before(async () => {
  server = await startVsftpd()
  for (const name of ['pub', 'pub/sub']) mkdirSync(join(server.root, name), { mode: 0o755 })
  for (const name of ['pub/file.bin', 'pub/sub/other.bin']) put(name, content)
  larder = await startLarder({})
  folder = mkdtempSync(join(tmpdir(), 'larder-ftp-'))
})

after(async () => {
  await larder?.stop()
  await server?.stop()
  rmSync(folder, { recursive: true, force: true })
})

function put(name: string, bytes: Buffer): void {
  const file = join(server.root, name)
  writeFileSync(file, bytes)
  chmodSync(file, 0o644)
  utimesSync(file, modified, modified)
}

const url = (path: string, login = ''): string => `ftp://${login}127.0.0.1:${server.port}${path}`

function run(program: 'curl' | 'wget', ...args: readonly string[]): Promise<CommandEnd> {
  const proxy = `http://127.0.0.1:${larder.port}`
  const env = { PATH: process.env.PATH, HOME: '/nonexistent', ftp_proxy: proxy, LC_ALL: 'C' }
  if (program === 'curl') return command('curl', ['-sS', '-x', proxy, ...args], { cwd: folder, env })
  return command('wget', args, { cwd: folder, env })
}

async function curl(...args: readonly string[]): Promise<string> {
  const end = await run('curl', ...args)
  assert.equal(end.code, 0, end.stderr)
  return end.stdout
}

async function wget(...args: readonly string[]): Promise<string> {
  const end = await run('wget', ...args)
  assert.equal(end.code, 0, end.stderr)
  return end.stderr
}

test('curl gets a file, its description, a part of it and the rest of it', async () => {
  await curl('--fail', '-o', 'whole', url('/pub/file.bin'))
  assert.deepEqual(readFileSync(join(folder, 'whole')), content)
  const head = await curl('--fail', '-I', url('/pub/file.bin'))
  assert.match(head, /^Content-Length: 300000\r$/m)
  assert.match(head, /^Last-Modified: Fri, 02 Jan 2026 03:04:05 GMT\r$/m)
  await curl('--fail', '-r', '1000-1999', '-o', 'part', url('/pub/file.bin'))
  assert.deepEqual(readFileSync(join(folder, 'part')), content.subarray(1_000, 2_000))
  writeFileSync(join(folder, 'rest'), content.subarray(0, 123_456))
  await curl('--fail', '-C', '-', '-o', 'rest', url('/pub/file.bin'))
  assert.deepEqual(readFileSync(join(folder, 'rest')), content)
})

test('the types of RFC 1738 give the same bytes, and a listing for d', async () => {
  for (const type of ['a', 'i']) {
    await curl('--fail', '-o', `type-${type}`, url(`/pub/file.bin;type=${type}`))
    assert.deepEqual(readFileSync(join(folder, `type-${type}`)), content)
  }
  assert.match(await curl('--fail', url('/pub;type=d')), /file\.bin/)
})

test('a folder is a text for curl and wget, a page for who names HTML', async () => {
  const text = await curl('--fail', '-i', url('/pub/'))
  assert.match(text, /^Content-Type: text\/plain\r$/m)
  assert.match(text, /300000 .* file\.bin\r?$/m)
  assert.equal(await wget('-q', '-O', 'listing', url('/pub/')), '')
  assert.match(readFileSync(join(folder, 'listing'), 'utf8'), /file\.bin/)
  const page = await curl('--fail', '-i', '-H', 'Accept: text/html', url('/pub/'))
  assert.match(page, /^Content-Type: text\/html\r$/m)
  assert.match(page, /^Vary: Accept\r$/m)
  assert.match(page, /<a href="\/pub\/file\.bin">file\.bin<\/a>/)
})

test('wget -N gets a file once, and again when it is newer', async () => {
  mkdirSync(join(folder, 'newer'))
  const get = (...more: string[]) => wget('-N', '-P', 'newer', ...more, url('/pub/sub/other.bin'))
  assert.match(await get(), /saved/)
  await larder.exchanges('/pub/sub/other.bin', 1)
  assert.match(await get(), /not modified on server/)
  put('pub/sub/other.bin', content.subarray(1))
  utimesSync(join(server.root, 'pub/sub/other.bin'), new Date(), new Date())
  // What is stored is fresh for a while; --no-cache has it validated.
  assert.match(await get('--no-cache'), /saved/)
  assert.deepEqual(readFileSync(join(folder, 'newer', 'other.bin')), content.subarray(1))
})

test('wget -c gets what is missing', async () => {
  mkdirSync(join(folder, 'more'))
  writeFileSync(join(folder, 'more', 'file.bin'), content.subarray(0, 200_000))
  await wget('-c', '-P', 'more', url('/pub/file.bin'))
  assert.deepEqual(readFileSync(join(folder, 'more', 'file.bin')), content)
})

test('wget takes a pattern for a name when there is a proxy, so there is no such file', async () => {
  const end = await run('wget', '-t', '1', '-P', 'pattern', url('/pub/*.bin'))
  assert.equal(end.code, 8)
  assert.match(end.stderr, /404/)
})

test('wget -r follows the links of listings when it names HTML', async () => {
  await wget('-q', '-r', '-np', '-nH', '-e', 'robots=off', '--header', 'Accept: text/html', '-P', 'tree', url('/pub/'))
  assert.deepEqual(readFileSync(join(folder, 'tree', 'pub', 'file.bin')), content)
  assert.ok(existsSync(join(folder, 'tree', 'pub', 'sub', 'other.bin')))
})

test('anonymous may say so; other logins of clients are refused, and are not in the log', async () => {
  await curl('--fail', '-o', 'named', url('/pub/file.bin', 'anonymous:me%40example.org@'))
  assert.deepEqual(readFileSync(join(folder, 'named')), content)
  for (const login of ['builder@', 'builder:geheim@']) {
    const answer = await curl('-i', url('/pub/file.bin', login))
    assert.match(answer, /^HTTP\/1\.1 400 /)
    assert.match(answer, /ftp-credentials/)
    assert.doesNotMatch(answer, /geheim/)
  }
  assert.doesNotMatch(JSON.stringify(larder.events), /geheim/)
})

test('a path that smuggles in a command is refused (CORRECTNESS T23)', async () => {
  for (const path of ['/pub/file.bin%0d%0aDELE%20x', '/pub/%00', '/pub/%7f']) {
    assert.match(await curl('-i', url(path)), /^HTTP\/1\.1 400 /)
  }
})
