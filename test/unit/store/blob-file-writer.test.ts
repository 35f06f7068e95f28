import assert from 'node:assert/strict'
import { readdirSync, statSync } from 'node:fs'
import { describe, test } from 'node:test'
import { digestOf } from '../../../src/base/digest.ts'
import type { BlobStore, BlobWriter } from '../../../src/store/blob-store.ts'
import { type Disk, systemDisk } from '../../../src/store/disk.ts'
import { createFsBlobStore } from '../../../src/store/fs-blob-store.ts'
import { blobFile, type Layout } from '../../../src/store/layout.ts'
import { content, get, listed, put } from '../../support/blob-content.ts'
import { makeStoreFolder } from '../../support/store-folder.ts'
import { failing, type WatchedDisk, watchedDisk } from '../../support/watched-disk.ts'

interface UnderTest {
  readonly disk: WatchedDisk
  readonly layout: Layout
  readonly store: BlobStore
  readonly writer: BlobWriter
}

async function withDisk(instead: Partial<Disk>, work: (under: UnderTest) => Promise<void>): Promise<void> {
  const { layout, remove } = makeStoreFolder()
  const disk = watchedDisk(instead)
  const store = createFsBlobStore(layout, disk)
  try {
    await work({ disk, layout, store, writer: store.create() })
  } finally {
    await store.close()
    remove()
  }
}

const bytes = content(300_000, 31)

describe('Blob file writer', () => {
  test('a file is private, synced, closed, renamed, and its folder synced, in this order (CORRECTNESS section 5)', () =>
    withDisk({}, async ({ disk, layout, writer }) => {
      writer.write(bytes)
      const { digest } = await writer.commit()
      const order = disk.calls.filter((call) => call !== 'writev' && call !== 'read')
      assert.deepEqual(order, ['open', 'fsync', 'close', 'open', 'rename', 'open', 'fsync', 'close'])
      assert.equal(statSync(blobFile(layout, digest)).mode & 0o777, 0o600)
      writer.endReading()
    }))

  test('a disk that writes a little at a time still gets every byte', () =>
    withDisk(
      {
        writev: (fd, buffers, position) => {
          const [first] = buffers
          return systemDisk.writev(fd, [first!.subarray(0, Math.min(first!.length, 7_001))], position)
        },
      },
      async ({ store }) => {
        const ref = await put(store, bytes)
        assert.equal(ref.digest, digestOf(bytes))
        assert.ok((await get(store, ref))!.equals(bytes))
      },
    ))

  test('a disk that writes nothing is a fault, not an endless loop', () =>
    withDisk({ writev: async () => 0 }, async ({ writer, layout }) => {
      writer.write(bytes)
      await assert.rejects(writer.commit(), { code: 'STORE_IO' })
      assert.deepEqual(readdirSync(layout.staging), [])
    }))

  for (const [code, fault] of [
    ['ENOSPC', 'STORE_NO_SPACE'],
    ['EDQUOT', 'STORE_NO_SPACE'],
    ['EIO', 'STORE_IO'],
  ] as const) {
    for (const call of ['writev', 'fsync', 'rename'] as const) {
      test(`${code} of ${call} is ${fault}; nothing is kept, and nothing synced again (CORRECTNESS T05)`, () =>
        withDisk({ [call]: failing(code) }, async ({ disk, layout, store, writer }) => {
          writer.write(bytes)
          await assert.rejects(writer.commit({ sizeBytes: bytes.length }), { code: fault })
          assert.deepEqual(readdirSync(layout.staging), [])
          assert.deepEqual(await listed(store), [])
          assert.ok(disk.count('fsync') <= 1)
        }))
    }
  }

  test('a file that cannot be made is a fault; the writer takes nothing more', () =>
    withDisk({ open: failing('EACCES') }, async ({ layout, writer }) => {
      writer.write(bytes)
      await assert.rejects(writer.commit(), { code: 'STORE_IO', message: /EACCES/ })
      assert.equal(writer.write(bytes), false)
      await assert.rejects(writer.drained(), { code: 'STORE_IO' })
      assert.deepEqual(readdirSync(layout.staging), [])
    }))

  test('an error of close counts: the file is not published (CORRECTNESS T05)', () =>
    withDisk(
      {
        close: async (fd) => {
          await systemDisk.close(fd)
          await failing('EIO')()
        },
      },
      async ({ disk, layout, writer }) => {
        for (const part of [bytes, Buffer.alloc(0)]) {
          const one = part === bytes ? writer : createFsBlobStore(layout, disk).create()
          if (part.length > 0) one.write(part)
          await assert.rejects(one.commit(), { code: 'STORE_IO' })
          assert.equal(disk.count('rename'), 0)
          assert.deepEqual(readdirSync(layout.staging), [])
        }
      },
    ))

  test('an error of the folder sync takes the file back: it may not survive, so it does not exist', () => {
    let syncCount = 0
    const fsync = (fd: number): Promise<void> => (++syncCount === 2 ? failing('EIO')() : systemDisk.fsync(fd))
    return withDisk({ fsync }, async ({ store, writer }) => {
      writer.write(bytes)
      await assert.rejects(writer.commit(), { code: 'STORE_IO' })
      assert.deepEqual(await listed(store), [])
      assert.equal(syncCount, 2)
    })
  })

  test('a failed write makes those who wait for room fail too', () =>
    withDisk({ writev: failing('ENOSPC') }, async ({ writer }) => {
      assert.equal(writer.write(content(2 * 1024 * 1024)), false)
      await assert.rejects(writer.drained(), { code: 'STORE_NO_SPACE' })
      assert.equal(writer.write(bytes), false)
      await assert.rejects(writer.drained(), { code: 'STORE_NO_SPACE' })
      await writer.abort()
    }))

  test('what was written before a fault can still be read (CORRECTNESS I9)', () => {
    let writeCount = 0
    const writev: Disk['writev'] = (...args) => (++writeCount > 1 ? failing('ENOSPC')() : systemDisk.writev(...args))
    return withDisk({ writev }, async ({ writer }) => {
      writer.write(bytes)
      while (writer.readableBytes < bytes.length) await new Promise((resolve) => setImmediate(resolve))
      writer.write(bytes)
      await assert.rejects(writer.commit(), { code: 'STORE_NO_SPACE' })
      const chunk = await writer.read(1_000, 5_000)
      assert.ok(chunk.length > 0 && chunk.equals(bytes.subarray(1_000, 1_000 + chunk.length)))
      writer.release(chunk)
      writer.endReading()
    })
  })

  test('every file that was opened is closed', () => {
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
    return withDisk(counted, async ({ store }) => {
      const ref = await put(store, bytes)
      await get(store, ref)
      await store.open({ ...ref, sizeBytes: 1 })
      const aborted = store.create()
      aborted.write(bytes)
      await aborted.abort()
      aborted.endReading()
      await new Promise((resolve) => setImmediate(resolve))
      assert.deepEqual([...open], [])
    })
  })
})
