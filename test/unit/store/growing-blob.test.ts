import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Fault } from '../../../src/base/faults.ts'
import { GrowingBlob } from '../../../src/store/growing-blob.ts'
import { content, readAll } from '../../support/blob-content.ts'
import { HeldWriter } from '../../support/held-writer.ts'

const cut = new Fault('ORIGIN_TRUNCATED', 'cut')

/** Lets everything that is ready to run do so. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe('Growing blob', () => {
  test('bytes in memory are answered synchronously, and are the very chunk that came', () => {
    const blob = new GrowingBlob(new HeldWriter(), undefined)
    const chunk = content(1_000)
    blob.append(chunk)
    assert.equal(blob.reader().next(0, 4_096), chunk)
  })

  test('a reader at the head waits for the next bytes, and hears of the end', async () => {
    const blob = new GrowingBlob(new HeldWriter(), undefined)
    const reader = blob.reader()
    const first = reader.next(0, 100)
    blob.append(Buffer.from('one'))
    assert.equal((await first)?.toString(), 'one')
    const end = reader.next(3, 100)
    blob.complete()
    assert.equal(await end, undefined)
    assert.equal(reader.next(3, 100), undefined)
  })

  test('the size is the declared one, then the real one', () => {
    const declared = new GrowingBlob(new HeldWriter(), 10)
    const open = new GrowingBlob(new HeldWriter(), undefined)
    assert.equal(declared.reader().sizeBytes, 10)
    assert.equal(open.reader().sizeBytes, undefined)
    open.append(Buffer.from('abc'))
    assert.equal(open.sizeBytes, 3)
    open.complete()
    assert.equal(open.reader().sizeBytes, 3)
  })

  test('after a failure readers get what is there, then the fault', async () => {
    const blob = new GrowingBlob(new HeldWriter(), undefined)
    const reader = blob.reader()
    blob.append(Buffer.from('part'))
    const waiting = reader.next(4, 10)
    blob.fail(cut)
    await assert.rejects(Promise.resolve(waiting), { code: 'ORIGIN_TRUNCATED' })
    assert.equal((await reader.next(0, 10))?.toString(), 'part')
    await assert.rejects(Promise.resolve(reader.next(4, 10)), { code: 'ORIGIN_TRUNCATED' })
  })

  test('a reader behind the tail reads what was written', async () => {
    const writer = new HeldWriter()
    const blob = new GrowingBlob(writer, undefined, { tailBytes: 100 })
    const bytes = content(1_000)
    for (let at = 0; at < 1_000; at += 50) {
      blob.append(bytes.subarray(at, at + 50))
      writer.flush()
    }
    blob.complete()
    assert.ok((await readAll(blob.reader())).equals(bytes))
    assert.ok(writer.readCount > 0)
  })

  test('bytes that cannot be read back yet stay in memory, however many', async () => {
    const writer = new HeldWriter()
    const blob = new GrowingBlob(writer, undefined, { tailBytes: 100 })
    const bytes = content(1_000)
    for (let at = 0; at < 1_000; at += 50) blob.append(bytes.subarray(at, at + 50))
    blob.complete()
    assert.ok((await readAll(blob.reader())).equals(bytes))
    assert.equal(writer.readCount, 0)
  })

  test('a slow disk slows the origin, and tells when it may go on', async () => {
    const writer = new HeldWriter(100)
    const blob = new GrowingBlob(writer, undefined)
    let resumedCount = 0
    blob.onWritable(() => {
      resumedCount += 1
    })
    assert.equal(blob.append(content(99)), true)
    assert.equal(blob.append(content(1)), false)
    assert.equal(blob.append(content(1)), false)
    await settle()
    assert.equal(resumedCount, 0)
    writer.flush()
    await settle()
    assert.equal(resumedCount, 1)
    assert.equal(blob.append(content(1)), true)
  })

  test('a small complete blob is one buffer, without what else lay in the read buffer', () => {
    const blob = new GrowingBlob(new HeldWriter(), undefined)
    const slab = content(65_536)
    blob.append(slab.subarray(100, 200))
    const before = blob.wholeInMemory
    assert.equal(before, undefined)
    blob.complete()
    const whole = blob.wholeInMemory!
    assert.ok(whole.equals(slab.subarray(100, 200)))
    assert.equal(whole.buffer.byteLength, 100)
  })

  test('an empty blob is whole', () => {
    const blob = new GrowingBlob(new HeldWriter(), 0)
    blob.complete()
    assert.equal(blob.wholeInMemory?.length, 0)
    assert.equal(blob.reader().next(0, 1), undefined)
  })

  test('a large blob is not put together in memory', () => {
    const blob = new GrowingBlob(new HeldWriter(), undefined)
    blob.append(content(300_000))
    blob.complete()
    assert.equal(blob.wholeInMemory, undefined)
  })

  test('the writer may let go when the blob is over and the last reader has left, not before', () => {
    const writer = new HeldWriter()
    const blob = new GrowingBlob(writer, undefined)
    const [one, two] = [blob.reader(), blob.reader()]
    one.close()
    one.close()
    blob.complete()
    assert.equal(writer.endCount, 0)
    two.close()
    assert.equal(writer.endCount, 1)
  })
})

describe('Growing blob without a store (CORRECTNESS I9, T06)', () => {
  /** A blob whose writer breaks after `writtenBytes` of `sizeBytes`. */
  async function relayed(sizeBytes: number, writtenBytes: number, tailBytes: number) {
    const writer = new HeldWriter(1)
    const blob = new GrowingBlob(writer, undefined, { tailBytes })
    const bytes = content(sizeBytes)
    const leader = blob.reader()
    blob.append(bytes.subarray(0, writtenBytes))
    writer.flush()
    await settle()
    blob.append(bytes.subarray(writtenBytes, writtenBytes + 10))
    writer.breakDown()
    await settle()
    assert.equal(blob.storeFault?.code, 'STORE_NO_SPACE')
    return { writer, blob, bytes, leader, at: writtenBytes + 10 }
  }

  test('readers get every byte: written ones from the file, later ones from memory', async () => {
    const { blob, bytes, leader, at } = await relayed(1_000, 300, 200)
    const all = readAll(leader, 0, 64)
    let paused = Promise.withResolvers<void>()
    blob.onWritable(() => paused.resolve())
    for (let from = at; from < 1_000; from += 30) {
      if (blob.append(bytes.subarray(from, Math.min(1_000, from + 30)))) continue
      await paused.promise
      paused = Promise.withResolvers<void>()
    }
    blob.complete()
    assert.ok((await all).equals(bytes))
  })

  test('a disk that takes nothing for two seconds holds up no reader; without readers it is waited for', async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] })
    for (const isRead of [true, false]) {
      const blob = new GrowingBlob(new HeldWriter(1), undefined, { tailBytes: 200 })
      const reader = isRead ? blob.reader() : undefined
      let resumedCount = 0
      blob.onWritable(() => {
        resumedCount += 1
      })
      assert.equal(blob.append(content(100)), false)
      t.mock.timers.tick(2_000)
      assert.equal(blob.storeFault?.code, isRead ? 'STORE_IO' : undefined)
      assert.equal(resumedCount, isRead ? 1 : 0)
      assert.equal((await reader?.next(0, 100))?.length, isRead ? 100 : undefined)
    }
  })

  test('the slowest reader slows the origin; others do not', async () => {
    const { blob, bytes, leader, at } = await relayed(1_000, 100, 200)
    const quick = blob.reader()
    let resumedCount = 0
    blob.onWritable(() => {
      resumedCount += 1
    })
    assert.equal(blob.append(bytes.subarray(at, at + 190)), true)
    assert.equal(blob.append(bytes.subarray(300, 400)), false)
    quick.next(400, 100)
    assert.equal(resumedCount, 0)
    leader.next(150, 100)
    assert.equal(resumedCount, 0)
    leader.next(250, 100)
    assert.equal(resumedCount, 1)
  })

  test('a reader that leaves no longer slows the origin', async () => {
    const { blob, bytes, leader } = await relayed(1_000, 100, 200)
    const other = blob.reader()
    let resumed = false
    blob.onWritable(() => {
      resumed = true
    })
    assert.equal(blob.append(bytes.subarray(110, 500)), false)
    other.next(500, 10)
    leader.close()
    assert.equal(resumed, true)
  })

  test('what no reader needs is forgotten, and a newcomer is told that it cannot begin', async () => {
    const { blob, bytes, leader } = await relayed(2_000, 100, 200)
    assert.equal(blob.readableFromStart, true)
    for (let from = 110; from < 2_000; from += 70) {
      blob.append(bytes.subarray(from, from + 70))
      leader.next(blob.sizeBytes - 1, 10)
    }
    assert.equal(blob.readableFromStart, false)
    assert.equal((await blob.reader().next(50, 10))?.length, 10)
    await assert.rejects(Promise.resolve(blob.reader().next(100, 10)), { code: 'STORE_NO_SPACE' })
  })

  test('it is abandoned when the last reader leaves, or when there was none', async () => {
    const { blob, leader } = await relayed(100, 50, 200)
    let abandonedCount = 0
    blob.onUnread(() => {
      abandonedCount += 1
    })
    const other = blob.reader()
    leader.close()
    assert.equal(abandonedCount, 0)
    other.close()
    assert.equal(abandonedCount, 1)

    const writer = new HeldWriter(1)
    const unread = new GrowingBlob(writer, undefined)
    let abandoned = false
    unread.onUnread(() => {
      abandoned = true
    })
    unread.append(content(10))
    writer.breakDown()
    await settle()
    assert.equal(abandoned, true)
  })

  test('with a store it tells when the last reader leaves, and whether that one gave up', () => {
    const blob = new GrowingBlob(new HeldWriter(), undefined)
    const told: boolean[] = []
    blob.onUnread((early) => told.push(early))
    const [first, second] = [blob.reader(), blob.reader()]
    first.close(true)
    assert.deepEqual([told, blob.isRead], [[], true])
    second.close()
    second.close(true)
    assert.deepEqual([told, blob.isRead], [[false], false])
    blob.reader().close(true)
    assert.deepEqual(told, [false, true])
    const last = blob.reader()
    blob.complete()
    last.close(true)
    assert.deepEqual(told, [false, true], 'what is complete needs nobody')
  })
})

describe('Growing blob with many followers (CORRECTNESS T36)', () => {
  test('600 followers share the chunks: each gets the same buffers, nothing is queued for any of them', async () => {
    const blob = new GrowingBlob(new HeldWriter(), undefined)
    const followers = Array.from({ length: 600 }, () => blob.reader())
    for (let round = 0; round < 20; round++) {
      const position = blob.sizeBytes
      const waiting = followers.map((follower) => follower.next(position, 1_000_000))
      const chunk = content(500, round)
      blob.append(chunk)
      for (const got of await Promise.all(waiting)) assert.equal(got, chunk)
    }
  })
})
