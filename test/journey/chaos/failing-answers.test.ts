import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { Settings } from '../../../src/config/settings.ts'
import { contentOf, startChaosOrigin } from '../../fakes/chaos-origin.ts'
import { type Mixture, mixed } from '../../fakes/chaos-rule.ts'
import { startLarder } from '../../support/larder.ts'
import { curlDownloads, type Download } from './curl-downloads.ts'

/** 30 % of all answers fail. Those that stall cost the patience of the proxy each, so they are few. */
const mixture: Mixture = [
  { share: 0.07, fault: { kind: 'hang-up', by: 'reset' } },
  { share: 0.05, fault: { kind: 'hang-up', by: 'fin' } },
  { share: 0.08, fault: { kind: 'status', status: 503 } },
  { share: 0.05, fault: { kind: 'cut', share: 0.6, by: 'fin' } },
  { share: 0.04, fault: { kind: 'cut', share: 0.3, by: 'reset' } },
  { share: 0.005, fault: { kind: 'stall' } },
  { share: 0.005, fault: { kind: 'stall-within', share: 0.5 } },
]
const objectCount = 1_000
const paths = Array.from({ length: objectCount }, (_, number) => `/pool/object-${number}.bin`)

/** Downloads every object once; answers what did not end well, and the attempts at the origin per object. */
async function downloadAll(
  t: TestContext,
  overrides: Partial<Settings>,
): Promise<{ readonly failed: readonly string[]; readonly attemptsPerObject: number }> {
  const origin = await startChaosOrigin(mixed('failing answers', mixture))
  t.after(() => origin.stop())
  const larder = await startLarder({ headTimeoutMs: 3_000, idleTimeoutMs: 3_000, ...overrides })
  t.after(() => larder.stop())
  const urls = paths.map((path) => origin.url + path)
  const downloads = await curlDownloads(t, { proxyPort: larder.port, urls })
  assert.equal(downloads.length, objectCount)
  for (const { url, exitCode, content } of downloads) {
    const right = contentOf(new URL(url).pathname)
    // What broke off has the right bytes as far as it goes.
    const length = exitCode === 0 ? right.length : (content?.length ?? 0)
    assert.ok(right.subarray(0, length).equals(content ?? Buffer.alloc(0)), url)
  }
  const failed = downloads.filter(({ exitCode }) => exitCode !== 0).map(wordOf)
  const attemptsPerObject = origin.attemptCount / objectCount
  const share = origin.faultCount / origin.attemptCount
  assert.ok(share >= 0.29, `${share} of the answers failed`)
  t.diagnostic(`${failed.length} failures, ${attemptsPerObject} attempts per object, ${share} of the answers failed`)
  return { failed, attemptsPerObject }
}

function wordOf({ url, exitCode, status }: Download): string {
  return `${url}: curl ended with ${exitCode}, the status was ${status}`
}

test('30 % of the answers fail: with 8 attempts and a budget of 100 % no download of 1 000 does', async (t) => {
  const { failed, attemptsPerObject } = await downloadAll(t, { retryAttempts: 8, retryBudget: 1 })
  assert.deepEqual(failed, [])
  assert.ok(attemptsPerObject <= 1.6, `${attemptsPerObject} attempts per object`)
})

test('30 % of the answers fail: with the initial options at most 5 downloads of 1 000 do', async (t) => {
  const { failed } = await downloadAll(t, { retryAttempts: 5, retryBudget: 0.5 })
  assert.ok(failed.length <= 5, failed.join('\n'))
})
