import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { openStores, type Stores } from '../../../src/app/stores.ts'
import type { LarderEvent } from '../../../src/base/events.ts'
import { Fault } from '../../../src/base/faults.ts'
import { blobFile, type Layout, layoutOf } from '../../../src/store/layout.ts'
import { content, get, listed, put } from '../../support/blob-content.ts'
import { testSettings } from '../../support/larder.ts'
import { entriesOf, storedResponse } from '../../support/stored-responses.ts'

const mib = 1024 * 1024
const quotaBytes = 24 * mib
const fileBytes = 300_000
const togetherCount = 12
const keyOf = (number: number): string => `https://example.org/replaced/${number}`
const contentOf = (number: number): Buffer => content(number % 2 === 0 ? fileBytes : 20_000, number + 1)

interface Under {
  readonly stores: Stores
  readonly layout: Layout
  readonly events: LarderEvent[]
  /** Resolves when the store has failed and works again so often. */
  recovered(count: number): Promise<void>
}

async function withStores(work: (under: Under) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'larder-replaced-'))
  const settings = testSettings(folder, { quotaBytes, eviction: 'lru' })
  const events: LarderEvent[] = []
  const stores = openStores(settings, (event) => events.push(event))
  const recovered = async (count: number): Promise<void> => {
    while (events.filter(({ kind }) => kind === 'store-recovered').length < count) await pause(25)
  }
  try {
    await stores.quota!.ready
    await work({ stores, layout: layoutOf(settings.dataFolder), events, recovered })
  } finally {
    await stores.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

/** A few at a time, so that they share the syncs of the disk and are of an age as their numbers say. */
async function fill({ blobs, index }: Stores, from: number, to: number): Promise<void> {
  const numbers = Array.from({ length: to - from }, (_, at) => from + at)
  while (numbers.length > 0) {
    const some = numbers.splice(0, togetherCount).map(async (number) => {
      const ref = await put(blobs, contentOf(number))
      await index.update(keyOf(number), () => [storedResponse(number, { content: ref })])
    })
    await Promise.all(some)
  }
}

/** What is counted is what is there. */
async function assertCounted({ blobs, index, quota, upkeep }: Stores): Promise<void> {
  // Behind whatever was begun, and behind what goes in the background.
  await upkeep.tidy()
  await quota!.run()
  const refs = await listed(blobs)
  const entries = await entriesOf(index)
  const use = quota!.use()
  assert.equal(use.responses, entries.size)
  assert.equal(use.blobs, refs.length)
  const named = new Set([...entries.values()].flat().map((one) => one.content!.digest))
  for (const { digest } of refs) assert.ok(named.has(digest), `nobody names ${digest}`)
}

function remove(path: string): void {
  for (const suffix of ['', '-wal', '-shm']) rmSync(path + suffix, { force: true })
}

const losses: Readonly<Record<string, (layout: Layout) => void>> = {
  'the index is removed, and made again from its copies': ({ index }) => remove(index),
  'the database of small blobs is removed': ({ smallBlobs }) => remove(smallBlobs),
  'index and copies are removed: content is nobody’s': ({ index, side }) => [index, side].forEach(remove),
  'blobs with files are removed': ({ blobs }) => rmSync(blobs, { recursive: true }),
  'the folder is removed': ({ root }) => rmSync(root, { recursive: true }),
}

describe('Of a running store something is replaced: what is stored is learnt again', () => {
  for (const [name, lose] of Object.entries(losses)) {
    test(`${name}; all that is there is counted, and goes when its time has come`, () =>
      withStores(async (under) => {
        const { stores, layout, events, recovered } = under
        await fill(stores, 0, 24)
        // So that rows get other numbers than they had.
        for (const number of [1, 4, 6]) await stores.index.delete(keyOf(number))
        await stores.upkeep.tidy()
        lose(layout)
        stores.health.failed(new Fault('STORE_IO', 'something is wrong'))
        await recovered(1)
        await assertReadable(stores)
        await fill(stores, 24, 40)
        await assertCounted(stores)
        await fill(stores, 40, 160)
        await assertCounted(stores)
        const kept = await entriesOf(stores.index)
        for (let number = 0; number < 24; number++) assert.ok(!kept.has(keyOf(number)), `${number} was not evicted`)
        assert.ok(kept.has(keyOf(159)))
        assert.ok(diskUse(layout) <= quotaBytes, 'more than the quota')
        assert.ok(events.every((event) => event.kind !== 'store-fault' || event.code !== 'STORE_NO_SPACE'))
      }))
  }
})

test('a blob that is set aside is counted out at once, in a file or a row', () =>
  withStores(async ({ stores, layout }) => {
    await fill(stores, 0, 2)
    const [[large], [small]] = await Promise.all([stores.index.get(keyOf(0)), stores.index.get(keyOf(1))])
    assert.equal(stores.quota!.use().blobs, 2)
    writeFileSync(blobFile(layout, large!.content!.digest), content(fileBytes, 77))
    const database = new DatabaseSync(layout.smallBlobs, { timeout: 30_000 })
    database.exec("UPDATE blob SET content = CAST(replace(hex(content), '0', '1') AS BLOB)")
    database.close()
    for (const record of [large, small]) await get(stores.blobs, record!.content!).catch(() => undefined)
    while (stores.quota!.use().blobs > 0) await pause(25)
    assert.equal(stores.quota!.use().kinds.blobs, 0)
  }))

/** What is there is right; what is not, is not there. */
async function assertReadable({ blobs, index }: Stores): Promise<void> {
  for (const [key, [record]] of await entriesOf(index)) {
    const bytes = await get(blobs, record!.content!)
    if (bytes === undefined) await index.delete(key)
    else assert.ok(bytes.equals(contentOf(Number(key.split('/').at(-1)))), key)
  }
}

const diskUse = ({ root }: Layout): number => Number.parseInt(execFileSync('du', ['-s', '-B1', root]).toString(), 10)
