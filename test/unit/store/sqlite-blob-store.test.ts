import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { describe, test } from 'node:test'
import type { Layout } from '../../../src/store/layout.ts'
import { SqliteBlobStore } from '../../../src/store/sqlite-blob-store.ts'
import { Checkpointer } from '../../../src/store/sqlite-checkpointer.ts'
import { Prepared } from '../../../src/store/sqlite-file.ts'
import { content, get, listed, put } from '../../support/blob-content.ts'
import { makeStoreFolder } from '../../support/store-folder.ts'

async function withStore(work: (open: () => SqliteBlobStore, layout: Layout) => Promise<void>): Promise<void> {
  const folder = makeStoreFolder()
  const checkpointer = new Checkpointer()
  const opened: SqliteBlobStore[] = []
  const open = (): SqliteBlobStore => {
    const store = new SqliteBlobStore(folder.layout.smallBlobs, checkpointer)
    opened.push(store)
    return store
  }
  try {
    await work(open, folder.layout)
  } finally {
    for (const store of opened) await store.close()
    await checkpointer.close()
    folder.remove()
  }
}

/** Spoils every row behind the store's back. */
function spoil(layout: Layout, sql: string): void {
  const database = new DatabaseSync(layout.smallBlobs)
  database.exec(sql)
  database.close()
}

describe('Small blobs in SQLite', () => {
  test('a flipped bit is noticed: the blob is not served, is removed, and can be stored again (CORRECTNESS T03)', () =>
    withStore(async (open, layout) => {
      const store = open()
      const bytes = content(10_000)
      const ref = await put(store, bytes)
      spoil(layout, "UPDATE blob SET content = CAST(x'00' || substr(content, 2) AS BLOB)")
      assert.equal(await store.open(ref), undefined)
      assert.deepEqual(await listed(store), [])
      await put(store, bytes)
      assert.deepEqual(await get(store, ref), bytes)
    }))

  test('text is kept packed, and is listed and read as what it is', () =>
    withStore(async (open, layout) => {
      const text = Buffer.from('{"version":"1.0.0"},'.repeat(1000))
      const ref = await put(open(), text)
      const database = new DatabaseSync(layout.smallBlobs)
      const { bytes } = database.prepare('SELECT length(content) AS bytes FROM blob').get() as { bytes: number }
      database.close()
      assert.ok(bytes < text.length / 10)
      const later = open()
      assert.deepEqual(await get(later, ref), text)
      assert.deepEqual(await listed(later), [ref])
    }))

  test('a row that says 4 GiB is damaged: it is listed with the bytes that it has, and set aside when it is verified', () =>
    withStore(async (open, layout) => {
      const store = open()
      const ref = await put(store, Buffer.from('{"version":"1.0.0"},'.repeat(1000)))
      spoil(
        layout,
        "UPDATE blob SET content = CAST(substr(content, 1, 4) || x'ffffffff' || substr(content, 9) AS BLOB)",
      )
      const [damaged] = await listed(store)
      assert.ok(damaged!.sizeBytes < 2000)
      assert.equal(await store.verify(ref.digest, async () => {}), 'damaged')
      assert.deepEqual(await listed(store), [])
    }))

  test('content that is stored while many find it damaged stays', () =>
    withStore(async (open, layout) => {
      const store = open()
      const bytes = content(10_000)
      const ref = await put(store, bytes)
      spoil(layout, "UPDATE blob SET content = x'00'")
      const opened = Promise.all([store.open(ref), store.open(ref), store.verify(ref.digest, async () => {})])
      await put(store, bytes)
      await opened
      assert.deepEqual(await get(store, ref), bytes)
      assert.deepEqual(await listed(store), [ref])
    }))

  test('storing content again mends a damaged row', () =>
    withStore(async (open, layout) => {
      const store = open()
      const bytes = content(10_000)
      const ref = await put(store, bytes)
      spoil(layout, "UPDATE blob SET content = x'00'")
      await put(store, bytes)
      assert.deepEqual(await get(store, ref), bytes)
    }))

  test('content that comes many times at once is written once, and stays when it comes again after its removal', (context) =>
    withStore(async (open) => {
      const store = open()
      const bytes = content(10_000)
      const writes = context.mock.method(Prepared.prototype, 'run')
      const [ref] = await Promise.all([put(store, bytes), put(store, bytes), put(store, bytes)])
      assert.equal(writes.mock.callCount(), 1)
      await Promise.all([put(store, bytes), store.delete(ref.digest), put(store, bytes)])
      assert.deepEqual(await get(store, ref), bytes)
      assert.deepEqual(await listed(store), [ref])
      await Promise.all([put(store, bytes), store.delete(ref.digest)])
      assert.deepEqual(await listed(store), [])
    }))

  test('blobs are there after the store was closed and opened again', () =>
    withStore(async (open) => {
      const first = open()
      const refs = await Promise.all([1, 2, 3].map((seed) => put(first, content(5_000, seed))))
      await first.close()
      const second = open()
      for (const [i, ref] of refs.entries()) assert.deepEqual(await get(second, ref), content(5_000, i + 1))
    }))

  test('content is readable as soon as its commit begins', () =>
    withStore(async (open) => {
      const store = open()
      const writer = store.create()
      writer.write(content(500))
      const ref = { digest: writer.digestAtHand()!, sizeBytes: 500 }
      const committing = writer.commit()
      assert.deepEqual(await get(store, ref), content(500))
      assert.deepEqual(await committing, ref)
    }))
})
