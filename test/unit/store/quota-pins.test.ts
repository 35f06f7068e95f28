import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { openStores } from '../../../src/app/stores.ts'
import { content, put } from '../../support/blob-content.ts'
import { createFaultyDisk } from '../../support/faulty-disk.ts'
import { testSettings } from '../../support/larder.ts'
import { storedResponse } from '../../support/stored-responses.ts'

const key = 'https://example.org/pinned'

test('what is chosen to be evicted while it is being pinned stays', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'larder-pins-'))
  const faulty = createFaultyDisk()
  const [asked, released] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  let holds = false
  const fdatasync = async (fd: number): Promise<void> => {
    if (holds) {
      asked.resolve()
      await released.promise
    }
    await faulty.fdatasync(fd)
  }
  const settings = testSettings(folder, { quotaBytes: 12 * 1024 * 1024, highWater: 0.02, lowWater: 0.01 })
  const stores = openStores(settings, undefined, { disk: { ...faulty, fdatasync } })
  t.after(async () => {
    released.resolve()
    await stores.close()
    rmSync(folder, { recursive: true, force: true })
  })
  const { blobs, index } = stores
  const quota = stores.quota!
  await quota.ready
  const ref = await put(blobs, content(450_000))
  await index.update(key, () => [storedResponse(1, { content: ref })])
  holds = true
  const pinning = index.setPinned(key, true)
  await asked.promise
  const eviction = quota.run()
  // It has chosen by then.
  await new Promise((resolve) => setTimeout(resolve, 50))
  released.resolve()
  assert.equal(await pinning, true)
  await eviction
  assert.deepEqual(
    (await index.get(key)).map(({ pinned }) => pinned),
    [true],
  )
  assert.equal(await blobs.has(ref.digest), true)
  const { responses, pinned, blobs: blobCount } = quota.use()
  assert.deepEqual([responses, pinned, blobCount], [1, 1, 1])
})
