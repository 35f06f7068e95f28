import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { rmSync } from 'node:fs'
import type { ServerResponse } from 'node:http'
import { request as httpRequest } from 'node:http'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { parseRange } from '../../../src/http/range.ts'
import { startLarder, type TestLarder } from '../../support/larder.ts'
import { startOrigin, type TestOrigin } from '../../support/origin.ts'
import { ask, type ProxiedAnswer } from '../../support/proxy-client.ts'

const content = randomBytes(4 * 1024 * 1024)
const mebibyte = 1024 * 1024

let larder: TestLarder
let origin: TestOrigin
/** A response whose head and first half were sent. */
let held: { readonly response: ServerResponse; readonly rest: Buffer } | undefined
let onHeld: () => void = () => {}

before(async () => {
  larder = await startLarder({ profile: 'standards' })
  origin = await startOrigin((request, response) => {
    const range = parseRange(request.headers.range)
    const fields = { 'Cache-Control': 'max-age=3600', ETag: '"big"' }
    if (range === undefined || 'suffixBytes' in range) {
      return response.writeHead(200, { ...fields, 'Content-Length': content.length }).end(content)
    }
    const last = range.last ?? content.length - 1
    const bytes = content.subarray(range.first, last + 1)
    response.writeHead(206, {
      ...fields,
      'Content-Length': bytes.length,
      'Content-Range': `bytes ${range.first}-${last}/${content.length}`,
    })
    if (!request.url!.startsWith('/held')) return response.end(bytes)
    response.write(bytes.subarray(0, bytes.length / 2))
    held = { response, rest: bytes.subarray(bytes.length / 2) }
    onHeld()
  })
})

after(async () => {
  await larder.stop()
  await origin.stop()
})

function askFor(path: string, first: number, last: number): Promise<ProxiedAnswer> {
  return ask(larder.port, origin.url + path, { headers: { Range: `bytes=${first}-${last}` } })
}

function isSlice(answer: ProxiedAnswer, first: number, last: number): void {
  assert.equal(answer.status, 206)
  assert.equal(answer.headers['content-range'], `bytes ${first}-${last}/${content.length}`)
  assert.equal(answer.headers['content-length'], String(last - first + 1))
  assert.ok(answer.complete && answer.body.equals(content.subarray(first, last + 1)))
}

describe('Parts of a large file (RFC 9111 section 3.3)', () => {
  test('come once from the origin, in whatever order, and in the end are the whole, also after a restart', async () => {
    const parts = [2, 0, 3, 1].map((at) => [at * mebibyte, (at + 1) * mebibyte - 1] as const)
    for (const [first, last] of parts) isSlice(await askFor('/big', first, last), first, last)
    const stored = await larder.exchanges('/big', 4)
    assert.deepEqual(
      stored.map((event) => event.stored),
      ['yes', 'yes', 'yes', 'yes'],
    )
    larder = await larder.restart()
    isSlice(await askFor('/big', 5, 3 * mebibyte), 5, 3 * mebibyte)
    const whole = await ask(larder.port, `${origin.url}/big`)
    assert.equal(whole.status, 200)
    assert.equal(whole.headers['content-range'], undefined)
    assert.ok(whole.body.equals(content))
    assert.equal(origin.count('/big'), 4)
  })

  test('are read as one where they touch, before they are joined', async () => {
    isSlice(await askFor('/two', 0, 3_000_000), 0, 3_000_000)
    isSlice(await askFor('/two', 3_000_001, 3_100_000), 3_000_001, 3_100_000)
    await larder.exchanges('/two', 2)
    isSlice(await askFor('/two', 2_900_000, 3_050_000), 2_900_000, 3_050_000)
    assert.equal(origin.count('/two'), 2)
  })

  test('are fetched again when their content is gone', async () => {
    isSlice(await askFor('/gone', 0, mebibyte), 0, mebibyte)
    await larder.exchanges('/gone', 1)
    rmSync(join(larder.settings.dataFolder, 'blobs'), { recursive: true })
    larder = await larder.restart()
    isSlice(await askFor('/gone', 0, mebibyte), 0, mebibyte)
    await larder.exchanges('/gone', 1)
    isSlice(await askFor('/gone', 0, mebibyte), 0, mebibyte)
    assert.equal(origin.count('/gone'), 2)
  })

  test('go on to the store when their client leaves', async () => {
    const begun = new Promise<void>((resolve) => {
      onHeld = resolve
    })
    const client = httpRequest({
      host: '127.0.0.1',
      port: larder.port,
      path: `${origin.url}/held`,
      headers: { Host: new URL(origin.url).host, Range: `bytes=0-${mebibyte - 1}` },
    })
    client.on('error', () => {})
    client.on('response', (response) => {
      response.on('error', () => {})
      response.once('data', () => client.destroy())
    })
    client.end()
    await begun
    await new Promise((resolve) => client.once('close', resolve))
    held!.response.end(held!.rest)
    const [event] = await larder.exchanges('/held', 1)
    assert.deepEqual([event!.stored, event!.clientAborted], ['yes', true])
    isSlice(await askFor('/held', 7, mebibyte - 1), 7, mebibyte - 1)
    assert.equal(origin.count('/held'), 1)
  })
})
