import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { statSync } from 'node:fs'
import { describe, type TestContext, test } from 'node:test'
import type { Fault } from '../../../src/base/faults.ts'
import type { RunListener } from '../../../src/store/ahead-writer.ts'
import { createFsBlobStore } from '../../../src/store/fs-blob-store.ts'
import { blobFile, type Layout } from '../../../src/store/layout.ts'
import { createFaultyDisk } from '../../support/faulty-disk.ts'
import { makeStoreFolder } from '../../support/store-folder.ts'

/** Tells when a run has come to `end`, or has failed. */
function whenWritten(end: number): { readonly listener: RunListener; readonly done: Promise<Fault | undefined> } {
  const { promise, resolve } = Promise.withResolvers<Fault | undefined>()
  return {
    listener: { written: (at) => at === end && resolve(undefined), failed: (fault) => resolve(fault) },
    done: promise,
  }
}

function layoutFor(context: TestContext): Layout {
  const { layout, remove } = makeStoreFolder()
  context.after(remove)
  return layout
}

const content = randomBytes(3_000_000)

describe('A blob file with bytes ahead of the rest', () => {
  test('can be read there at once, and is hashed as a whole once the rest has come to them', async (context) => {
    const layout = layoutFor(context)
    const blobs = createFsBlobStore(layout)
    const writer = blobs.create(content.length)
    const { listener, done } = whenWritten(content.length)
    const run = writer.ahead!.begin(1_000_000, listener)
    run.write(content.subarray(1_000_000, 2_500_000))
    run.write(content.subarray(2_500_000))
    assert.equal(await done, undefined)
    const lent = await writer.read(2_000_000, 10)
    assert.ok(lent.equals(content.subarray(2_000_000, 2_000_010)))
    writer.release(lent)
    writer.write(content.subarray(0, 1_000_000))
    await writer.ahead!.absorb(content.length)
    const ref = await writer.commit({ sizeBytes: content.length })
    writer.endReading()
    assert.equal(ref.digest, createHash('sha256').update(content).digest('hex'))
    assert.equal(statSync(blobFile(layout, ref.digest)).size, content.length)
  })

  test('keeps its beginning alone when the rest never comes to them', async (context) => {
    const layout = layoutFor(context)
    const writer = createFsBlobStore(layout).create(content.length)
    const { listener, done } = whenWritten(2_000_100)
    writer.ahead!.begin(2_000_000, listener).write(content.subarray(2_000_000, 2_000_100))
    await done
    writer.write(content.subarray(0, 70_000))
    const ref = await writer.commit({ sizeBytes: 70_000 })
    writer.endReading()
    assert.equal(ref.digest, createHash('sha256').update(content.subarray(0, 70_000)).digest('hex'))
    assert.equal(statSync(blobFile(layout, ref.digest)).size, 70_000)
  })

  test('tells when the disk does not take them', async (context) => {
    const disk = createFaultyDisk()
    const writer = createFsBlobStore(layoutFor(context), { disk }).create(content.length)
    disk.breakCall('writev', 'ENOSPC')
    const { listener, done } = whenWritten(100)
    const run = writer.ahead!.begin(90, listener)
    run.write(content.subarray(90, 100))
    assert.equal((await done)?.code, 'STORE_NO_SPACE')
    assert.equal(run.write(content.subarray(100, 110)), false)
    await writer.abort()
    writer.endReading()
  })
})
