import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import type { ExchangeEvent, LarderEvent } from '../../../src/base/events.ts'
import { resolveRange } from '../../../src/http/range.ts'
import { startLarder, type TestLarder } from '../../support/larder.ts'
import { LeavingClient } from '../../support/leaving-client.ts'
import { startOrigin, type TestOrigin } from '../../support/origin.ts'
import { ask, type ProxiedAnswer } from '../../support/proxy-client.ts'

const mebibyte = 1024 * 1024
const content = randomBytes(80 * mebibyte)
const digest = digestOf(content)

/** What the origin says of a path. */
interface Version {
  readonly tag: string | undefined
  readonly bytes: Buffer
}
const versions = new Map<string, Version>()
/** Bytes that were handed to sockets, by path. */
const sentBytes = new Map<string, number>()
/** Answers wait for this after their first MiB, by path; under `/left` all of them, else those that begin at the first byte. */
const gates = new Map<string, PromiseWithResolvers<void>>()

let larder: TestLarder
let origin: TestOrigin

before(async () => {
  larder = await startLarder()
  origin = await startOrigin((request, response) => void answer(request, response))
})
after(async () => {
  await larder.stop()
  await origin.stop()
})

function digestOf(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex')
}

/** Ranges as RFC 9110 has them, at the pace at which they are read. */
async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = request.url!
  const { tag, bytes } = versions.get(path) ?? { tag: '"one"', bytes: content }
  const condition = request.headers['if-range']
  const isRanged = path !== '/unranged' && (condition === undefined || condition === tag)
  const range = resolveRange(isRanged ? request.headers.range : undefined, bytes.length)
  const [first, last] = range.kind === 'partial' ? [range.first, range.last] : [0, bytes.length - 1]
  response.writeHead(range.kind === 'partial' ? 206 : 200, {
    'Cache-Control': 'max-age=3600',
    'Content-Length': last - first + 1,
    ...(tag === undefined ? {} : { ETag: tag }),
    ...(range.kind === 'partial' ? { 'Content-Range': `bytes ${first}-${last}/${bytes.length}` } : {}),
  })
  response.flushHeaders()
  const closed = once(response, 'close')
  for (let at = first; at <= last && !response.destroyed; at += 64 * 1024) {
    if ((first === 0 || path === '/left') && at - first >= mebibyte) await gates.get(path)?.promise
    const piece = bytes.subarray(at, Math.min(last + 1, at + 64 * 1024))
    sentBytes.set(path, (sentBytes.get(path) ?? 0) + piece.length)
    await Promise.race([new Promise<void>((resolve) => response.write(piece, () => resolve())), closed])
  }
  response.end()
}

function askFor(path: string, range: string, headers = {}): Promise<ProxiedAnswer> {
  return ask(larder.port, origin.url + path, { headers: { Range: `bytes=${range}`, ...headers } })
}

function isSlice(got: ProxiedAnswer, first: number, last: number, of = content): void {
  assert.deepEqual([got.status, got.complete], [206, true])
  assert.equal(got.headers['content-range'], `bytes ${first}-${last}/${of.length}`)
  assert.ok(got.body.equals(of.subarray(first, last + 1)))
}

async function isStoredWhole(path: string, bytes = content): Promise<void> {
  const count = origin.count(path)
  const got = await ask(larder.port, origin.url + path)
  assert.deepEqual([got.status, got.complete, digestOf(got.body)], [200, true, digestOf(bytes)])
  assert.match(String(got.headers['cache-status']), /hit/)
  assert.equal(origin.count(path), count)
}

describe('A range far into a large object', () => {
  test('that nobody asked for before is answered at once, and what is before and behind it is fetched afterwards, each byte once', async () => {
    const path = '/cold'
    const [first, last] = [50 * mebibyte + 5, 50 * mebibyte + 99]
    isSlice(await askFor(path, `${first}-${last}`), first, last)
    const [event] = await larder.exchanges(path, 1)
    assert.equal(event!.stored, 'yes')
    assert.equal(event!.originBytes, content.length)
    assert.deepEqual(
      origin.requests.filter(({ url }) => url === path).map(({ headers }) => headers.range),
      [`bytes=${first}-${last}`, `bytes=0-${first - 1}`, `bytes=${last + 1}-${content.length - 1}`],
    )
    assert.equal(sentBytes.get(path), content.length)
    await isStoredWhole(path)
  })

  test('is answered while the beginning does not come on', async () => {
    const path = '/stuck'
    gates.set(path, Promise.withResolvers())
    const whole = ask(larder.port, origin.url + path)
    isSlice(await askFor(path, `${70 * mebibyte}-${70 * mebibyte + 9}`), 70 * mebibyte, 70 * mebibyte + 9)
    isSlice(await askFor(path, '-10'), content.length - 10, content.length - 1)
    gates.get(path)!.resolve()
    assert.equal(digestOf((await whole).body), digest)
    const events = await larder.exchanges(path, 3)
    assert.deepEqual(events.map(({ stored }) => stored).filter(Boolean), ['yes'])
    await isStoredWhole(path)
  })

  test('is asked for once, however many want it at the same time', async () => {
    const path = '/many'
    const ranges = Array.from({ length: 40 }, (_, at) => (20 + (at % 20)) * mebibyte)
    const answers = await Promise.all(ranges.map((first) => askFor(path, `${first}-${first + mebibyte - 1}`)))
    for (const [at, got] of answers.entries()) isSlice(got, ranges[at]!, ranges[at]! + mebibyte - 1)
    await larder.exchanges(path, 40)
    assert.equal(sentBytes.get(path), content.length)
    await isStoredWhole(path)
  })

  test('is of the same version as the rest, or of none: what changed meanwhile is not mixed', async () => {
    const path = '/changing'
    gates.set(path, Promise.withResolvers())
    const whole = ask(larder.port, origin.url + path)
    await askFor(path, '0-9')
    const other = randomBytes(content.length)
    versions.set(path, { tag: '"two"', bytes: other })
    const far = askFor(path, `${60 * mebibyte}-${60 * mebibyte + 9}`)
    gates.get(path)!.resolve()
    isSlice(await far, 60 * mebibyte, 60 * mebibyte + 9)
    assert.equal(digestOf((await whole).body), digest)
  })

  test('of an object without a strong entity tag is passed on, and kept as a part', async () => {
    const path = '/tagless'
    versions.set(path, { tag: undefined, bytes: content })
    isSlice(await askFor(path, `${60 * mebibyte}-${60 * mebibyte + 9}`), 60 * mebibyte, 60 * mebibyte + 9)
    assert.equal(sentBytes.get(path), 10)
  })

  test('whose client leaves is kept as far as it came', async () => {
    const path = '/left'
    gates.set(path, Promise.withResolvers())
    const first = 20 * mebibyte
    const client = new LeavingClient(larder.port, origin.url + path, { lines: [`Range: bytes=${first}-`] })
    await client.whenSeen(mebibyte)
    await client.leave('reset')
    const [event] = await larder.exchanges(path, 1)
    assert.equal(event!.stored, 'client-aborted')
    isSlice(await askFor(path, `${first + 5}-${first + mebibyte - 1}`), first + 5, first + mebibyte - 1)
    assert.equal(origin.count(path), 1)
  })

  test('is waited for where the origin knows no ranges', async () => {
    isSlice(await askFor('/unranged', `${60 * mebibyte}-`), 60 * mebibyte, content.length - 1)
    assert.equal(origin.count('/unranged'), 1)
    await larder.exchanges('/unranged', 1)
    await isStoredWhole('/unranged')
  })
})

describe('Programs that fetch a file in pieces', () => {
  const folder = mkdtempSync(join(tmpdir(), 'larder-pieces-'))
  after(() => rmSync(folder, { recursive: true, force: true }))
  const run = async (program: string, words: readonly string[]): Promise<void> => {
    const child = spawn(program, words, { env: { PATH: process.env.PATH!, HOME: folder }, stdio: 'ignore' })
    assert.deepEqual(await once(child, 'exit'), [0, null])
  }

  test('curl resumes far into what nobody fetched before', async () => {
    const path = '/curl'
    const file = join(folder, 'curl')
    const first = 75 * mebibyte
    await run('curl', [
      '-sSf',
      '-x',
      `http://127.0.0.1:${larder.port}`,
      '-r',
      `${first}-`,
      '-o',
      file,
      origin.url + path,
    ])
    assert.ok(readFileSync(file).equals(content.subarray(first)))
    await larder.exchanges(path, 1)
    await isStoredWhole(path)
  })

  test('aria2c with sixteen connections gets the file, which is then stored as one', async () => {
    const path = '/aria2'
    const proxy = `--all-proxy=http://127.0.0.1:${larder.port}`
    const words = ['-q', '-x16', '-s16', '-k1M', proxy, '--no-conf', '-d', folder, '-o', 'aria2', origin.url + path]
    await run('aria2c', words)
    assert.equal(digestOf(readFileSync(join(folder, 'aria2'))), digest)
    // What was on its way when the one that had asked for the whole was left is all that came twice.
    assert.ok(sentBytes.get(path)! < content.length + 16 * mebibyte)
    await larder.event((event): event is ExchangeEvent => isFill(event, path))
    await isStoredWhole(path)
  })
})

function isFill(event: LarderEvent, path: string): boolean {
  return event.kind === 'exchange' && event.url.endsWith(path) && event.stored === 'yes'
}
