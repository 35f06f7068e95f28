import assert from 'node:assert/strict'
import { once } from 'node:events'
import { existsSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import { digestOf } from '../../../src/base/digest.ts'
import type { FoundResponse } from '../../../src/pipeline/find-responses.ts'
import { startOrigin, type TestOrigin } from '../../support/origin.ts'
import { greetingOf, homeOf, type ProgramResult, runProgram, startProgram } from '../../support/program.ts'
import { ask } from '../../support/proxy-client.ts'

const secret = 'f00dfeedcafe'

interface Stage {
  readonly origin: TestOrigin
  readonly dataFolder: string
  get(path: string): Promise<{ readonly status: number; readonly cache: string }>
  larder(...words: string[]): Promise<ProgramResult>
  /** What `ls --json` finds. */
  found(...words: string[]): Promise<readonly FoundResponse[]>
}

/** A daemon in a process of its own, and an origin whose content has as many bytes as the path says. */
async function stage(context: TestContext): Promise<Stage> {
  const origin = await startOrigin((request, response) => {
    response.setHeader('Cache-Control', 'max-age=600').setHeader('ETag', `"${request.url}"`)
    if (request.headers['if-none-match'] === undefined) response.end('x'.repeat(Number(/\d+/.exec(request.url!) ?? 1)))
    else response.writeHead(304).end()
  })
  context.after(() => origin.stop())
  const environment: Record<string, string> = { ...homeOf(context), LARDER_ALLOW_ADDRESS: '127.0.0.0/8' }
  const child = startProgram(['serve', '--listen', '127.0.0.1:0', '--access-log', 'none'], environment)
  const exited = once(child, 'exit')
  context.after(async () => {
    child.kill('SIGTERM')
    await exited
  })
  const { port } = await greetingOf(child)
  const larder = (...words: string[]): Promise<ProgramResult> => runProgram(words, environment)
  return {
    origin,
    dataFolder: join(environment.HOME!, '.cache', 'larder'),
    get: async (path) => {
      const { status, headers } = await ask(port, origin.url + path)
      return { status, cache: String(headers['cache-status']) }
    },
    larder,
    found: async (...words) => {
      const { out, code, err } = await larder('ls', '--json', ...words)
      assert.equal(code, 0, err)
      return out
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as FoundResponse)
    },
  }
}

const names = (all: readonly FoundResponse[]): string[] => all.map(({ url }) => new URL(url).pathname)

describe('Finding and removing', () => {
  test('what is stored is listed by URL, host, size, class and age, in order, without the secrets in its queries', async (context) => {
    const { get, larder, found, origin } = await stage(context)
    for (const path of ['/a/10.txt', '/a/3000.txt', `/b/200.txt?token=${secret}`]) await get(path)
    assert.deepEqual(names(await found('--sort', 'size')), ['/a/3000.txt', '/b/200.txt', '/a/10.txt'])
    assert.deepEqual(names(await found('--sort', 'url', '--reverse', '--limit', '1')), ['/b/200.txt'])
    assert.deepEqual(names(await found(`${origin.url}/a/*`, '--smaller', '1KiB')), ['/a/10.txt'])
    assert.deepEqual(names(await found('--host', '127.*', '--larger', '1KiB', '--newer', '1d')), ['/a/3000.txt'])
    assert.deepEqual(await found('--older', '1h'), [])
    assert.deepEqual(await found('--class', 'immutable'), [])
    const [one] = await found('--url', '*token*')
    assert.equal(one?.url, `${origin.url}/b/200.txt?token=…`)
    assert.deepEqual((await found('--digest', one!.digest!)).length, 1)
    assert.match((await larder('ls', '--show-queries')).out, new RegExp(secret))
    const listed = await larder('ls')
    assert.doesNotMatch(listed.out, new RegExp(secret))
    assert.match(listed.err, /3 responses, 3\.1 KiB/)
  })

  test('a purge removes what is selected and nothing else, and a trial removes nothing', async (context) => {
    const { get, larder, found, origin } = await stage(context)
    for (const path of ['/a/10.txt', '/a/20.txt', '/b/30.txt']) await get(path)
    assert.match((await larder('purge', '--url', '*/a/*', '--dry-run')).err, /2 responses, 30 B would be purged/)
    assert.equal((await found()).length, 3)
    assert.match((await larder('purge', '--url', '*/a/*')).err, /2 responses, 30 B purged/)
    assert.deepEqual(names(await found()), ['/b/30.txt'])
    await get('/a/10.txt')
    await get('/b/30.txt')
    assert.deepEqual([origin.count('/a/10.txt'), origin.count('/b/30.txt')], [2, 1])
    const nothing = await larder('purge')
    assert.equal(nothing.code, 2)
    assert.match((await larder('purge', '--older', 'soon')).err, /older is not an age/)
  })

  test('a soft purge keeps the content and has it validated once', async (context) => {
    const { get, larder, found, origin } = await stage(context)
    await get('/10.txt')
    assert.match((await larder('purge', '--soft', `${origin.url}/10.txt`)).out, /^outdated {2}http/)
    assert.equal((await found())[0]?.outdated, true)
    assert.match((await larder('why', `${origin.url}/10.txt`)).out, /ended by hand|outdated/)
    assert.match((await get('/10.txt')).cache, /fwd=stale/)
    assert.match((await get('/10.txt')).cache, /hit/)
    assert.deepEqual([origin.count('/10.txt'), origin.requests[1]?.headers['if-none-match']], [2, '"/10.txt"'])
    assert.equal((await found())[0]?.outdated, false)
  })

  test('what is pinned stays through purges of everything until it is unpinned', async (context) => {
    const { get, larder, found, origin } = await stage(context)
    await get('/10.txt')
    await get('/20.txt')
    const url = `${origin.url}/10.txt`
    assert.match((await larder('pin', url)).out, /^pinned /)
    assert.match((await larder('pin', `${origin.url}/30.txt`)).out, /^not stored /)
    await larder('purge', '--url', '*')
    assert.deepEqual(names(await found('--pinned')), ['/10.txt'])
    assert.match((await larder('purge', url)).out, /^not purged /)
    assert.match((await larder('unpin', url)).out, /^unpinned /)
    assert.match((await larder('purge', url)).out, /^purged /)
    assert.deepEqual(await found(), [])
  })

  test('a purge removes the content with the responses, so that a sweep finds none; stats shows where the bytes are', async (context) => {
    const { get, larder, origin } = await stage(context)
    await get('/1000.txt')
    await get('/100000.txt')
    await get('/5.txt')
    const { out } = await larder('stats', '--stored')
    assert.match(out, /^stored: 3 responses under 3 keys, 98\.6 KiB$/m)
    assert.match(out, /^ {2}127\.0\.0\.1 +98\.6 KiB +100\.0 % +█{30} +3$/m)
    await larder('purge', '--url', '*/1000*')
    assert.match((await larder('sweep', '--dry-run')).out, /^would remove 0 blobs/m)
    assert.match((await larder('sweep')).out, /^removed 0 blobs/)
    assert.match((await get('/5.txt')).cache, /hit/)
    assert.equal(origin.count('/5.txt'), 1)
  })

  test('a sweep removes content that nothing names and old left-overs, and keeps what is in use; stats shows what the store takes', async (context) => {
    const { get, larder, origin, dataFolder } = await stage(context)
    await get('/100000.txt')
    // A daemon sweeps at its start by itself: behind that.
    await larder('sweep')
    const orphan = Buffer.alloc(200_000, 'nobody names this')
    const digest = digestOf(orphan)
    const file = join(dataFolder, 'blobs', digest.slice(0, 2), digest)
    const left = join(dataFolder, 'tmp', '0'.repeat(32))
    const young = join(dataFolder, 'tmp', '1'.repeat(32))
    for (const path of [file, left, young]) writeFileSync(path, orphan, { mode: 0o600 })
    utimesSync(left, 0, 0)
    const promised = 'would remove 1 blob, 195.3 KiB, 1 files of downloads that never ended'
    assert.equal((await larder('sweep', '--dry-run')).out.trim(), promised)
    assert.ok(existsSync(file) && existsSync(left))
    assert.equal((await larder('sweep')).out.trim(), promised.replace('would remove', 'removed'))
    assert.deepEqual([existsSync(file), existsSync(left), existsSync(young)], [false, false, true])
    assert.deepEqual(JSON.parse((await larder('sweep', '--json')).out), {
      blobCount: 0,
      blobBytes: 0,
      stagingCount: 0,
      quarantineCount: 0,
    })
    assert.match((await get('/100000.txt')).cache, /hit/)
    assert.equal(origin.count('/100000.txt'), 1)
    await larder('pin', `${origin.url}/100000.txt`)
    const { out } = await larder('stats')
    assert.match(out, /^store: [\d.]+ MiB of 10\.0 GiB \([\d.]+ %\)$/m)
    assert.match(out, /^ {2}files +104\.0 KiB {2}content above 64 KiB$/m)
    assert.match(out, /^ {2}records .* 1 keys, 1 of them pinned$/m)
    assert.match(out, /^ {2}staging +0 B {2}promised/m)
    const { store } = JSON.parse((await larder('stats', '--json')).out)
    assert.equal(store.kinds.blobs, 26 * 4096)
    assert.equal(
      store.usedBytes,
      store.kinds.blobs + store.kinds['small-blobs'] + store.kinds.index + store.kinds['set-aside'],
    )
  })
})
