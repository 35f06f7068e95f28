import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { openStores } from '../../../src/app/stores.ts'
import { content, put } from '../../support/blob-content.ts'
import { createFaultyDisk } from '../../support/faulty-disk.ts'
import { testSettings } from '../../support/larder.ts'
import { storedResponse } from '../../support/stored-responses.ts'

const key = 'https://example.org/counted'
const bytes = content(450_000)

test('a file that is removed while its content comes again is counted no more, also when storing that fails', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'larder-claims-'))
  const faulty = createFaultyDisk()
  const [asked, released] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const unlink = async (path: string): Promise<void> => {
    asked.resolve()
    await released.promise
    await faulty.unlink(path)
  }
  const stores = openStores(testSettings(folder), undefined, { disk: { ...faulty, unlink } })
  t.after(async () => {
    released.resolve()
    await stores.close()
    rmSync(folder, { recursive: true, force: true })
  })
  const { blobs, index } = stores
  const quota = stores.quota!
  await quota.ready
  const ref = await put(blobs, bytes)
  await index.update(key, () => [storedResponse(1, { content: ref })])
  await index.delete(key)
  await asked.promise
  faulty.breakCall('rename', 'ENOSPC')
  const again = put(blobs, bytes)
  again.catch(() => undefined)
  while (!quota.isClaimed(ref.digest)) await turn()
  released.resolve()
  await assert.rejects(again, { code: 'STORE_NO_SPACE' })
  assert.equal(await blobs.has(ref.digest), false)
  const { kinds, blobs: blobCount } = quota.use()
  assert.deepEqual([kinds.blobs, blobCount], [0, 0])
})
