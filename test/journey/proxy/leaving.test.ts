import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import type { Stored } from '../../../src/base/results.ts'
import { startLarder, type TestLarder } from '../../support/larder.ts'
import { LeavingClient } from '../../support/leaving-client.ts'
import { type MeteredOrigin, type Resource, startMeteredOrigin } from '../../support/metered-origin.ts'
import { openDescriptors, whenSettled } from '../../support/open-descriptors.ts'
import { ask } from '../../support/proxy-client.ts'

const mebibyte = 1024 * 1024
const content = randomBytes(40 * mebibyte)
const digest = digestOf(content)
const caching = { 'Cache-Control': 'max-age=600' }
const tagged: Resource = { content, fields: { ...caching, ETag: '"one"' } }
const resources = new Map<string, Resource>()

let larder: TestLarder
let origin: MeteredOrigin

before(async () => {
  larder = await startLarder()
  origin = await startMeteredOrigin((path) => resources.get(path) ?? tagged)
})
after(async () => {
  await larder.stop()
  await origin.stop()
})

function digestOf(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex')
}

function client(path: string, lines: readonly string[] = []): LeavingClient {
  return new LeavingClient(larder.port, origin.url + path, { lines })
}

/** A reset takes back what was sent and not read: Larder has read the requests when it has answered others that came later. */
async function allRead(clients: readonly LeavingClient[]): Promise<void> {
  await Promise.all(clients.map((one) => one.asked))
  for (let count = 0; count < 2; count += 1) {
    await ask(larder.port, `${origin.url}/nothing`, { headers: { 'Cache-Control': 'only-if-cached' } })
  }
}

/** A client that sees so much of a response, and leaves. Answers what became of the fill. */
async function begunAndLeft(path: string, seenBytes: number): Promise<Stored | undefined> {
  const only = client(path)
  const answer = await origin.asked(path)
  answer.begin()
  await answer.sendTo(seenBytes)
  await only.whenSeen(seenBytes)
  await only.leave('reset')
  await answer.whenLeft()
  const [event] = await larder.exchanges(path, 1)
  assert.equal(event!.clientAborted, true)
  return event!.stored
}

/** Asks for the whole, and answers from which byte on the origin was asked for it. */
async function wholeAfter(path: string, expected = content): Promise<{ range: string | undefined; result: string }> {
  const whole = ask(larder.port, origin.url + path)
  const answer = await origin.asked(path)
  answer.begin()
  await answer.finish()
  const got = await whole
  assert.deepEqual([got.status, got.complete, digestOf(got.body)], [200, true, digestOf(expected)])
  assert.equal(got.headers['content-range'], undefined)
  const events = await larder.exchanges(path, origin.count(path))
  const event = events.at(-1)!
  assert.equal(event.stored, 'yes')
  assert.equal(event.originBytes, expected.length - Number(/\d+/.exec(answer.range ?? '0')![0]))
  const hit = await ask(larder.port, origin.url + path)
  assert.match(String(hit.headers['cache-status']), /hit/)
  assert.equal(digestOf(hit.body), digestOf(expected))
  return { range: answer.range, result: event.result }
}

describe('Twenty clients of one flight', () => {
  for (const how of ['close', 'reset'] as const) {
    test(`leave at 0, 1, 50 and 99 % (${how}): those who stay get every byte, from one request, and nothing is left open`, async () => {
      const path = `/twenty-${how}`
      const before = openDescriptors()
      const clients = Array.from({ length: 20 }, () => client(path))
      const answer = await origin.asked(path)
      await allRead(clients)
      const leaveNow = (from: number): Promise<unknown> =>
        Promise.all(clients.slice(from, from + 4).map((one) => one.leave(how)))
      // The first of all clients is the one for which the origin was asked.
      await leaveNow(0)
      answer.begin()
      for (const [at, share] of [0.01, 0.5, 0.99].entries()) {
        const bytes = Math.floor(share * content.length)
        await answer.sendTo(bytes)
        await Promise.all(clients.slice(4 * (at + 1)).map((one) => one.whenSeen(bytes)))
        await leaveNow(4 * (at + 1))
      }
      await answer.finish()
      const stayed = clients.slice(16)
      await Promise.all(stayed.map((one) => one.whenComplete()))
      for (const one of stayed) assert.equal(one.digest, digest)
      assert.equal(origin.count(path), 1)
      const events = await larder.exchanges(path, 20)
      assert.equal(events.filter((event) => event.clientAborted).length, 16)
      assert.ok(events.every(({ stored }) => stored === undefined || stored === 'yes'))
      await Promise.all(stayed.map((one) => one.leave()))
      await whenSettled(larder, origin, before)
      const hit = await ask(larder.port, origin.url + path)
      assert.match(String(hit.headers['cache-status']), /hit/)
    })
  }

  test('that all leave before anything came: the origin is left, and who comes then asks anew', async () => {
    const path = '/all-gone'
    const before = openDescriptors()
    const clients = Array.from({ length: 20 }, () => client(path))
    const answer = await origin.asked(path)
    await allRead(clients)
    await Promise.all(clients.map((one) => one.leave('reset')))
    answer.begin()
    await answer.whenLeft()
    const events = await larder.exchanges(path, 20)
    assert.deepEqual(new Set(events.map(({ stored }) => stored)), new Set([undefined, 'client-aborted']))
    await whenSettled(larder, origin, before)
    assert.deepEqual(await wholeAfterAll(path), undefined)
  })
})

/** As `wholeAfter`, where more exchanges than requests at the origin came before. */
async function wholeAfterAll(path: string): Promise<string | undefined> {
  const whole = client(path)
  const answer = await origin.asked(path)
  answer.begin()
  await answer.finish()
  await whole.whenComplete()
  assert.equal(whole.digest, digest)
  await whole.leave()
  return answer.range
}

describe('When the last client leaves', () => {
  test('before half of it and with much missing, the origin is left; the next request asks for the rest alone', async () => {
    assert.equal(await begunAndLeft('/part', 3 * mebibyte), 'client-aborted')
    const { range, result } = await wholeAfter('/part')
    assert.match(range!, /^bytes=\d+-$/)
    assert.ok(Number(/\d+/.exec(range!)![0]) >= 3 * mebibyte)
    assert.equal(result, 'miss-partial')
  })

  test('the part survives a restart, and ranges within it are served from it', async () => {
    assert.equal(await begunAndLeft('/restart', 3 * mebibyte), 'client-aborted')
    larder = await larder.restart()
    const part = await ask(larder.port, `${origin.url}/restart`, { headers: { Range: 'bytes=1000-1999' } })
    assert.deepEqual([part.status, digestOf(part.body)], [206, digestOf(content.subarray(1000, 2000))])
    assert.equal(origin.count('/restart'), 1)
    const whole = client('/restart')
    const answer = await origin.asked('/restart')
    assert.equal(answer.ifRange, '"one"')
    answer.begin()
    await answer.finish()
    await whole.whenComplete()
    assert.equal(whole.digest, digest)
    assert.match(whole.cacheStatus, /fwd=partial/)
    await whole.leave()
  })

  test('several times, each time more is there', async () => {
    assert.equal(await begunAndLeft('/thrice', 2 * mebibyte), 'client-aborted')
    const second = client('/thrice')
    const answer = await origin.asked('/thrice')
    answer.begin()
    await answer.sendTo(2 * mebibyte)
    await second.whenSeen(4 * mebibyte)
    await second.leave('reset')
    await answer.whenLeft()
    const events = await larder.exchanges('/thrice', 2)
    assert.equal(events[1]!.stored, 'client-aborted')
    const { range } = await wholeAfter('/thrice')
    assert.ok(Number(/\d+/.exec(range!)![0]) >= 4 * mebibyte)
  })

  test('a new version at the origin is fetched whole, and no byte of the part is in it', async () => {
    assert.equal(await begunAndLeft('/changed', 3 * mebibyte), 'client-aborted')
    const other = randomBytes(5 * mebibyte)
    resources.set('/changed', { content: other, fields: { ...caching, ETag: '"two"' } })
    const whole = client('/changed')
    const answer = await origin.asked('/changed')
    assert.equal(answer.ifRange, '"one"')
    answer.begin()
    await answer.finish()
    await whole.whenComplete()
    assert.equal(whole.digest, digestOf(other))
    await whole.leave()
  })

  const unkept: { readonly [title: string]: Resource['fields'] } = {
    'with a weak entity tag': { ...caching, ETag: 'W/"one"' },
    'with a date alone': { ...caching, 'Last-Modified': 'Thu, 01 Jan 2026 00:00:00 GMT' },
  }
  for (const [title, fields] of Object.entries(unkept)) {
    test(`nothing is kept of a response ${title}`, async () => {
      const path = `/unkept-${title.replaceAll(' ', '-')}`
      resources.set(path, { content, fields })
      assert.equal(await begunAndLeft(path, 3 * mebibyte), 'client-aborted')
      assert.deepEqual(await wholeAfter(path), { range: undefined, result: 'miss' })
    })
  }

  test('with half of it there, it is finished for those to come; who comes meanwhile joins', async () => {
    const only = client('/half')
    const answer = await origin.asked('/half')
    answer.begin()
    await answer.sendTo(20 * mebibyte)
    await only.whenSeen(20 * mebibyte)
    await only.leave()
    await answer.sendTo(21 * mebibyte)
    const newcomer = client('/half')
    await newcomer.whenSeen(21 * mebibyte)
    await newcomer.leave()
    await answer.finish()
    const events = await larder.exchanges('/half', 2)
    assert.deepEqual(
      events.map(({ result, stored }) => [result, stored]),
      [
        ['miss', 'yes'],
        ['miss-collapsed', undefined],
      ],
    )
    const hit = await ask(larder.port, `${origin.url}/half`)
    assert.equal(digestOf(hit.body), digest)
    assert.equal(origin.count('/half'), 1)
  })

  test('one who was served a range is not one who gave up: the whole is fetched for others', async () => {
    const probe = client('/probe', ['Range: bytes=0-0'])
    const answer = await origin.asked('/probe')
    answer.begin()
    await answer.sendTo(mebibyte)
    await probe.whenComplete()
    await answer.finish()
    await probe.leave()
    const [event] = await larder.exchanges('/probe', 1)
    assert.deepEqual([event!.status, event!.stored], [206, 'yes'])
  })

  test('of content without a length at most 16 MiB more are fetched', async () => {
    resources.set('/endless', { ...tagged, chunked: true })
    const only = client('/endless')
    const answer = await origin.asked('/endless')
    answer.begin()
    await answer.sendTo(mebibyte)
    await only.whenSeen(mebibyte)
    await only.leave('reset')
    await answer.sendTo(content.length)
    await answer.whenLeft()
    const [event] = await larder.exchanges('/endless', 1)
    assert.equal(event!.stored, 'client-aborted')
    assert.ok(event!.originBytes > 17 * mebibyte && event!.originBytes < content.length, String(event!.originBytes))
  })

  test('a response that is not stored is left at once', async () => {
    resources.set('/relayed', { content, fields: { 'Cache-Control': 'no-store' } })
    const before = openDescriptors()
    assert.equal(await begunAndLeft('/relayed', mebibyte), 'no-store')
    await whenSettled(larder, origin, before)
  })

  test('without a word, as half-closed connections are served, it is noticed with the next bytes', async () => {
    const only = client('/quiet')
    const answer = await origin.asked('/quiet')
    answer.begin()
    await answer.sendTo(mebibyte)
    await only.whenSeen(mebibyte)
    await only.leave('close')
    await answer.sendTo(content.length)
    await answer.whenLeft()
    const [event] = await larder.exchanges('/quiet', 1)
    assert.deepEqual([event!.clientAborted, event!.stored], [true, 'client-aborted'])
  })
})

describe('A transfer that the origin cuts for good', () => {
  test('breaks visibly; what came is kept, and the next request asks for the rest alone', async () => {
    const first = client('/cut')
    const answer = await origin.asked('/cut')
    answer.begin()
    await answer.sendTo(mebibyte)
    await first.whenSeen(mebibyte)
    answer.cut()
    await first.whenClosed()
    assert.equal(first.isComplete, false)
    const [event] = await larder.exchanges('/cut', 1)
    assert.equal(event!.stored, 'origin-fault')
    const { range, result } = await wholeAfter('/cut')
    assert.deepEqual([range, result], [`bytes=${mebibyte}-`, 'miss-partial'])
  })
})
