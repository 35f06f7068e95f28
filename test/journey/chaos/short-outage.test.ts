import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { contentOf, startChaosOrigin } from '../../fakes/chaos-origin.ts'
import { startLarder } from '../../support/larder.ts'
import { curlDownloads } from './curl-downloads.ts'

const objectCount = 400
/** The origin goes down when it was asked so often. */
const outages = new Set([100, 200])
const outageMs = 500

test('an origin that is down for a moment, twice, while 20 clients download: with the initial options nobody notices', async (t) => {
  const over: Promise<void>[] = []
  const origin = await startChaosOrigin((_path, _attempt, requestNumber) => {
    if (outages.has(requestNumber)) over.push(goDownForAMoment())
    return undefined
  })
  const goDownForAMoment = async (): Promise<void> => {
    await origin.goDown()
    await pause(outageMs)
    await origin.comeBack()
  }
  t.after(() => origin.stop())
  const larder = await startLarder({ retryAttempts: 5, retryBudget: 0.5 })
  t.after(() => larder.stop())
  const urls = Array.from({ length: objectCount }, (_, number) => `${origin.url}/build/object-${number}`)
  const downloads = await curlDownloads(t, { proxyPort: larder.port, urls })
  await Promise.all(over)
  assert.equal(over.length, outages.size)
  t.diagnostic(`${origin.attemptCount / objectCount} attempts per object`)
  const failed = downloads.filter(({ exitCode }) => exitCode !== 0).map(({ url, status }) => `${url}: ${status}`)
  assert.deepEqual(failed, [])
  for (const { url, content } of downloads) assert.ok(content!.equals(contentOf(new URL(url).pathname)), url)
})
