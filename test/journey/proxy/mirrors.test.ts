import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { UserRule } from '../../../src/config/user-rules.ts'
import { type FaultOrigin, type Step, startFaultOrigin } from '../../fakes/fault-origin.ts'
import { startLarder, type TestLarder } from '../../support/larder.ts'
import { startOrigin, type TestOrigin } from '../../support/origin.ts'
import { ask, type ProxiedAnswer } from '../../support/proxy-client.ts'

const content = 'the same bytes at both origins'
const fresh = 'Cache-Control: max-age=600'
const stale = 'Cache-Control: max-age=0'
const head = (status: string, ...lines: string[]): string => `HTTP/1.1 ${[status, ...lines].join('\r\n')}\r\n\r\n`
const refusing = (status: string): Step[] => [{ send: head(status, 'Content-Length: 0') }]
const whole = (...lines: string[]): Step[] => [
  { send: head('200 OK', ...lines, `Content-Length: ${content.length}`) + content },
]
const cut = (...lines: string[]): Step[] => [
  { send: head('200 OK', fresh, ...lines, `Content-Length: ${content.length}`) + content.slice(0, 9) },
  { close: 'fin' },
]

/** What the first origin does for a path, by the number of the request. */
const scripts: Readonly<Record<string, (requestNumber: number) => readonly Step[]>> = {
  reset: () => [{ close: 'reset' }],
  silence: () => [{ close: 'fin' }],
  stall: () => [{ wait: true }],
  nonsense: () => [{ send: 'nonsense\r\n\r\n' }, { close: 'fin' }],
  500: () => refusing('500 Internal Server Error'),
  503: () => refusing('503 Service Unavailable'),
  429: () => refusing('429 Too Many Requests'),
  missing: () => refusing('404 Not Found'),
  cut: () => cut('ETag: "1"'),
  'cut-other': () => cut('ETag: "0"'),
  'tool-2.0.0.tar.gz': (number) => (number === 1 ? whole(stale, 'ETag: "of the first"') : refusing('503 Not Now')),
  'tool-1.2.3.tar.gz': (number) => (number === 1 ? whole(stale, 'ETag: "1"') : refusing('503 Service Unavailable')),
}
const nameOf = (path: string): string => path.replace(/^.*\/|\?.*$/g, '')

let first: FaultOrigin
let second: TestOrigin
let larder: TestLarder
/** The entity tag and content of the second origin. */
let version = '1'

before(async () => {
  first = await startFaultOrigin((path, number) =>
    (scripts[nameOf(path)] ?? (() => refusing('400 Bad Request')))(number),
  )
  second = await startOrigin((request, response) => {
    const etag = `"${version}"`
    const bytes = version === '1' ? content : 'a newer version'
    if (request.headers['if-none-match'] === etag) return void response.writeHead(304, { ETag: etag }).end()
    const range = /^bytes=(\d+)-/.exec(request.headers.range ?? '')
    const headers = { 'Cache-Control': 'max-age=600', ETag: etag, 'Set-Cookie': 'from=second' }
    if (range === null || request.headers['if-range'] !== etag)
      return void response.writeHead(200, { ...headers, 'Content-Length': bytes.length }).end(bytes)
    const part = bytes.slice(Number(range[1]))
    const where = `bytes ${range[1]}-${bytes.length - 1}/${bytes.length}`
    response.writeHead(206, { ...headers, 'Content-Range': where, 'Content-Length': part.length }).end(part)
  })
  const [a, b] = [`http://127.0.0.1:${first.port}`, second.url]
  const blank = { match: undefined, drop: [], keep: undefined, signed: undefined, public: false, fold: [] }
  const rules: UserRule[] = [
    { ...blank, origin: 'l.yaml:1', mirrors: { bases: [`${a}/debian/`, `${b}/deb/`], alsoMissing: false } },
    { ...blank, origin: 'l.yaml:2', mirrors: { bases: [`${a}/loose/`, `${b}/loose/`], alsoMissing: true } },
  ]
  larder = await startLarder({ rules, headTimeoutMs: 3_000 })
})

after(async () => {
  await larder.stop()
  await first.stop()
  await second.stop()
})

const get = (path: string, headers: { [name: string]: string } = {}): Promise<ProxiedAnswer> =>
  ask(larder.port, `http://127.0.0.1:${first.port}${path}`, { headers })

async function assertMirrored(path: string): Promise<void> {
  const { status, body, headers, complete } = await get(path)
  assert.deepEqual([status, body.toString(), complete], [200, content, true])
  assert.equal(headers['cache-status'], `larder; fwd=uri-miss; detail=mirror:127.0.0.1:${second.port}`)
  assert.equal(headers['set-cookie'], undefined)
  const again = await get(path)
  assert.deepEqual([again.status, again.body.toString()], [200, content])
  assert.match(String(again.headers['cache-status']), /^larder; hit; ttl=\d+$/)
  const [event] = await larder.exchanges(path, 2)
  assert.deepEqual([event!.stored, event!.mirror], ['yes', `127.0.0.1:${second.port}`])
  assert.equal(event!.url, `http://127.0.0.1:${first.port}${path}`)
}

describe('A file of an origin that has a mirror', () => {
  for (const way of ['reset', 'silence', 'stall', 'nonsense', '500', '503', '429']) {
    test(`comes from the mirror, and is stored under the URL that was asked: ${way}`, () =>
      assertMirrored(`/debian/${way}`))
  }

  test('stays missing when its own origin does not have it, but where the rule says otherwise', async () => {
    assert.equal((await get('/debian/missing')).status, 404)
    assert.equal(second.count('/deb/missing'), 0)
    await assertMirrored('/loose/missing')
  })

  test('goes on at the mirror where it was cut, when that has the same strong tag', async () => {
    const { body, complete } = await get('/debian/cut')
    assert.deepEqual([body.toString(), complete], [content, true])
    const [request] = second.requests.filter(({ url }) => url === '/deb/cut')
    assert.deepEqual([request!.headers.range, request!.headers['if-range']], ['bytes=9-', '"1"'])
    const [event] = await larder.exchanges('/debian/cut', 1)
    assert.equal(event!.stored, 'yes')
  })

  test('breaks visibly when the mirror has another tag (CORRECTNESS T02)', async () => {
    const answer = await get('/debian/cut-other').catch(() => undefined)
    assert.notEqual(answer?.complete, true)
    const [event] = await larder.exchanges('/debian/cut-other', 1)
    assert.equal(event!.stored, 'origin-fault')
  })

  test('never comes from the mirror for a request with credentials (CORRECTNESS T28)', async () => {
    const path = '/debian/503?private'
    for (const headers of [{ Authorization: 'Basic eDp5' }, { Cookie: 'a=b' }] as const) {
      assert.equal((await get(`${path}-${Object.keys(headers)[0]}`, { ...headers })).status, 503)
      assert.equal((await get('/debian/500', { ...headers })).status, 500)
    }
    assert.equal((await get(path)).status, 503)
    assert.equal(second.count('/deb/500'), 1)
    assert.ok(second.requests.every(({ url, headers }) => !url.includes('?') && headers.authorization === undefined))
  })

  test('is confirmed by a mirror that has the stored version, and kept as it is from one that has another', async () => {
    const path = '/debian/tool-1.2.3.tar.gz'
    assert.equal((await get(path)).headers['cache-status'], 'larder; fwd=uri-miss')
    const confirmed = await get(path)
    assert.equal(confirmed.body.toString(), content)
    assert.equal(
      confirmed.headers['cache-status'],
      `larder; fwd=stale; fwd-status=304; detail=mirror:127.0.0.1:${second.port}`,
    )
    version = '2'
    const kept = await get(path, { 'Cache-Control': 'no-cache' })
    version = '1'
    assert.equal(kept.body.toString(), content)
    const [, , event] = await larder.exchanges(path, 3)
    assert.deepEqual([event!.result, event!.mirror], ['stale-on-error', undefined])
  })

  test('comes from a mirror with other tags when its content is proven to be that of what is stored', async () => {
    const path = '/debian/tool-2.0.0.tar.gz'
    await get(path)
    const { body, complete, headers } = await get(path)
    assert.deepEqual([body.toString(), complete], [content, true])
    assert.equal(headers['cache-status'], `larder; fwd=stale; detail=mirror:127.0.0.1:${second.port}`)
    const [, event] = await larder.exchanges(path, 2)
    assert.deepEqual([event!.result, event!.stored], ['replaced', 'yes'])
  })

  test('comes from the mirror when its own origin is gone', async () => {
    await first.goDown()
    await assertMirrored('/debian/gone')
    await first.comeBack()
  })
})
