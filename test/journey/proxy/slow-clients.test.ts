import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { startLarder } from '../../support/larder.ts'
import { LeavingClient } from '../../support/leaving-client.ts'
import { type MeteredOrigin, type Resource, startMeteredOrigin } from '../../support/metered-origin.ts'
import { startOrigin } from '../../support/origin.ts'
import { ask } from '../../support/proxy-client.ts'

const mebibyte = 1024 * 1024
const content = randomBytes(64 * mebibyte)
const digest = createHash('sha256').update(content).digest('hex')
const resource: Resource = { content, fields: { 'Cache-Control': 'max-age=600', ETag: '"one"' } }

async function finishNext(origin: MeteredOrigin, path: string): Promise<void> {
  const answer = await origin.asked(path)
  answer.begin()
  await answer.finish()
}

for (const leads of ['the slow one', 'the fast one'] as const) {
  test(`a client that reads nothing slows down nobody: the other gets 64 MB and all is stored meanwhile (${leads} came first)`, async (t) => {
    const larder = await startLarder()
    t.after(() => larder.stop())
    const origin = await startMeteredOrigin(() => resource)
    t.after(() => origin.stop())
    t.after(() => Promise.all([first.leave(), second.leave()]))
    const url = `${origin.url}/cold`
    const first = new LeavingClient(larder.port, url, { paused: leads === 'the slow one' })
    const answer = await origin.asked('/cold')
    const second = new LeavingClient(larder.port, url, { paused: leads === 'the fast one' })
    await second.asked
    answer.begin()
    const [slow, fast] = leads === 'the slow one' ? [first, second] : [second, first]
    await answer.finish()
    await fast.whenComplete()
    assert.equal(fast.digest, digest)
    while (larder.daemon.flightCount > 0) await new Promise((resolve) => setImmediate(resolve))
    // It is all in the store: whoever comes now has a hit, and the slow one has not read a byte.
    const hit = await ask(larder.port, url)
    assert.match(String(hit.headers['cache-status']), /hit/)
    assert.equal(hit.body.length, content.length)
    assert.equal(slow.seenBytes, 0)
    slow.read()
    await slow.whenComplete()
    assert.equal(slow.digest, digest)
    assert.equal(origin.count('/cold'), 1)
  })
}

test('a download that trickles for much longer than every timeout is not cut', async (t) => {
  const larder = await startLarder({ connectTimeoutMs: 500, headTimeoutMs: 500, idleTimeoutMs: 500 })
  t.after(() => larder.stop())
  const pieceCount = 30
  const origin = await startOrigin((request, response) => {
    const stored = request.url === '/stored' ? 'max-age=600' : 'no-store'
    response.writeHead(200, { 'Cache-Control': stored, 'Content-Length': pieceCount })
    let sentCount = 0
    const timer = setInterval(() => {
      response.write('.')
      sentCount += 1
      if (sentCount < pieceCount) return
      clearInterval(timer)
      response.end()
    }, 80)
  })
  t.after(() => origin.stop())
  const paths = ['/stored', '/relayed']
  const answers = await Promise.all(paths.map((path) => ask(larder.port, origin.url + path)))
  for (const answer of answers) assert.deepEqual([answer.complete, answer.body.length], [true, pieceCount])
})

test('a daemon that stops gives up what nobody reads, keeps the part, and goes on with it when it runs again', async (t) => {
  let larder = await startLarder({ idleTimeoutMs: 60_000 })
  t.after(() => larder.stop())
  const origin = await startMeteredOrigin(() => resource)
  t.after(() => origin.stop())
  const path = '/stopped'
  const only = new LeavingClient(larder.port, origin.url + path)
  const answer = await origin.asked(path)
  answer.begin()
  await answer.sendTo(40 * mebibyte)
  await only.whenSeen(40 * mebibyte)
  await only.leave('reset')
  const [restarted] = await Promise.all([larder.restart(), answer.whenLeft()])
  larder = restarted
  const whole = new LeavingClient(larder.port, origin.url + path)
  await finishNext(origin, path)
  await whole.whenComplete()
  assert.equal(whole.digest, digest)
  assert.match(whole.cacheStatus, /fwd=partial/)
  await whole.leave()
})
