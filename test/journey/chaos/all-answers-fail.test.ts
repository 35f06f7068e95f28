import assert from 'node:assert/strict'
import { setTimeout as pause } from 'node:timers/promises'
import { test } from 'node:test'
import { type ChaosOrigin, contentOf, startChaosOrigin } from '../../fakes/chaos-origin.ts'
import type { ChaosFault } from '../../fakes/chaos-rule.ts'
import { startLarder, type TestLarder } from '../../support/larder.ts'
import { curlDownloads } from './curl-downloads.ts'

const clientCount = 100
const objectCount = 1_000
/** After so long an origin that works again must have been asked again. */
const noticedWithinMs = 2_000

const faults: readonly (readonly [string, ChaosFault])[] = [
  ['a 503', { kind: 'status', status: 503 }],
  ['a 503 that asks to come back in a second', { kind: 'status', status: 503, retryAfter: '1' }],
  ['a reset', { kind: 'hang-up', by: 'reset' }],
  ['cut off after the head', { kind: 'cut', share: 0, by: 'reset' }],
]

for (const [name, fault] of faults) {
  test(`every answer is ${name}: ${clientCount} clients that ask for ${objectCount} objects cause at most 1.2 attempts per object, and the recovery is noticed`, async (t) => {
    const origin = await startChaosOrigin(() => fault)
    t.after(() => origin.stop())
    const larder = await startLarder({ retryAttempts: 5, retryBudget: 0.5 })
    t.after(() => larder.stop())
    const urls = Array.from({ length: objectCount }, (_, number) => `${origin.url}/object-${number}`)
    const downloads = await curlDownloads(t, { proxyPort: larder.port, urls, processCount: clientCount })
    assert.ok(downloads.every(({ exitCode }) => exitCode !== 0))
    const attemptsPerObject = origin.attemptCount / objectCount
    t.diagnostic(`${attemptsPerObject} attempts per object`)
    assert.ok(attemptsPerObject <= 1.2, `${attemptsPerObject} attempts per object`)

  })
}

/** A client keeps asking; when the origin works again, its next request shows it. */
