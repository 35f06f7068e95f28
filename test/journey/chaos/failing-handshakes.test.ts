import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { contentOf, startChaosOrigin } from '../../fakes/chaos-origin.ts'
import { type Mixture, mixed } from '../../fakes/chaos-rule.ts'
import type { Door } from '../../fakes/fault-origin.ts'
import { createThrowAwayCa } from '../../fakes/throw-away-ca.ts'
import { startLarder } from '../../support/larder.ts'
import { curlDownloads } from './curl-downloads.ts'

const mixture: Mixture = [
  { share: 0.15, fault: { kind: 'hang-up', by: 'reset' } },
  { share: 0.1, fault: { kind: 'cut', share: 0.5, by: 'reset' } },
  { share: 0.05, fault: { kind: 'status', status: 503 } },
]
/** Of ten connections one is reset before its handshake, and one never answers it. */
const door: Door = (number) => (number % 10 === 3 ? 'reset' : number % 10 === 7 ? 'silent' : 'open')
const objectCount = 300

test('connections are reset or ignored before the TLS handshake, and 30 % of the answers fail: every download is right', async (t) => {
  const ca = createThrowAwayCa()
  const folder = mkdtempSync(join(tmpdir(), 'larder-chaos-'))
  const origin = await startChaosOrigin(mixed('handshakes', mixture), { tls: ca.issue('DNS:localhost'), door })
  t.after(async () => {
    await origin.stop()
    ca.remove()
    rmSync(folder, { recursive: true, force: true })
  })
  const originCa = join(folder, 'origin-ca.pem')
  writeFileSync(originCa, ca.root)
  const larder = await startLarder({
    retryAttempts: 8,
    retryBudget: 1,
    connectTimeoutMs: 3_000,
    connectPorts: [origin.port],
    originCaFiles: [originCa],
  })
  t.after(() => larder.stop())
  const urls = Array.from({ length: objectCount }, (_, number) => `${origin.url}/tls/object-${number}`)
  const trust = ['--cacert', join(larder.settings.caFolder, 'ca.pem')]
  const downloads = await curlDownloads(t, { proxyPort: larder.port, urls, args: trust })
  for (const { url, exitCode, status, content } of downloads) {
    assert.equal(exitCode, 0, `${url}: curl ended with ${exitCode}, the status was ${status}`)
    assert.ok(content!.equals(contentOf(new URL(url).pathname)), url)
  }
  const outcomes = new Set(larder.events.map((event) => (event.kind === 'origin-attempt' ? event.outcome : undefined)))
  assert.ok(outcomes.has('ORIGIN_CONNECT_TIMEOUT') && outcomes.has('ORIGIN_CONNECTION_LOST'))
  t.diagnostic(`${origin.attemptCount / objectCount} attempts per object`)
})
