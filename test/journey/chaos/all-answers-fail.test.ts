import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { type ChaosOrigin, contentOf, startChaosOrigin } from '../../fakes/chaos-origin.ts'
import type { ChaosFault } from '../../fakes/chaos-rule.ts'
import { startLarder, type TestLarder } from '../../support/larder.ts'
import { curlDownloads, type Download } from './curl-downloads.ts'

const clientCount = 100
const objectCount = 1_000
/** An origin that works again is asked again within this, on a busy machine too. */
const noticedWithinMs = 60_000
const askEveryMs = 50

const faults: readonly (readonly [string, ChaosFault])[] = [
  ['a 503', { kind: 'status', status: 503 }],
  ['a 503 that asks to come back in a second', { kind: 'status', status: 503, retryAfter: '1' }],
  ['a reset', { kind: 'hang-up', by: 'reset' }],
]

// Most of the time all of them wait.
describe('An origin that fails for all', { concurrency: true }, () => {
  for (const [name, fault] of faults) {
    test(`every answer is ${name}: 100 clients that ask for 1 000 objects cause at most 1.2 attempts per object, and the recovery is noticed`, async (t) => {
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
      await recovers(t, larder, origin)
      const circuit = larder.events.map(({ kind }) => kind).filter((kind) => kind.startsWith('circuit'))
      assert.deepEqual(circuit, ['circuit-opened', 'circuit-closed'])
    })
  }
})

/** A client keeps asking; the first request that the origin sees after its recovery is answered, and not late. */
async function recovers(t: TestContext, larder: TestLarder, origin: ChaosOrigin): Promise<void> {
  const attemptCount = origin.attemptCount
  origin.rule = () => undefined
  const isBackAt = performance.now()
  const deadline = AbortSignal.timeout(noticedWithinMs)
  const ask = async (): Promise<Download> => {
    const [download] = await curlDownloads(t, { proxyPort: larder.port, urls: [`${origin.url}/back`] })
    return download!
  }
  let last = await ask()
  while (origin.attemptCount === attemptCount && !deadline.aborted) {
    await pause(askEveryMs)
    last = await ask()
  }
  t.diagnostic(`the recovery was noticed within ${Math.round(performance.now() - isBackAt)} ms`)
  assert.equal(origin.attemptCount, attemptCount + 1)
  assert.ok(last.content?.equals(contentOf('/back')))
}
