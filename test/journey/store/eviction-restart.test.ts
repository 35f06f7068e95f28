import assert from 'node:assert/strict'
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { openStores, type Stores } from '../../../src/app/stores.ts'
import type { Settings } from '../../../src/config/settings.ts'
import { type EvictionName, evictionNames, noSlot } from '../../../src/store/eviction-policy.ts'
import { layoutOf } from '../../../src/store/layout.ts'
import { content, put } from '../../support/blob-content.ts'
import { HandClock } from '../../support/hand-clock.ts'
import { testSettings } from '../../support/larder.ts'
import { storedResponse } from '../../support/stored-responses.ts'

const mib = 1024 * 1024
const objectBytes = 100_000
const hotCount = 4
const firstCount = 28
const atOnce = 7

const keyOf = (number: number): string => `https://example.org/kept/${number}`
const isHot = (number: number): boolean => number < hotCount

async function store(stores: Stores, number: number): Promise<void> {
  const ref = await put(stores.blobs, content(objectBytes, number), objectBytes, objectBytes)
  await stores.index.update(keyOf(number), () => [storedResponse(number, { content: ref })])
}

/** What is stored of the numbers below `end`. */
async function storedOf({ index }: Stores, end: number): Promise<number[]> {
  const found: number[] = []
  for (let number = 0; number < end; number++) if ((await index.get(keyOf(number))).length > 0) found.push(number)
  return found
}

async function storeAll(stores: Stores, first: number, end: number): Promise<void> {
  await Promise.all(Array.from({ length: end - first }, (_, at) => store(stores, first + at)))
}

/** Stores the hot ones first, as the oldest of all, and asks for them again and again. */
async function fill(stores: Stores): Promise<void> {
  await stores.quota!.ready
  await storeAll(stores, 0, hotCount)
  await storeAll(stores, hotCount, firstCount)
  for (let round = 0; round < 5; round++) for (let n = 0; n < hotCount; n++) stores.touch(keyOf(n), noSlot)
}

/** Stores until much has gone; answers what is left of the first. */
async function pressOut(stores: Stores): Promise<number[]> {
  await stores.quota!.ready
  for (let number = firstCount; number < 2 * firstCount; number += atOnce) {
    await storeAll(stores, number, number + atOnce)
    await stores.quota!.run()
  }
  return storedOf(stores, firstCount)
}

type Open = typeof openStores

async function withFolder(
  policy: EvictionName,
  work: (settings: Settings, open: Open) => Promise<void>,
): Promise<void> {
  const opened: Stores[] = []
  const open: Open = (...given) => {
    const stores = openStores(...given)
    opened.push({ ...stores, close: once(stores.close) })
    return opened.at(-1)!
  }
  const folder = mkdtempSync(join(tmpdir(), 'larder-eviction-'))
  try {
    await work(testSettings(folder, { quotaBytes: 12 * mib, eviction: policy }), open)
  } finally {
    await Promise.all(opened.map(({ close }) => close()))
    rmSync(folder, { recursive: true, force: true })
  }
}

function once(close: () => Promise<void>): () => Promise<void> {
  let closed: Promise<void> | undefined
  return () => (closed ??= close())
}

async function filledAndClosed(settings: Settings, open: Open): Promise<void> {
  const stores = open(settings)
  await fill(stores)
  await stores.close()
}

describe('What eviction has learnt', { concurrency: true }, () => {
  for (const policy of evictionNames) {
    test(`outlasts a restart: with ${policy} what was hot before stays when others go`, () =>
      withFolder(policy, async (settings, open) => {
        await filledAndClosed(settings, open)
        const notes: string[] = []
        const stores = open(settings, undefined, { note: (text) => notes.push(text) })
        const left = await pressOut(stores)
        await stores.close()
        assert.deepEqual(left.filter(isHot), [0, 1, 2, 3])
        assert.ok(left.length < firstCount, 'others went')
        assert.deepEqual(notes, [])
      }))
  }

  test('is kept while the daemon runs, so that it outlasts a crash', () =>
    withFolder('lru', async (settings, open) => {
      const timers = new HandClock()
      const stores = open(settings, undefined, { timers })
      await fill(stores)
      await timers.pass(600_000)
      while (!existsSync(layoutOf(settings.dataFolder).eviction)) await turn()
      const copy = `${settings.dataFolder}-after-crash`
      cpSync(settings.dataFolder, copy, { recursive: true })
      rmSync(join(copy, 'lock'))
      await stores.close()
      const next = open({ ...settings, dataFolder: copy })
      const left = await pressOut(next)
      await next.close()
      assert.deepEqual(left.filter(isHot), [0, 1, 2, 3])
    }))

  test('is learnt anew, and that is told, when its file is damaged', () =>
    withFolder('lru', async (settings, open) => {
      await filledAndClosed(settings, open)
      const path = layoutOf(settings.dataFolder).eviction
      const bytes = readFileSync(path)
      bytes[bytes.length - 9]! ^= 1
      writeFileSync(path, bytes)
      const notes: string[] = []
      const stores = open(settings, undefined, { note: (text) => notes.push(text) })
      const left = await pressOut(stores)
      await stores.close()
      assert.match(notes.join('\n'), /eviction is not used, its checksum is wrong: /)
      assert.deepEqual(left.filter(isHot), [], 'the oldest went first')
    }))

  test('is learnt anew, and that is told, when the policy is another one', () =>
    withFolder('lru', async (settings, open) => {
      await filledAndClosed(settings, open)
      const notes: string[] = []
      const stores = open({ ...settings, eviction: 'gdsf' }, undefined, { note: (text) => notes.push(text) })
      await stores.quota!.ready
      await stores.close()
      assert.match(notes.join('\n'), /is not used, it is of --eviction lru: /)
    }))
})
