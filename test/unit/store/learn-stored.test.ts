import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { after, describe, test } from 'node:test'
import { systemClock } from '../../../src/base/clock.ts'
import type { Digest } from '../../../src/base/digest.ts'
import { createKeyvResponseIndex } from '../../../src/store/keyv-response-index.ts'
import { learnStored } from '../../../src/store/learn-stored.ts'
import { SqliteBlobStore } from '../../../src/store/sqlite-blob-store.ts'
import { Checkpointer } from '../../../src/store/sqlite-checkpointer.ts'
import { SqliteKeyvStorage } from '../../../src/store/sqlite-keyv-storage.ts'
import { StoreLedger } from '../../../src/store/store-ledger.ts'
import type { StoredResponse } from '../../../src/store/stored-response.ts'
import { makeStoreFolder } from '../../support/store-folder.ts'

const entryCount = 1_300
const folder = makeStoreFolder()
const checkpointer = new Checkpointer()
after(async () => {
  await checkpointer.close()
  folder.remove()
})

function contentOf(name: string): { readonly digest: Digest; readonly bytes: Buffer } {
  const bytes = Buffer.from(`content of ${name}`)
  return { digest: createHash('sha256').update(bytes).digest('hex') as Digest, bytes }
}

function recordOf(name: string, marks: Partial<StoredResponse> = {}): StoredResponse {
  const { digest, bytes } = contentOf(name)
  const content = { digest, sizeBytes: bytes.length }
  return {
    url: `http://example.org/${name}`,
    status: 200,
    fields: [],
    requestedAt: 1,
    receivedAt: 2,
    content,
    vary: {},
    rule: 'rfc',
    fetchMs: 3,
    ...marks,
  }
}

function open() {
  const blobs = new SqliteBlobStore(folder.layout.smallBlobs, checkpointer)
  const storage = new SqliteKeyvStorage(folder.layout.index, checkpointer)
  const ledger = new StoreLedger({ clock: systemClock, policy: 'gdsf', keys: storage, largestRowBytes: 65_536 })
  const index = createKeyvResponseIndex(storage, false, (...change) => ledger.changed(...change))
  const learn = (isOver = (): boolean => false): Promise<void> =>
    learnStored({ ledger, smallBlobs: blobs, records: storage, isOver })
  const close = async (): Promise<void> => {
    await index.close()
    await blobs.close()
  }
  return { blobs, storage, ledger, index, learn, close }
}

async function put({ blobs, index }: ReturnType<typeof open>, name: string, marks?: Partial<StoredResponse>) {
  const { digest, bytes } = contentOf(name)
  await blobs.put(digest, bytes)
  await index.update(name, () => [recordOf(name, marks)])
}

describe('A ledger that learns what stands in the databases', () => {
  test('has every entry and blob, those that change meanwhile as they are in the end, each counted once', async () => {
    const names = Array.from({ length: entryCount }, (_, number) => `key ${number}`)
    const before = open()
    await Promise.all(names.map((name) => put(before, name, name === 'key 5' ? { pinned: true } : {})))
    const orphan = contentOf('nobody')
    await before.blobs.put(orphan.digest, orphan.bytes)
    await before.close()

    const now = open()
    // The first and the last of the file, and some between, are replaced, removed and added while it is read.
    const changed = [0, 650, entryCount - 1].map((number) => `key ${number}`)
    const gone = [1, 651, entryCount - 2].map((number) => `key ${number}`)
    const changes = [
      ...changed.map((name) => put(now, name, { fetchMs: 9 })),
      ...gone.map((name) => now.index.delete(name)),
      ...['new 1', 'new 2'].map((name) => put(now, name)),
    ]
    await Promise.all([now.learn(), ...changes])
    const { entries, blobs } = now.ledger
    const kept = [...names.filter((name) => !gone.includes(name)), 'new 1', 'new 2']
    assert.equal(entries.count, kept.length)
    assert.equal(entries.pinnedCount, 1)
    for (const name of kept) assert.equal(blobs.isNamed(contentOf(name).digest), true, name)
    await Promise.all(kept.map((name) => now.index.delete(name)))
    assert.equal(entries.count, 0)
    // Whatever was named once is named no more.
    for (const name of kept) assert.equal(blobs.isNamed(contentOf(name).digest), false, name)
    assert.equal(blobs.has(orphan.digest), true)
    await now.close()
  })

  test('stops when nobody needs to know any more', async () => {
    const now = open()
    let turns = 0
    await now.learn(() => ++turns === 2)
    assert.equal(turns, 2)
    await now.close()
  })
})

test('Small blobs tell all their digests, page by page', async () => {
  const { blobs, close } = open()
  const names = Array.from({ length: 1_200 }, (_, number) => `blob ${number}`)
  const contents = names.map(contentOf)
  await Promise.all(contents.map(({ digest, bytes }) => blobs.put(digest, bytes)))
  const pages = [...blobs.digestPages()]
  const found = new Set(pages.flat())
  assert.equal(pages.length > 2, true)
  assert.deepEqual(
    contents.filter(({ digest }) => !found.has(digest)),
    [],
  )
  await close()
})
