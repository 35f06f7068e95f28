import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { Settings } from '../../../src/config/settings.ts'
import { type ChaosOrigin, contentOf, startChaosOrigin } from '../../fakes/chaos-origin.ts'
import { type Mixture, mixed } from '../../fakes/chaos-rule.ts'
import { startLarder } from '../../support/larder.ts'
import { curlDownloads, type Download } from './curl-downloads.ts'

/** 30 % of all answers fail. Those that stall cost the patience of the proxy each, so they are few. */
const mixture: Mixture = [
  { share: 0.1, fault: { kind: 'hang-up', by: 'reset' } },
  { share: 0.08, fault: { kind: 'hang-up', by: 'fin' } },
  { share: 0.115, fault: { kind: 'status', status: 503 } },
  { share: 0.005, fault: { kind: 'stall' } },
]
const objectCount = 1_000
const paths = Array.from({ length: objectCount }, (_, number) => `/pool/object-${number}.bin`)

/** Downloads every object once; answers the downloads that did not end well, and attempts at the origin per object. */
async function downloadAll(
  t: TestContext,
  overrides: Partial<Settings>,
): Promise<{ readonly failed: readonly Download[]; readonly attemptsPerObject: number; readonly origin: ChaosOrigin }> {
  const origin = await startChaosOrigin(mixed('failing answers', mixture))
  t.after(() => origin.stop())
  const larder = await startLarder({ headTimeoutMs: 1_000, idleTimeoutMs: 1_000, ...overrides })
  t.after(() => larder.stop())
  const urls = paths.map((path) => origin.url + path)
  const downloads = await curlDownloads(t, { proxyPort: larder.port, urls })
  assert.equal(downloads.length, objectCount)
  const failed = downloads.filter(({ exitCode }) => exitCode !== 0)
  for (const { url, exitCode, content } of downloads) {
    if (exitCode === 0) assert.deepEqual(content, contentOf(new URL(url).pathname), url)
  }
  const attemptsPerObject = origin.attemptCount / objectCount
  const share = Math.round((100 * origin.faultCount) / origin.attemptCount)
  t.diagnostic(`${failed.length} failures, ${attemptsPerObject} attempts per object, ${share} % of the answers failed`)
  return { failed, attemptsPerObject, origin }
}

test('30 % of the answers fail: with 8 attempts and a budget of 100 % no download of 1 000 does', async (t) => {
  const { failed, attemptsPerObject } = await downloadAll(t, { retryAttempts: 8, retryBudget: 1 })
  assert.deepEqual(failed, [])
  assert.ok(attemptsPerObject <= 1.6, `${attemptsPerObject} attempts per object`)
})

test('30 % of the answers fail: with the initial options at most 5 downloads of 1 000 do', async (t) => {
  const { failed } = await downloadAll(t, { retryAttempts: 5, retryBudget: 0.5 })
  assert.ok(failed.length <= 5, `${failed.length} failures`)
})
