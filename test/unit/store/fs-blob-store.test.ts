import assert from 'node:assert/strict'
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { digestOf } from '../../../src/base/digest.ts'
import type { BlobStore } from '../../../src/store/blob-store.ts'
import type { Disk } from '../../../src/store/disk.ts'
import { createFsBlobStore } from '../../../src/store/fs-blob-store.ts'
import { blobFile, blobFolder, type Layout } from '../../../src/store/layout.ts'
import { content, get, listed, put, readAll } from '../../support/blob-content.ts'
import { createFaultyDisk, type FaultyDisk } from '../../support/faulty-disk.ts'
import { makeStoreFolder } from '../../support/store-folder.ts'

interface Under {
  readonly store: BlobStore
  readonly disk: FaultyDisk
  readonly layout: Layout
}

async function withStore(work: (under: Under) => Promise<void>): Promise<void> {
  const folder = makeStoreFolder()
  const disk = createFaultyDisk()
  try {
    await work({ store: createFsBlobStore(folder.layout, { disk }), disk, layout: folder.layout })
  } finally {
    folder.remove()
  }
}

const bytes = content(1_300_000)
const digest = digestOf(bytes)
const ref = { digest, sizeBytes: bytes.length }

describe('Blob files: commit protocol (CORRECTNESS section 5)', () => {
  test('temporary file, fsync, close, rename, fsync of the folder, in this order', () =>
    withStore(async ({ store, disk, layout }) => {
      await put(store, bytes)
      const order = disk.calls.filter((call) => call !== 'open' && call !== 'writev')
      assert.deepEqual(order.slice(0, 5), ['fsync', 'close', 'rename', 'fsync', 'close'])
      assert.deepEqual(readdirSync(layout.staging), [])
      assert.deepEqual(readFileSync(blobFile(layout, digest)), bytes)
    }))

  test('files are for their owner alone', () =>
    withStore(async ({ store, layout }) => {
      await put(store, bytes)
      assert.equal(statSync(blobFile(layout, digest)).mode & 0o777, 0o600)
      assert.equal(statSync(blobFolder(layout, digest)).mode & 0o777, 0o700)
    }))

  test('renames into one folder within a window share one fsync of it', () =>
    withStore(async ({ store, disk, layout }) => {
      // The same content goes into the same folder.
      await Promise.all(Array.from({ length: 20 }, () => put(store, bytes)))
      const syncs = disk.calls.filter((call) => call === 'fsync').length
      assert.equal(disk.calls.filter((call) => call === 'rename').length, 20)
      assert.ok(syncs < 30, `${syncs} syncs for 20 files`)
      assert.deepEqual(readdirSync(layout.staging), [])
    }))
})

describe('Blob files: faults of the disk (CORRECTNESS T05, T06)', () => {
  const commitFaults: readonly (readonly [call: keyof Disk, code: string, fault: string, afterCount: number])[] = [
    ['open', 'EACCES', 'STORE_IO', 0],
    ['open', 'EMFILE', 'STORE_IO', 0],
    ['open', 'ENOSPC', 'STORE_NO_SPACE', 0],
    ['writev', 'ENOSPC', 'STORE_NO_SPACE', 0],
    ['writev', 'EDQUOT', 'STORE_NO_SPACE', 0],
    ['writev', 'EIO', 'STORE_IO', 1],
    ['fsync', 'EIO', 'STORE_IO', 0],
    ['fsync', 'ENOSPC', 'STORE_NO_SPACE', 0],
    ['close', 'EIO', 'STORE_IO', 0],
    ['rename', 'EIO', 'STORE_IO', 0],
    ['fsync', 'EIO', 'STORE_IO', 1],
  ]
  for (const [call, code, fault, afterCount] of commitFaults) {
    test(`${code} at ${call} number ${afterCount + 1}: the commit fails with ${fault}, nothing is kept, nothing is repeated`, () =>
      withStore(async ({ store, disk, layout }) => {
        disk.breakCall(call, code, afterCount)
        const writer = store.create()
        assert.equal(writer.write(bytes.subarray(0, 1_200_000)), false)
        await writer.drained().catch(() => undefined)
        writer.write(bytes.subarray(1_200_000))
        await assert.rejects(writer.commit(), { code: fault })
        if (call === 'fsync') {
          assert.equal(disk.calls.filter((one) => one === 'fsync').length, afterCount + 1)
        }
        writer.endReading()
        disk.mend()
        assert.deepEqual(await listed(store), [])
        assert.equal(await store.open(ref), undefined)
        assert.deepEqual(readdirSync(layout.staging), [])
        assert.ok((await get(store, await put(store, bytes)))!.equals(bytes))
      }))
  }

  test('a full disk in the middle: drained tells, what was written stays readable', () =>
    withStore(async ({ store, disk }) => {
      disk.breakCall('writev', 'ENOSPC', 1)
      const writer = store.create()
      writer.write(bytes)
      await writer.drained()
      writer.write(bytes)
      await assert.rejects(writer.drained(), { code: 'STORE_NO_SPACE' })
      assert.equal(writer.write(bytes), false)
      await writer.abort()
      assert.equal(writer.readableBytes, bytes.length)
      const chunk = await writer.read(50_000, 50_000)
      assert.ok(chunk.length > 0 && chunk.equals(bytes.subarray(50_000, 50_000 + chunk.length)))
      writer.release(chunk)
      writer.endReading()
    }))

  test('a short write goes on where it stopped', () =>
    withStore(async ({ layout }) => {
      const whole = createFaultyDisk()
      const disk: Disk = {
        ...whole,
        writev: (fd, buffers, position) => whole.writev(fd, [buffers[0]!.subarray(0, 77_777)], position),
      }
      const store = createFsBlobStore(layout, { disk })
      assert.ok((await get(store, await put(store, bytes)))!.equals(bytes))
    }))

  test('EIO while reading is STORE_IO; the source can be closed', () =>
    withStore(async ({ store, disk }) => {
      await put(store, bytes)
      const source = (await store.open(ref))!
      disk.breakCall('read', 'EIO')
      await assert.rejects(Promise.resolve(source.next(0, 1_000)), { code: 'STORE_IO' })
      source.close()
    }))

  test('EIO while opening is STORE_IO, not absence', () =>
    withStore(async ({ store, disk }) => {
      await put(store, bytes)
      disk.breakCall('open', 'EIO')
      await assert.rejects(store.open(ref), { code: 'STORE_IO' })
      await assert.rejects(store.has(digest), { code: 'STORE_IO' })
    }))

  test('a source that is closed during a read closes its file after it', () =>
    withStore(async ({ store, disk }) => {
      await put(store, bytes)
      await get(store, ref)
      const source = (await store.open(ref))!
      const reading = source.next(0, 100_000)
      const closedBefore = disk.calls.filter((call) => call === 'close').length
      source.close()
      assert.equal(disk.calls.filter((call) => call === 'close').length, closedBefore)
      const chunk = (await reading)!
      assert.ok(chunk.equals(bytes.subarray(0, chunk.length)))
      assert.equal(disk.calls.filter((call) => call === 'close').length, closedBefore + 1)
      source.release(chunk)
      await assert.rejects(Promise.resolve(source.next(0, 10)), { code: 'STORE_IO' })
    }))
})

describe('Blob files: what others did to the folder', () => {
  for (const sizeBytes of [0, 100, 1_299_999]) {
    test(`a file cut to ${sizeBytes} bytes is not served and is removed (CORRECTNESS T03)`, () =>
      withStore(async ({ store, layout }) => {
        await put(store, bytes)
        truncateSync(blobFile(layout, digest), sizeBytes)
        assert.equal(await store.open(ref), undefined)
        assert.equal(await store.has(digest), false)
        assert.ok((await get(store, await put(store, bytes)))!.equals(bytes))
      }))
  }

  test('a file that is cut while it is read ends with a fault, never early as if complete (CORRECTNESS I2)', () =>
    withStore(async ({ store, layout }) => {
      await put(store, bytes)
      const source = (await store.open(ref))!
      truncateSync(blobFile(layout, digest), 70_000)
      await assert.rejects(readAll(source), { code: 'STORE_IO' })
      source.close()
    }))

  test('a symbolic link is not followed', () =>
    withStore(async ({ store, layout }) => {
      const outside = join(layout.root, 'outside')
      await put(store, bytes)
      renameSync(blobFile(layout, digest), outside)
      symlinkSync(outside, blobFile(layout, digest))
      assert.equal(await store.open(ref), undefined)
      assert.equal(await store.has(digest), false)
      assert.deepEqual(await listed(store), [])
      assert.equal(await store.delete(digest), false)
      assert.equal(readdirSync(layout.quarantine).length, 1)
      assert.equal(statSync(outside).size, bytes.length)
    }))

  test('files that are no blobs, and folders in their place, are passed over', () =>
    withStore(async ({ store, layout }) => {
      await put(store, bytes)
      writeFileSync(join(layout.blobs, 'aa', 'README'), 'x')
      writeFileSync(join(layout.blobs, 'bb', digestOf(Buffer.from('in the wrong folder')).replace(/^../, 'aa')), 'x')
      mkdirSync(join(layout.blobs, 'cc', 'cc'.repeat(32)))
      assert.deepEqual(await listed(store), [ref])
    }))
})
