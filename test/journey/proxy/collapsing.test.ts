import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import { connect } from 'node:net'
import { after, before, test } from 'node:test'
import { startLarder, type TestLarder } from '../../support/larder.ts'
import { startOrigin, type TestOrigin } from '../../support/origin.ts'
import { ask } from '../../support/proxy-client.ts'

const content = randomBytes(3 * 1024 * 1024)
const digest = createHash('sha256').update(content).digest('hex')

let larder: TestLarder
let origin: TestOrigin
/** Responses whose head and first half were sent; the test sends the rest. */
const held = new Map<string, ServerResponse>()
let onHeld: () => void = () => {}

before(async () => {
  larder = await startLarder()
  origin = await startOrigin((request, response) => {
    const head = { 'Cache-Control': 'max-age=3600', ETag: '"big"', 'Content-Length': content.length }
    if (request.url!.startsWith('/private')) {
      return response.writeHead(200, { 'Cache-Control': 'private' }).end('for one only')
    }
    response.writeHead(200, head)
    response.write(content.subarray(0, content.length / 2))
    held.set(request.url!, response)
    onHeld()
  })
})

after(async () => {
  await larder.stop()
  await origin.stop()
})

function finish(path: string): void {
  held.get(path)!.end(content.subarray(content.length / 2))
}

function whenHeld(path: string): Promise<void> {
  return new Promise((resolve) => {
    onHeld = () => held.has(path) && resolve()
    onHeld()
  })
}

/** A client of its own that tells when its first byte of content came. */
function follow(url: string): { readonly firstByte: Promise<void>; readonly digest: Promise<string>; leave(): void } {
  const socket = connect(larder.port, '127.0.0.1')
  const first = Promise.withResolvers<void>()
  const done = Promise.withResolvers<string>()
  const hash = createHash('sha256')
  let head = ''
  let seen = 0
  socket.on('error', () => {})
  socket.on('data', (chunk) => {
    let body = chunk
    if (!head.includes('\r\n\r\n')) {
      head += chunk.toString('latin1')
      const end = head.indexOf('\r\n\r\n')
      if (end < 0) return
      body = Buffer.from(head.slice(end + 4), 'latin1')
    }
    if (body.length === 0) return
    first.resolve()
    hash.update(body)
    seen += body.length
    if (seen === content.length) {
      done.resolve(hash.digest('hex'))
      socket.destroy()
    }
  })
  socket.write(`GET ${url} HTTP/1.1\r\nHost: 127.0.0.1:${origin.port}\r\n\r\n`)
  return { firstByte: first.promise, digest: done.promise, leave: () => socket.destroy() }
}

test('fifty clients of one cold object cause one origin request, and each streams from the first byte', async () => {
  const url = `${origin.url}/shared`
  const clients = Array.from({ length: 50 }, () => follow(url))
  // Half of the content is still at the origin: whoever sees a byte now is following the fill.
  await Promise.all(clients.map((client) => client.firstByte))
  finish('/shared')
  for (const seen of await Promise.all(clients.map((client) => client.digest))) assert.equal(seen, digest)
  assert.equal(origin.count('/shared'), 1)
  const events = await larder.exchanges('/shared', 1)
  assert.ok(events.every((event) => event.result === 'miss' || event.result === 'miss-collapsed'))
})

test('the client that started a fill may leave; the others get every byte and the response is stored', async () => {
  const url = `${origin.url}/leaver`
  const leader = follow(url)
  await leader.firstByte
  const follower = follow(url)
  await follower.firstByte
  leader.leave()
  finish('/leaver')
  assert.equal(await follower.digest, digest)
  await larder.exchanges('/leaver', 2)
  const later = await ask(larder.port, url)
  assert.match(String(later.headers['cache-status']), /hit/)
  assert.equal(origin.count('/leaver'), 1)
})

test('a range is served from a growing blob as soon as its bytes are there (RFC 9110 section 14)', async () => {
  const url = `${origin.url}/growing-range`
  const leader = follow(url)
  await whenHeld('/growing-range')
  const part = await ask(larder.port, url, { headers: { Range: 'bytes=100-199' } })
  assert.equal(part.status, 206)
  assert.deepEqual(part.body, content.subarray(100, 200))
  const tail = ask(larder.port, url, { headers: { Range: `bytes=${content.length - 10}-` } })
  finish('/growing-range')
  assert.deepEqual((await tail).body, content.subarray(content.length - 10))
  assert.equal(await leader.digest, digest)
  assert.equal(origin.count('/growing-range'), 1)
})

test('followers of a response that may not be shared each ask the origin themselves (CORRECTNESS I4)', async () => {
  const answers = await Promise.all(Array.from({ length: 5 }, () => ask(larder.port, `${origin.url}/private/x`)))
  assert.ok(answers.every((answer) => answer.body.toString() === 'for one only'))
  assert.equal(origin.count('/private/x'), 5)
})
