import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import { startLarder, type TestLarder } from '../../support/larder.ts'
import { type Departure, LeavingClient } from '../../support/leaving-client.ts'
import { type MeteredOrigin, startMeteredOrigin } from '../../support/metered-origin.ts'
import { openDescriptors, whenSettled } from '../../support/open-descriptors.ts'

const content = randomBytes(300_000)
const digest = createHash('sha256').update(content).digest('hex')
const fields = { 'Cache-Control': 'max-age=600', ETag: '"one"' }

let larder: TestLarder
let origin: MeteredOrigin

before(async () => {
  larder = await startLarder()
  origin = await startMeteredOrigin(() => ({ content, fields }))
})
after(async () => {
  await larder.stop()
  await origin.stop()
})

function client(path: string): LeavingClient {
  return new LeavingClient(larder.port, origin.url + path)
}

describe('A client that leaves at any moment', () => {
  const moments = ['before the head', 'at the head', 'in the middle', 'one byte before the end'] as const
  const requests = { GET: [], 'GET with Range': ['Range: bytes=1000-298999'], HEAD: [] } as const
  for (const [request, lines] of Object.entries(requests)) {
    for (const moment of moments) {
      for (const how of ['close', 'reset'] as const) {
        test(`${request}, ${moment}, by ${how}: nothing is left open, and the next client gets every byte`, () =>
          leavesNothing(request.split(' ')[0]!, lines, moment, how))
      }
    }
  }

  async function leavesNothing(
    method: string,
    lines: readonly string[],
    moment: (typeof moments)[number],
    how: Departure,
  ): Promise<void> {
    const path = `/any-${method}-${lines.length}-${moment.replaceAll(' ', '-')}-${how}`
    const before = openDescriptors()
    const one = new LeavingClient(larder.port, origin.url + path, { method, lines })
    const answer = await origin.asked(path)
    if (moment !== 'before the head') {
      answer.begin()
      const sentBytes = { 'at the head': 0, 'in the middle': 150_000, 'one byte before the end': 299_999 }[moment]
      if (method === 'GET') await answer.sendTo(sentBytes)
      // The lane sends a head with the first of the content.
      if (method === 'HEAD' || lines.length > 0) await one.whenHead()
      if (method === 'GET' && sentBytes > 0) await one.whenSeen(Math.min(sentBytes - 1000, 298_000))
    }
    await one.leave(how)
    if (moment === 'before the head') answer.begin()
    await answer.finish()
    await larder.exchanges(path, 1)
    await whenSettled(larder, origin, before)
    const next = client(path)
    if (method === 'HEAD') {
      const whole = await origin.asked(path)
      whole.begin()
      await whole.finish()
    }
    await next.whenComplete()
    assert.equal(next.digest, digest)
    await next.leave()
    assert.equal(origin.count(path), method === 'HEAD' ? 2 : 1)
    await whenSettled(larder, origin, before)
  }

  test('one that ends only its own direction gets everything', async () => {
    const half = client('/half-closed')
    const answer = await origin.asked('/half-closed')
    half.halfClose()
    answer.begin()
    await answer.finish()
    await half.whenComplete()
    assert.equal(half.digest, digest)
    await half.leave()
  })

  test('HEAD while the content comes tells its length, and disturbs nobody', async () => {
    const reader = client('/head-beside')
    const answer = await origin.asked('/head-beside')
    answer.begin()
    await answer.sendTo(100_000)
    await reader.whenSeen(100_000)
    const head = new LeavingClient(larder.port, `${origin.url}/head-beside`, { method: 'HEAD' })
    const asked = await origin.asked('/head-beside')
    asked.begin()
    await head.whenHead()
    assert.match(head.head!, new RegExp(`content-length: ${content.length}`, 'i'))
    await head.leave('reset')
    await answer.finish()
    await reader.whenComplete()
    assert.equal(reader.digest, digest)
    await reader.leave()
  })
})
