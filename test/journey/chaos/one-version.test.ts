import assert from 'node:assert/strict'
import { test } from 'node:test'
import { contentOf, startChaosOrigin } from '../../fakes/chaos-origin.ts'
import { type Mixture, mixed } from '../../fakes/chaos-rule.ts'
import { startLarder } from '../../support/larder.ts'
import { curlDownloads } from './curl-downloads.ts'

/** Contents change between attempts, transfers are cut, lengths are lied about. */
const mixture: Mixture = [
  { share: 0.15, fault: { kind: 'change' } },
  { share: 0.1, fault: { kind: 'cut', share: 0.5, by: 'fin' } },
  { share: 0.1, fault: { kind: 'cut', share: 0.9, by: 'reset' } },
  { share: 0.03, fault: { kind: 'length-lie', byBytes: 1_000 } },
  { share: 0.03, fault: { kind: 'length-lie', byBytes: -1 } },
  { share: 0.05, fault: { kind: 'status', status: 503 } },
  { share: 0.05, fault: { kind: 'hang-up', by: 'reset' } },
]
const objectCount = 150
const timesAsked = 2
/** No object changes as often. */
const maxVersion = 30

test('contents change, are cut and lied about: every download is one version, whole, or breaks off visibly', async (t) => {
  const origin = await startChaosOrigin(mixed('one version', mixture), { fields: () => 'Cache-Control: max-age=0\r\n' })
  t.after(() => origin.stop())
  const larder = await startLarder({ retryAttempts: 5, retryBudget: 1 })
  t.after(() => larder.stop())
  const paths = Array.from({ length: objectCount }, (_, number) => `/moving/object-${number}`)
  // Neighbours in this list are asked for at the same time, and share what is fetched.
  const urls = paths.flatMap((path) => Array.from({ length: timesAsked }, () => origin.url + path))
  const downloads = await curlDownloads(t, { proxyPort: larder.port, urls, urlsPerProcess: 1 })
  let wholeCount = 0
  for (const { url, exitCode, content } of downloads) {
    const got = content ?? Buffer.alloc(0)
    const isWhole = exitCode === 0
    wholeCount += isWhole ? 1 : 0
    assert.ok(isOfOneVersion(new URL(url).pathname, got, isWhole), `${url}: curl ended with ${exitCode}`)
  }
  t.diagnostic(`${wholeCount} of ${downloads.length} whole, ${origin.attemptCount} attempts`)
  assert.ok(wholeCount > 0.7 * downloads.length, `${wholeCount} whole`)
  assert.ok(paths.filter((path) => !origin.content(path).equals(contentOf(path))).length > 10)
})

/** Is it all of a version, or, when it broke off, the beginning of one? */
function isOfOneVersion(path: string, got: Buffer, isWhole: boolean): boolean {
  for (let version = 1; version <= maxVersion; version += 1) {
    const content = contentOf(path, version)
    if (isWhole ? content.equals(got) : content.subarray(0, got.length).equals(got)) return true
  }
  return false
}
