import assert from 'node:assert/strict'
import type { ServerResponse } from 'node:http'
import { test } from 'node:test'
import { startFaultFtp } from '../../fakes/fault-ftp.ts'
import { startLarder } from '../../support/larder.ts'
import { startOrigin } from '../../support/origin.ts'
import { ftpFetcher, get, targetOf } from '../../support/origin-fetching.ts'
import { ask } from '../../support/proxy-client.ts'

test('--origin-connections: an HTTP origin never serves more requests at a time, and all are served in the end', async (t) => {
  const held: ServerResponse[] = []
  let most = 0
  let announce = (): void => {}
  const origin = await startOrigin((_request, response) => {
    held.push(response)
    most = Math.max(most, held.length)
    announce()
  })
  const larder = await startLarder({ originConnections: 2 }, false)
  t.after(() => larder.stop())
  t.after(() => origin.stop())
  const all = Array.from({ length: 8 }, (_, i) => ask(larder.port, `${origin.url}/${i}`))
  for (let answered = 0; answered < all.length; answered += 1) {
    const room = Math.min(2, all.length - answered)
    while (held.length < room) await new Promise<void>((resolve) => void (announce = resolve))
    held.shift()!.end('here')
  }
  assert.deepEqual(
    (await Promise.all(all)).map(({ status, body }) => `${status} ${body}`),
    Array.from({ length: 8 }, () => '200 here'),
  )
  assert.equal(most, 2)
})

test('--origin-connections: an FTP origin never has more control connections', async (t) => {
  const origin = await startFaultFtp({ content: Buffer.from('here') })
  const fetcher = ftpFetcher({ connectionsPerOrigin: 2 })
  t.after(() => origin.stop())
  t.after(() => fetcher.close())
  const all = await Promise.all(Array.from({ length: 8 }, () => get(fetcher, targetOf('ftp', origin.port, '/file'))))
  assert.ok(all.every(({ content, fault }) => fault === undefined && content.toString() === 'here'))
  assert.equal(origin.controlCount, 2)
})

test('--origin-rate: who would wait for more than a minute gets 503 with Retry-After at once, and the origin is not asked', async (t) => {
  const origin = await startOrigin((_request, response) => response.end('here'))
  const larder = await startLarder({ originRate: 1 / 3600 }, false)
  t.after(() => larder.stop())
  t.after(() => origin.stop())
  assert.equal((await ask(larder.port, `${origin.url}/1`)).status, 200)
  const refused = await ask(larder.port, `${origin.url}/2`)
  assert.equal(refused.status, 503)
  assert.match(String(refused.headers['proxy-status']), /ORIGIN_BUSY/)
  assert.ok(Number(refused.headers['retry-after']) > 0)
  assert.equal(origin.requests.length, 1)
})

test('--origin-bandwidth: what is paused again and again comes whole', async (t) => {
  const content = Buffer.from(Array.from({ length: 300_000 }, (_, i) => i % 251))
  const origin = await startOrigin((_request, response) => response.end(content))
  const larder = await startLarder({ originBytesPerSecond: 200_000 }, false)
  t.after(() => larder.stop())
  t.after(() => origin.stop())
  const answers = await Promise.all(['/1', '/2'].map((path) => ask(larder.port, `${origin.url}${path}`)))
  for (const { complete, body } of answers) assert.ok(complete && body.equals(content))
})

test('an origin is reached by the one of its addresses that works', async (t) => {
  const origin = await startOrigin((_request, response) => response.end('here'))
  const larder = await startLarder({}, false)
  t.after(() => larder.stop())
  t.after(() => origin.stop())
  const { status, body } = await ask(larder.port, `http://localhost:${origin.port}/`)
  assert.equal(`${status} ${body}`, '200 here')
})
