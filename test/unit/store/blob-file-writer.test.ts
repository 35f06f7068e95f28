import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { describe, test } from 'node:test'
import type { BlobStore } from '../../../src/store/blob-store.ts'
import { type Disk, systemDisk } from '../../../src/store/disk.ts'
import { createFsBlobStore } from '../../../src/store/fs-blob-store.ts'
import type { Layout } from '../../../src/store/layout.ts'
import { content, get, listed, put } from '../../support/blob-content.ts'
import { makeStoreFolder } from '../../support/store-folder.ts'

async function withDisk(
  instead: Partial<Disk>,
  work: (store: BlobStore, layout: Layout) => Promise<void>,
): Promise<void> {
  const { layout, remove } = makeStoreFolder()
  const store = createFsBlobStore(layout, { disk: { ...systemDisk, ...instead } })
  try {
    await work(store, layout)
  } finally {
    await store.close()
    remove()
  }
}

const broken = (code: string): Promise<never> => Promise.reject(Object.assign(new Error('made up'), { code }))
const bytes = content(300_000, 31)

describe('Blob file writer', () => {
  test('a disk that writes nothing is a fault, not an endless loop (CORRECTNESS I6)', () =>
    withDisk({ writev: async () => 0 }, async (store, layout) => {
      const writer = store.create()
      writer.write(bytes)
      await assert.rejects(writer.commit(), { code: 'STORE_IO' })
      assert.deepEqual(readdirSync(layout.staging), [])
    }))

  test('EDQUOT is no space either', () =>
    withDisk({ writev: () => broken('EDQUOT') }, async (store) => {
      const writer = store.create()
      writer.write(bytes)
      await assert.rejects(writer.commit(), { code: 'STORE_NO_SPACE' })
    }))

  test('after a fault it takes nothing more, and says why to whoever waits for room', () =>
    withDisk({ open: () => broken('EACCES') }, async (store, layout) => {
      const writer = store.create()
      assert.equal(writer.write(content(2 * 1024 * 1024)), false)
      await assert.rejects(writer.drained(), { code: 'STORE_IO', message: /EACCES/ })
      assert.equal(writer.write(bytes), false)
      await assert.rejects(writer.drained(), { code: 'STORE_IO', message: /EACCES/ })
      await writer.abort()
      assert.deepEqual(readdirSync(layout.staging), [])
    }))

  test('an error of close counts, also for empty content: nothing is published, nothing left (CORRECTNESS T05)', () => {
    const close = async (fd: number): Promise<void> => {
      await systemDisk.close(fd)
      await broken('EIO')
    }
    return withDisk({ close }, async (store, layout) => {
      for (const part of [bytes, Buffer.alloc(0)]) {
        const writer = store.create()
        if (part.length > 0) writer.write(part)
        await assert.rejects(writer.commit(), { code: 'STORE_IO' })
        assert.deepEqual(readdirSync(layout.staging), [])
      }
    })
  })

  test('every file that was opened is closed, whichever way the ingest ends (CORRECTNESS I7)', () => {
    const open = new Set<number>()
    const counted: Partial<Disk> = {
      open: async (...args) => {
        const fd = await systemDisk.open(...args)
        open.add(fd)
        return fd
      },
      close: (fd) => {
        open.delete(fd)
        return systemDisk.close(fd)
      },
    }
    return withDisk(counted, async (store) => {
      const ref = await put(store, bytes)
      await get(store, ref)
      await store.open({ ...ref, sizeBytes: 1 })
      for (const end of ['abort', 'commit'] as const) {
        const writer = store.create()
        writer.write(bytes)
        if (end === 'abort') await writer.abort()
        else await assert.rejects(writer.commit({ sizeBytes: 1 }))
        writer.endReading()
      }
      await listed(store)
      await new Promise((resolve) => setImmediate(resolve))
      assert.deepEqual([...open], [])
    })
  })
})
