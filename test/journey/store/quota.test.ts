import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import type { ExchangeEvent, LarderEvent } from '../../../src/base/events.ts'
import { AdminClient } from '../../../src/cli/admin-client.ts'
import type { FoundResponse } from '../../../src/pipeline/find-responses.ts'
import { startLarder, type TestLarder } from '../../support/larder.ts'
import { startOrigin } from '../../support/origin.ts'
import { ask } from '../../support/proxy-client.ts'

const mib = 1024 * 1024
const quotaBytes = 40 * mib
const writtenBytes = 10 * quotaBytes
/** What is passed on alone, because room is made more slowly than content comes, does not count: so much is stored on any machine. */
const storedBytes = 2 * quotaBytes
/** One object may take a tenth of the quota. */
const largestBytes = quotaBytes / 10
const clientCount = 50
/** What one writer hands to the disk at a time. */
const chunkBytes = 64 * 1024

const pattern = Buffer.alloc(8 * mib, 'The quick brown fox jumps over the lazy dog. ')

/** Most are small; the bytes are in the large ones. */
function sizeOf(number: number): number {
  const draw = createHash('sha256').update(String(number)).digest().readUInt32BE(0) / 2 ** 32
  if (draw < 0.6) return 200 + Math.floor(draw * 60_000)
  if (draw < 0.97) return Math.floor(40_000 + (draw - 0.6) * 2_000_000)
  return Math.floor(2 * mib + (draw - 0.97) * 120 * mib)
}

function contentOf(number: number): Buffer {
  const head = Buffer.from(`object ${number}\n`)
  return Buffer.concat([head, pattern.subarray(0, sizeOf(number) - head.length)])
}

/** What `du` says of a folder, files that vanish meanwhile left aside. */
function diskUse(folder: string): Promise<number> {
  return new Promise((resolve) => {
    execFile('du', ['-s', '-B1', folder], (_, stdout) => resolve(Number.parseInt(stdout, 10)))
  })
}

async function mostDiskUse(folder: string, during: Promise<unknown>): Promise<number> {
  let over = false
  let most = 0
  const watch = (async () => {
    while (!over) most = Math.max(most, await diskUse(folder))
  })()
  try {
    await during
  } finally {
    over = true
    await watch
  }
  return most
}

/** On a busy machine the disk may be slow: then content is relayed, which is told as such. */
const isFault = (event: LarderEvent): boolean =>
  event.kind === 'store-fault' && !/^the disk took nothing for|^the store has been tried for/.test(event.detail)

const numberIn = (url: string): number => Number(url.split('/').at(-1))

/** The objects of which this became. */
function objectsThatAre(outcome: string, { events }: TestLarder, from = 0): readonly number[] {
  const meant = (event: LarderEvent): boolean => event.kind === 'exchange' && event.stored === outcome
  return events.slice(from).flatMap((event) => (meant(event) ? [numberIn((event as ExchangeEvent).url)] : []))
}

const bytesOf = (numbers: readonly number[]): number => numbers.reduce((sum, number) => sum + sizeOf(number), 0)

function evictedBytesOf({ events }: TestLarder): number {
  return events.reduce((sum, event) => sum + (event.kind === 'evicted' ? event.bytes : 0), 0)
}

/** Asks for one object after another until so much was asked for and so much of it stored; answers how many. */
async function fill(larder: TestLarder, originUrl: string): Promise<number> {
  let next = 0
  let bytes = 0
  let [stored, seenCount] = [0, 0]
  const isEnough = (): boolean => {
    stored += bytesOf(objectsThatAre('yes', larder, seenCount))
    seenCount = larder.events.length
    return bytes >= writtenBytes && stored >= storedBytes
  }
  const client = async (): Promise<void> => {
    while (!isEnough()) {
      const number = next++
      bytes += sizeOf(number)
      const answer = await ask(larder.port, `${originUrl}/${number % 3 === 0 ? 'chunked' : 'length'}/${number}`)
      assert.ok(answer.complete && answer.body.equals(contentOf(number)), `object ${number}`)
    }
  }
  await Promise.all(Array.from({ length: clientCount }, client))
  return next
}

test('ten times the quota written by fifty clients: du never exceeds the quota and a chunk for each, all are served', async (t) => {
  const origin = await startOrigin((request, response) => {
    const [, way, number] = request.url!.split('/')
    const content = contentOf(Number(number))
    const length = way === 'length' ? { 'Content-Length': content.length } : {}
    response.writeHead(200, { 'Cache-Control': 'max-age=36000', ...length }).end(content)
  })
  let larder = await startLarder({ quotaBytes, memoryBytes: 8 * mib })
  t.after(async () => {
    await larder.stop()
    await origin.stop()
  })
  const folder = join(larder.folder, 'data')
  let count = 0
  const filled = fill(larder, origin.url).then((all) => {
    count = all
  })
  const most = await mostDiskUse(folder, filled)
  t.diagnostic(`${count} objects, at most ${(most / mib).toFixed(1)} MiB of ${quotaBytes / mib}`)
  await larder.exchanges('', count)
  const [stored, tooLarge] = [objectsThatAre('yes', larder), objectsThatAre('too-large', larder)]
  t.diagnostic(
    `${stored.length} were stored, ${bytesOf(stored) / mib} MiB; ${evictedBytesOf(larder) / mib} MiB evicted`,
  )
  assert.ok(most <= quotaBytes + clientCount * chunkBytes, `${most} bytes on disk`)
  assert.ok(most >= quotaBytes / 2, `${most} bytes on disk: the store is used`)
  assert.deepEqual(larder.events.filter(isFault), [])
  for (const number of tooLarge) assert.ok(sizeOf(number) > largestBytes, `object ${number}`)
  // What was stored is there or was evicted, which is told when it is done.
  while (evictedBytesOf(larder) < bytesOf(stored) - quotaBytes) await pause(25)
  // Room is made behind: the store goes on to take things in.
  for (let number = count; ; number++) {
    const path = `/length/${number}`
    await ask(larder.port, origin.url + path)
    const [exchange] = await larder.exchanges(path, 1)
    if (exchange!.stored === 'yes') break
  }

  larder = await larder.restart()
  const again = larder
  const isHit = async (number: number): Promise<boolean> => {
    const url = `${origin.url}/${number % 3 === 0 ? 'chunked' : 'length'}/${number}`
    const answer = await ask(again.port, url)
    assert.ok(answer.complete && answer.body.equals(contentOf(number)))
    return String(answer.headers['cache-status']).startsWith('larder; hit')
  }
  const kept: number[] = []
  for await (const { url } of (await new AdminClient(again.settings).lines<FoundResponse>('/v1/responses')).all) {
    kept.push(numberIn(url))
  }
  assert.ok(kept.length > 0, 'the last one was stored when nothing else came')
  const missed: number[] = []
  const reread = async (): Promise<void> => {
    for (const number of kept) if (!(await isHit(number))) missed.push(number)
    for (let number = count - 1; number >= 0; number -= 40) await isHit(number)
  }
  const later = await mostDiskUse(folder, reread())
  t.diagnostic(`after a restart ${kept.length} are kept, at most ${(later / mib).toFixed(1)} MiB`)
  assert.ok(later <= quotaBytes + chunkBytes)
  const evictedCount = again.events.reduce((sum, event) => sum + (event.kind === 'evicted' ? event.count : 0), 0)
  assert.ok(missed.length <= evictedCount, `${missed} are no hits`)
  assert.deepEqual(again.events.filter(isFault), [])
})
