import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { startLarder, type TestLarder } from '../../support/larder.ts'
import { startOrigin, type TestOrigin } from '../../support/origin.ts'
import { ask } from '../../support/proxy-client.ts'

let larder: TestLarder
let origin: TestOrigin
let etagNow = '"v1"'
let failing = false

before(async () => {
  larder = await startLarder()
  origin = await startOrigin((request, response) => {
    const path = request.url!.split('?')[0]!
    if (failing) return response.writeHead(503).end('down')
    switch (path.split('/')[1]) {
      case 'fresh':
        return response
          .writeHead(200, { 'Cache-Control': 'max-age=3600', ETag: '"one"', 'Content-Length': 10 })
          .end('0123456789')
      case 'no-store':
        return response.writeHead(200, { 'Cache-Control': 'no-store' }).end('secret')
      case 'private':
        return response.writeHead(200, { 'Cache-Control': 'PRIVATE, max-age=60' }).end('mine')
      case 'cookie':
        return response.writeHead(200, { 'Cache-Control': 'max-age=60', 'Set-Cookie': 'a=b' }).end('c')
      case 'validate':
      case 'rescue': {
        const control = path.startsWith('/rescue') ? 'max-age=0, stale-if-error=600' : 'max-age=0'
        if (request.headers['if-none-match'] === etagNow) {
          return response.writeHead(304, { ETag: etagNow, 'Cache-Control': control, 'X-New': 'yes' }).end()
        }
        return response.writeHead(200, { ETag: etagNow, 'Cache-Control': control }).end(`content ${etagNow}`)
      }
      case 'vary':
        return response
          .writeHead(200, { 'Cache-Control': 'max-age=60', Vary: 'X-Flavour' })
          .end(`flavour ${request.headers['x-flavour'] ?? 'none'}`)
      case 'missing':
        return response.writeHead(404, { 'Cache-Control': 'max-age=60' }).end('no such thing')
      default:
        return response.writeHead(200).end('plain')
    }
  })
})

after(async () => {
  await larder.stop()
  await origin.stop()
})

test('a fresh stored response is served without asking the origin, with Age, Via and Cache-Status (RFC 9111 section 4, RFC 9211)', async () => {
  const url = `${origin.url}/fresh/1`
  const first = await ask(larder.port, url)
  assert.equal(first.headers['cache-status'], 'larder; fwd=uri-miss')
  const second = await ask(larder.port, url)
  assert.equal(second.body.toString(), '0123456789')
  assert.match(String(second.headers['cache-status']), /^larder; hit; ttl=\d+$/)
  assert.match(String(second.headers.age), /^\d+$/)
  assert.equal(second.headers.via, '1.1 larder')
  assert.match(String(second.headers['repr-digest']), /^sha-256=:[A-Za-z0-9+/]+=*:$/)
  assert.equal(origin.count('/fresh/1'), 1)
  const [miss, hit] = await larder.exchanges('/fresh/1', 2)
  assert.deepEqual([miss!.result, miss!.stored, hit!.result], ['miss', 'yes', 'hit'])
})

test('a stored response survives a restart of the daemon', async () => {
  const own = await startLarder()
  const url = `${origin.url}/fresh/restart`
  await ask(own.port, url)
  await own.exchanges('/fresh/restart', 1)
  const again = await own.restart()
  const answer = await ask(again.port, url)
  assert.match(String(answer.headers['cache-status']), /^larder; hit/)
  assert.equal(answer.body.toString(), '0123456789')
  assert.equal(origin.count('/fresh/restart'), 1)
  await again.stop()
})

test('HEAD is answered from a stored GET (RFC 9110 section 9.3.2)', async () => {
  const url = `${origin.url}/fresh/head`
  await ask(larder.port, url)
  const head = await ask(larder.port, url, { method: 'HEAD' })
  assert.equal(head.headers['content-length'], '10')
  assert.equal(head.body.length, 0)
  assert.equal(origin.count('/fresh/head'), 1)
})

test('a condition of the client is answered 304 from the store, without content fields (RFC 9110 section 15.4.5)', async () => {
  const url = `${origin.url}/fresh/condition`
  await ask(larder.port, url)
  const answer = await ask(larder.port, url, { headers: { 'If-None-Match': 'W/"one"' } })
  assert.equal(answer.status, 304)
  assert.equal(answer.headers.etag, '"one"')
  assert.equal(answer.headers['content-length'], undefined)
  const last = (await larder.exchanges('/fresh/condition', 2))[1]!
  assert.equal(last.result, 'hit-not-modified')
})

test('one range is answered 206 from the store, several by the whole, an impossible one 416 (RFC 9110 section 14)', async () => {
  const url = `${origin.url}/fresh/range`
  const cold = await ask(larder.port, url, { headers: { Range: 'bytes=2-4' } })
  assert.deepEqual([cold.status, cold.body.toString()], [206, '234'])
  assert.equal(cold.headers['content-range'], 'bytes 2-4/10')
  const warm = await ask(larder.port, url, { headers: { Range: 'bytes=-3' } })
  assert.deepEqual([warm.status, warm.body.toString()], [206, '789'])
  const several = await ask(larder.port, url, { headers: { Range: 'bytes=0-1,4-5' } })
  assert.deepEqual([several.status, several.body.toString()], [200, '0123456789'])
  const beyond = await ask(larder.port, url, { headers: { Range: 'bytes=50-' } })
  assert.deepEqual([beyond.status, beyond.headers['content-range']], [416, 'bytes */10'])
  const changed = await ask(larder.port, url, { headers: { Range: 'bytes=0-1', 'If-Range': '"other"' } })
  assert.deepEqual([changed.status, changed.body.length], [200, 10])
  assert.equal(origin.count('/fresh/range'), 1)
  assert.equal(origin.requests.find((r) => r.url === '/fresh/range')!.headers.range, undefined)
})

for (const [path, reason] of [
  ['no-store', 'no-store'],
  ['private', 'private'],
  ['cookie', 'private'],
] as const) {
  test(`a response marked ${path} is relayed and the log says why it was not stored (RFC 9111 section 3)`, async () => {
    const url = `${origin.url}/${path}/1`
    const first = await ask(larder.port, url)
    await ask(larder.port, url)
    assert.equal(origin.count(`/${path}/1`), 2)
    assert.equal(first.headers['cache-status'], `larder; fwd=uri-miss; detail=${reason}`)
    assert.equal((await larder.exchanges(`/${path}/1`, 1))[0]!.stored, reason)
  })
}

test('a request with credentials goes past the store in both directions (RFC 9111 section 3.5)', async () => {
  const url = `${origin.url}/fresh/credentials`
  await ask(larder.port, url, { headers: { Authorization: 'Basic eA==' } })
  await ask(larder.port, url)
  await ask(larder.port, url, { headers: { Authorization: 'Basic eA==' } })
  assert.equal(origin.count('/fresh/credentials'), 3)
  const [first] = await larder.exchanges('/fresh/credentials', 3)
  assert.deepEqual([first!.result, first!.stored], ['relayed', 'authorization'])
})

test('a stale response is validated; a 304 freshens the stored fields (RFC 9111 section 4.3.4)', async () => {
  const url = `${origin.url}/validate/1`
  await ask(larder.port, url)
  await larder.exchanges('/validate/1', 1)
  const second = await ask(larder.port, url)
  assert.equal(second.headers['cache-status'], 'larder; fwd=stale; fwd-status=304')
  assert.equal(second.headers['x-new'], 'yes')
  assert.equal(second.body.toString(), 'content "v1"')
  etagNow = '"v2"'
  const third = await ask(larder.port, url)
  assert.equal(third.body.toString(), 'content "v2"')
  const seen = await larder.exchanges('/validate/1', 3)
  assert.deepEqual(
    seen.map((event) => event.result),
    ['miss', 'revalidated', 'replaced'],
  )
})

test('variants are kept apart by the fields that Vary names (RFC 9111 section 4.1)', async () => {
  const url = `${origin.url}/vary/1`
  for (const flavour of ['sweet', 'sour', 'sweet', 'sour']) {
    const answer = await ask(larder.port, url, { headers: { 'X-Flavour': flavour } })
    assert.equal(answer.body.toString(), `flavour ${flavour}`)
  }
  assert.equal(origin.count('/vary/1'), 2)
})

test('only-if-cached without a stored response is 504 with a code and a remedy (RFC 9111 section 5.2.1.7)', async () => {
  const answer = await ask(larder.port, `${origin.url}/fresh/never`, {
    headers: { 'Cache-Control': 'only-if-cached' },
  })
  assert.equal(answer.status, 504)
  assert.match(answer.body.toString(), /^CLIENT_ONLY_IF_CACHED: /)
  assert.equal(origin.count('/fresh/never'), 0)
})

test('a negative response is kept as long as the origin says', async () => {
  const url = `${origin.url}/missing/1`
  await ask(larder.port, url)
  const second = await ask(larder.port, url)
  assert.equal(second.status, 404)
  assert.equal(origin.count('/missing/1'), 1)
  assert.equal((await larder.exchanges('/missing/1', 2))[1]!.result, 'hit-negative')
})

test('when the origin fails, a stale response is served where stale-if-error allows (RFC 5861 section 4)', async () => {
  const url = `${origin.url}/rescue/1`
  await ask(larder.port, url)
  await larder.exchanges('/rescue/1', 1)
  failing = true
  const rescued = await ask(larder.port, url)
  failing = false
  assert.equal(rescued.status, 200)
  assert.equal((await larder.exchanges('/rescue/1', 2))[1]!.result, 'stale-on-error')
})

test('a successful unsafe request invalidates what is stored for its URI (RFC 9111 section 4.4)', async () => {
  const url = `${origin.url}/fresh/unsafe`
  await ask(larder.port, url)
  const posted = await ask(larder.port, url, { method: 'POST', body: 'x=1' })
  assert.equal(posted.status, 200)
  await ask(larder.port, url)
  assert.equal(origin.requests.filter((r) => r.url === '/fresh/unsafe' && r.method === 'GET').length, 2)
})

test('spellings of one URI share a stored response; another path or query never does (RFC 3986 section 6.2.2)', async () => {
  const { port } = origin
  await ask(larder.port, `http://127.0.0.1:${port}/fresh/spelling?a=1`)
  const same = await ask(larder.port, `HTTP://127.0.0.1:${port}/fresh/spelling?a=1`)
  assert.match(String(same.headers['cache-status']), /hit/)
  const plain = await ask(larder.port, `http://127.0.0.1:${port}/fr%65sh/spelling?a=%31`)
  assert.match(String(plain.headers['cache-status']), /hit/)
  const other = await ask(larder.port, `http://127.0.0.1:${port}/fresh/spelling?a%3D1`)
  assert.match(String(other.headers['cache-status']), /uri-miss/)
})
