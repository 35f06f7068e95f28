import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { openStores, type Stores } from '../../../src/app/stores.ts'
import { digestOf } from '../../../src/base/digest.ts'
import type { Settings } from '../../../src/config/settings.ts'
import { fileBytes } from '../../../src/store/accounting.ts'
import { blobFile, type Layout, layoutOf, stagingFile } from '../../../src/store/layout.ts'
import { content, get, listed, put } from '../../support/blob-content.ts'
import { HandClock } from '../../support/hand-clock.ts'
import { testSettings } from '../../support/larder.ts'
import { storedResponse } from '../../support/stored-responses.ts'

const hourMs = 3_600_000
const largeBytes = 200_000
const smallBytes = 2_000
const old = new Date('2020-01-01T00:00:00Z')

const keyOf = (number: number): string => `https://example.org/kept/${number}`

interface Stage {
  readonly stores: Stores
  readonly layout: Layout
  readonly timers: HandClock
  readonly notes: string[]
  /** Stops the stores and opens them again, after what happens `between`. */
  again(between?: () => void): Promise<Stage>
}

async function withStores(work: (stage: Stage) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'larder-upkeep-'))
  const settings: Settings = testSettings(folder)
  let stores: Stores
  const open = async (): Promise<Stage> => {
    const timers = new HandClock()
    const notes: string[] = []
    stores = openStores(settings, undefined, { timers, note: (text) => notes.push(text) })
    await stores.quota!.ready
    const again = (between = (): void => {}): Promise<Stage> => stores.close().then(between).then(open)
    return { stores, layout: layoutOf(settings.dataFolder), timers, notes, again }
  }
  try {
    await work(await open())
  } finally {
    await stores!.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

async function keep({ blobs, index }: Stores, number: number, sizeBytes: number): Promise<void> {
  const ref = await put(blobs, content(sizeBytes, number))
  await index.update(keyOf(number), () => [storedResponse(number, { content: ref })])
}

async function isSound({ blobs, index }: Stores, number: number, sizeBytes: number): Promise<boolean> {
  const [record] = await index.get(keyOf(number))
  const bytes = record?.content && (await get(blobs, record.content))
  return bytes?.equals(content(sizeBytes, number)) === true
}

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await turn()
}

/** A file as an older daemon may have left it: nobody names it. */
function plant(layout: Layout, bytes: Buffer): string {
  const path = blobFile(layout, digestOf(bytes))
  writeFileSync(path, bytes, { mode: 0o600 })
  return path
}

describe('Upkeep', () => {
  test('removes after a start what a crash left without a record, and nothing else', () =>
    withStores(async ({ stores, again }) => {
      for (const [number, sizeBytes] of [smallBytes, largeBytes].entries()) await keep(stores, number, sizeBytes)
      for (const sizeBytes of [smallBytes, largeBytes]) await put(stores.blobs, content(sizeBytes, 7))
      assert.equal((await listed(stores.blobs)).length, 4)
      const next = await again()
      await until(async () => (await listed(next.stores.blobs)).length === 2)
      await until(() => next.notes.length > 0)
      assert.deepEqual(next.notes, ['larder: 2 files and rows that nobody named were removed'])
      assert.ok(await isSound(next.stores, 0, smallBytes))
      assert.ok(await isSound(next.stores, 1, largeBytes))
    }))

  test('counts the disk again every hour: what came or went behind its back, old left-overs and orphans', () =>
    withStores(async ({ stores, layout, timers }) => {
      for (let number = 0; number < 3; number++) await keep(stores, number, largeBytes)
      const orphan = plant(layout, content(largeBytes, 9))
      const left = stagingFile(layout, 'a'.repeat(32))
      const young = stagingFile(layout, 'b'.repeat(32))
      for (const path of [left, young]) writeFileSync(path, 'left')
      utimesSync(left, old, old)
      const [gone] = await stores.index.get(keyOf(0))
      rmSync(blobFile(layout, gone!.content!.digest))
      assert.equal(stores.quota!.use().kinds.blobs, 3 * fileBytes(largeBytes))
      await timers.pass(hourMs)
      await until(() => !existsSync(orphan) && !existsSync(left))
      await stores.upkeep.tidy()
      assert.ok(existsSync(young), 'somebody may be writing it')
      assert.equal(stores.quota!.use().kinds.blobs, 2 * fileBytes(largeBytes))
      assert.ok(await isSound(stores, 1, largeBytes))
    }))

  test('spares what is being stored, and what waits for its record', () =>
    withStores(async ({ stores, layout }) => {
      const growing = stores.blobs.create()
      growing.write(content(largeBytes, 1))
      await growing.drained()
      const waiting = [await put(stores.blobs, content(smallBytes, 2)), await put(stores.blobs, content(largeBytes, 3))]
      const tidied = await stores.upkeep.tidy()
      assert.deepEqual(tidied, {
        blobCount: 0,
        blobBytes: 0,
        stagingCount: 0,
        quarantineCount: 0,
        missingCount: 0,
      })
      assert.equal(readdirSync(layout.staging).length, 1)
      const ref = await growing.commit()
      growing.endReading()
      for (const [number, one] of [ref, ...waiting].entries()) {
        await stores.index.update(keyOf(number + 1), () => [storedResponse(number, { content: one })])
      }
      await stores.upkeep.tidy()
      for (const [at, sizeBytes] of [largeBytes, smallBytes, largeBytes].entries()) {
        assert.ok(await isSound(stores, at + 1, sizeBytes))
      }
    }))
})

test('a damaged database that was set aside counts as used until it goes, after 30 days or by hand', () =>
  withStores(async (stage) => {
    await keep(stage.stores, 0, smallBytes)
    const before = stage.stores.quota!.use()
    assert.equal(before.kinds['set-aside'], 0)
    const damagedBytes = 40 * 4096
    const { stores, layout, timers } = await stage.again(() => {
      writeFileSync(stage.layout.index, Buffer.alloc(damagedBytes, 'no database'))
    })
    const use = stores.quota!.use()
    assert.ok(use.kinds['set-aside'] >= damagedBytes, JSON.stringify(use))
    assert.equal(
      use.usedBytes,
      Object.values(use.kinds).reduce((sum, one) => sum + one),
    )
    const [aside] = readdirSync(layout.root).filter((name) => name.startsWith('index.db.corrupt-'))
    rmSync(join(layout.root, aside!))
    await timers.pass(hourMs)
    await until(() => stores.quota!.use().kinds['set-aside'] === 0)
    assert.ok(await isSound(stores, 0, smallBytes))
  }))
