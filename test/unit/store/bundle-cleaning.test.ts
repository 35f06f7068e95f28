import assert from 'node:assert/strict'
import { cpSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, test } from 'node:test'
import { Fault } from '../../../src/base/faults.ts'
import { recordsThatCount } from '../../../src/store/records-that-count.ts'
import type { NumberedBundle } from '../../../src/store/sqlite-record-bundles.ts'
import { type OpenedRecords, recordFolder } from '../../support/record-folder.ts'

const mib = 1024 * 1024
const liveCount = 400
const roundCount = 40
const keyOf = (number: number): string => `https://example.org/${number}`
const textOf = (number: number, round: number): string => `${number} in round ${round} `.padEnd(700, 'x')
const numbers = Array.from({ length: liveCount }, (_, number) => number)

/** Writes half of the records again; the other half stays as it was, a few of the first half go and come. */
async function writeAgain({ index, copies, cleaning }: OpenedRecords, round: number): Promise<void> {
  const half = numbers.slice(0, liveCount / 2)
  await Promise.all(half.map((number) => index.set(keyOf(number), textOf(number, round))))
  await Promise.all(half.slice(0, 20).map((number) => index.delete(keyOf(number))))
  await copies.flush()
  await cleaning.settled()
}

async function fill(opened: OpenedRecords): Promise<void> {
  await opened.index.setWhole()
  await Promise.all(numbers.map((number) => opened.index.set(keyOf(number), textOf(number, 0))))
  for (let round = 1; round <= roundCount; round++) await writeAgain(opened, round)
}

/** What the copies of a file say. */
function copiesIn(file: string): Map<string, string> {
  const database = new DatabaseSync(file, { timeout: 30_000 })
  const bundles = database.prepare('SELECT * FROM bundle ORDER BY id DESC').all() as unknown as NumberedBundle[]
  database.close()
  const found = new Map<string, string>()
  for (const [key, value] of [...recordsThatCount(bundles)].flat()) if (!found.has(key)) found.set(key, value)
  return found
}

const sizeOf = (database: DatabaseSync): number =>
  (database.prepare('SELECT sum(length(hashes) + length(entries)) AS bytes FROM bundle').get() as { bytes: number })
    .bytes

function expected(round: number): Map<string, string> {
  const kept = numbers.slice(20)
  return new Map(kept.map((number) => [keyOf(number), textOf(number, number < liveCount / 2 ? round : 0)]))
}

describe('The log of copies', () => {
  test('stays bounded when the same keys are written again and again, and has every record of the index', async (t) => {
    const folder = recordFolder(t)
    const opened = folder.open(true)
    await fill(opened)
    const bytes = folder.look(sizeOf)
    t.diagnostic(`${Math.round(bytes / 1024)} KiB`)
    assert.ok(bytes < 1.5 * mib, `${bytes} bytes`)
    const file = join(folder.folder, 'side.db')
    assert.deepEqual(copiesIn(file), expected(roundCount))
    // After a restart what is there is counted.
    await opened.close()
    const again = folder.open(true)
    await again.index.setWhole()
    for (let round = 1; round <= roundCount; round++) await writeAgain(again, roundCount + round)
    assert.ok(folder.look(sizeOf) < 1.5 * mib)
    assert.deepEqual(copiesIn(file), expected(2 * roundCount))
  })

  test('stays bounded when records are written again as they were', async (t) => {
    const folder = recordFolder(t)
    const opened = folder.open(true)
    await opened.index.setWhole()
    for (let round = 0; round < roundCount; round++) {
      await Promise.all(numbers.map((number) => opened.index.set(keyOf(number), textOf(number, 0))))
      await opened.copies.flush()
      await opened.cleaning.settled()
    }
    assert.ok(folder.look(sizeOf) < 1.5 * mib)
    const found = copiesIn(join(folder.folder, 'side.db'))
    assert.deepEqual(found, new Map(numbers.map((number) => [keyOf(number), textOf(number, 0)])))
  })

  test('has every record of the index at any moment of cleaning, should the process end there', async (t) => {
    const folder = recordFolder(t)
    const opened = folder.open(true)
    const { copies } = opened
    const file = join(folder.folder, 'side.db')
    const frame = join(folder.folder, 'frame.db')
    let frameCount = 0
    const check = (): void => {
      for (const suffix of ['', '-wal']) cpSync(file + suffix, frame + suffix)
      const found = copiesIn(frame)
      for (const number of numbers.slice(liveCount / 2)) assert.equal(found.get(keyOf(number)), textOf(number, 0))
      for (const suffix of ['', '-wal', '-shm']) rmSync(frame + suffix, { force: true })
      frameCount += 1
    }
    const { remove } = copies
    t.mock.method(copies, 'remove', async (...given: Parameters<typeof remove>) => {
      check()
      await remove.apply(copies, given)
      check()
    })
    await fill(opened)
    assert.ok(frameCount > 4, `${frameCount} moments`)
  })

  test('loses nothing when what was to be kept again could not be written', async (t) => {
    const folder = recordFolder(t)
    const faults: unknown[] = []
    const opened = folder.open(true, (error) => faults.push(error))
    const { copies, side } = opened
    await opened.index.setWhole()
    await Promise.all(numbers.map((number) => opened.index.set(keyOf(number), textOf(number, 0))))
    let leftCount = 3
    let isFull = false
    const { enqueue } = side.room
    t.mock.method(side.room, 'enqueue', (...given: Parameters<typeof enqueue>) => {
      if (!isFull) return enqueue.apply(side.room, given)
      isFull = false
      return Promise.reject(new Fault('STORE_NO_SPACE', 'the disk is full'))
    })
    const { keepAgain } = copies
    t.mock.method(copies, 'keepAgain', (...given: Parameters<typeof keepAgain>) => {
      // In the middle of a cleaning.
      isFull ||= given[0] === keyOf(300) && leftCount-- > 0
      keepAgain.apply(copies, given)
    })
    for (let round = 1; round <= roundCount; round++) await writeAgain(opened, round)
    assert.equal(faults.length, 3)
    const found = copiesIn(join(folder.folder, 'side.db'))
    for (const number of numbers.slice(liveCount / 2)) assert.equal(found.get(keyOf(number)), textOf(number, 0))
  })

  test('is left alone while the index is not whole', async (t) => {
    const folder = recordFolder(t)
    const { copies, cleaning, index } = folder.open()
    for (let round = 0; round < roundCount / 4; round++) {
      for (const number of numbers) copies.keep(keyOf(number), textOf(number, round))
      await copies.flush()
      await cleaning.settled()
    }
    const before = folder.look(sizeOf)
    assert.ok(before > 2 * mib)
    await index.setWhole()
    // None of them is in the index: all but the floor goes.
    for (let round = 0; round < roundCount; round++) {
      copies.keep('https://example.org/another', undefined)
      await copies.flush()
      await cleaning.settled()
    }
    assert.ok(folder.look(sizeOf) <= mib)
  })
})
