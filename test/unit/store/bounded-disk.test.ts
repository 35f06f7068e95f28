import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import type { Fault } from '../../../src/base/faults.ts'
import { BoundedDisk } from '../../../src/store/bounded-disk.ts'
import { BufferPool } from '../../../src/store/buffer-pool.ts'
import { type Disk, systemDisk } from '../../../src/store/disk.ts'
import { OpenFile } from '../../../src/store/open-file.ts'
import { HandClock } from '../../support/hand-clock.ts'

interface Asked {
  readonly call: keyof Disk
  answer(value?: unknown): void
}

/** A disk that answers nothing by itself, and the bounded one over it. */
function slowDisk(t: TestContext): { clock: HandClock; asked: Asked[]; told: Fault[]; disk: BoundedDisk } {
  const clock = new HandClock()
  const asked: Asked[] = []
  const told: Fault[] = []
  const hanging = (call: keyof Disk): unknown => {
    return () => new Promise((answer) => asked.push({ call, answer }))
  }
  const calls = Object.keys(systemDisk) as (keyof Disk)[]
  const inner = Object.fromEntries(calls.map((call) => [call, hanging(call)])) as unknown as Disk
  const disk = new BoundedDisk({ disk: inner, timers: clock, mostAtOnce: 3, onUnanswered: (fault) => told.push(fault) })
  t.after(() => disk.stopWatching())
  return { clock, asked, told, disk }
}

const unanswered = { code: 'STORE_IO', message: /^the disk has not answered for 10 s/ }
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe('A disk that may hang', () => {
  test('is given ten seconds; then what waits fails, people are told once, and nothing is asked until it answers', async (t) => {
    const { clock, asked, told, disk } = slowDisk(t)
    const begun = [disk.fsync(1), disk.fdatasync(2)].map((call) => assert.rejects(call, unanswered))
    await clock.pass(9_000)
    assert.equal(told.length, 0)
    await clock.pass(1_000)
    await Promise.all(begun)
    assert.equal(told.length, 1)
    for (let count = 0; count < 5; count++) await assert.rejects(disk.unlink('/x'), unanswered)
    assert.deepEqual(
      asked.map(({ call }) => call),
      ['fsync', 'fdatasync'],
    )
    asked[0]!.answer()
    await settled()
    await assert.rejects(disk.rename('/x', '/y'), unanswered)
    asked[1]!.answer()
    await settled()
    const again = disk.unlink('/x')
    asked[2]!.answer()
    await again
    await clock.pass(60_000)
    assert.equal(told.length, 1)
    assert.equal(clock.waitingCount, 0)
  })

  test('keeps three threads at most; who waits for one has its turn, or is told and never asked for', async (t) => {
    const { clock, asked, disk } = slowDisk(t)
    const calls = [1, 2, 3, 4, 5].map((fd) => disk.fsync(fd))
    assert.equal(asked.length, 3)
    asked[0]!.answer()
    await calls[0]
    await settled()
    assert.equal(asked.length, 4)
    const rest = calls.slice(1).map((call) => assert.rejects(call, unanswered))
    await clock.pass(10_000)
    await Promise.all(rest)
    for (const { answer } of asked) answer()
    await settled()
    assert.equal(asked.length, 4)
  })

  test('a file is closed only when nothing can be done to it any more, one that was opened too late as well', async (t) => {
    const { clock, asked, disk } = slowDisk(t)
    const calls = [disk.writev(7, [Buffer.from('x')], 0), disk.open('/x', 0)]
    const rejected = calls.map((call) => assert.rejects(call, unanswered))
    await clock.pass(10_000)
    await Promise.all(rejected)
    await assert.rejects(disk.close(7), unanswered)
    asked[1]!.answer(8)
    await settled()
    assert.equal(asked.length, 2)
    asked[0]!.answer(1)
    await settled()
    assert.deepEqual(
      asked.slice(2).map(({ call }) => call),
      ['close', 'close'],
    )
  })

  test('memory that a read may yet fill is lent to nobody else', async (t) => {
    const { clock, disk } = slowDisk(t)
    const pool = new BufferPool()
    const given: Buffer[] = []
    t.mock.method(pool, 'give', (buffer: Buffer) => given.push(buffer))
    const read = assert.rejects(new OpenFile(disk, pool, 7, '/x').read(0, 100), unanswered)
    await clock.pass(10_000)
    await read
    assert.deepEqual(given, [])
  })

  test('has longer to sync a file to which much was written', async (t) => {
    const { clock, asked, told, disk } = slowDisk(t)
    const written = disk.writev(7, [Buffer.alloc(0)], 0)
    asked[0]!.answer(400 * 1024 * 1024)
    await written
    const synced = disk.fsync(7)
    await clock.pass(100_000)
    assert.equal(told.length, 0)
    asked[1]!.answer()
    await synced
  })

  test('is known to hang also when another thread waits for it', async (t) => {
    const { clock, told, disk } = slowDisk(t)
    const { promise, resolve } = Promise.withResolvers<void>()
    disk.watch(promise)
    await clock.pass(60_000)
    assert.equal(told.length, 1)
    await assert.rejects(disk.fsync(1), unanswered)
    resolve()
  })
})
