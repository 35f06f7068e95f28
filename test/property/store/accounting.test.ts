import assert from 'node:assert/strict'
import { cpSync, lstatSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import fc from 'fast-check'
import { openStores, type Stores } from '../../../src/app/stores.ts'
import type { Digest } from '../../../src/base/digest.ts'
import type { LarderEvent } from '../../../src/base/events.ts'
import type { Settings } from '../../../src/config/settings.ts'
import { fileBytes } from '../../../src/store/accounting.ts'
import type { BlobWriter } from '../../../src/store/blob-store.ts'
import { layoutOf } from '../../../src/store/layout.ts'
import type { StoreUse } from '../../../src/store/store-use.ts'
import { content } from '../../support/blob-content.ts'
import { testSettings } from '../../support/larder.ts'
import { storedResponse } from '../../support/stored-responses.ts'

const mib = 1024 * 1024
/** Nothing takes so long, however busy the machine. */
const longestMs = 30_000
const pieceBytes = 150_000
const which = fc.nat(11)

/** One step in the life of a store. */
const step = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({ kind: fc.constant('create' as const), pieces: fc.nat(7), isDeclared: fc.boolean() }),
  },
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('write' as const), which }) },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('commit' as const), which, isNamed: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('abort' as const), which }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('pin' as const), which, pinned: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('purge' as const), which }) },
  fc.constant({ kind: 'evict' as const }),
  fc.constant({ kind: 'tidy' as const }),
  fc.constant({ kind: 'crash' as const }),
)
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

interface Ingest {
  readonly writer: BlobWriter
  readonly bytes: Buffer
  written: number
}

const keyOf = (number: number): string => `https://example.org/counted/${number}`
const fullFaults = ['STORE_NO_SPACE', 'STORE_BUSY', 'STORE_TOO_LARGE']

/** A store with its folder, as a test drives it: each start after a crash has a copy of what was on the disk. */
class World {
  readonly #top = mkdtempSync(join(tmpdir(), 'larder-accounting-'))
  settings: Settings = testSettings(this.#top, { quotaBytes: 12 * mib })
  readonly #told: LarderEvent[] = []
  stores: Stores = this.#open()
  ingests: Ingest[] = []
  #count = 0

  #open(): Stores {
    return openStores(this.settings, (event) => this.#told.push(event))
  }

  async play(next: Step): Promise<void> {
    const { stores } = this
    if (next.kind === 'create') {
      const bytes = content(next.pieces === 0 ? 900 : next.pieces * pieceBytes, ++this.#count)
      this.ingests.push({ writer: stores.blobs.create(next.isDeclared ? bytes.length : undefined), bytes, written: 0 })
    } else if (next.kind === 'evict') await stores.quota!.run()
    else if (next.kind === 'tidy') await stores.upkeep.tidy()
    else if (next.kind === 'crash') await this.#crash()
    else if (next.kind === 'pin') await stores.index.setPinned(keyOf(next.which), next.pinned)
    else if (next.kind === 'purge') await stores.index.delete(keyOf(next.which))
    else if (this.ingests.length > 0) await this.#go(next)
  }

  async #go(next: Step & { kind: 'write' | 'commit' | 'abort' }): Promise<void> {
    const at = next.which % this.ingests.length
    const ingest = this.ingests[at]!
    if (next.kind === 'write') return fullIsFine(() => writeTo(ingest, ingest.written + pieceBytes))
    this.ingests.splice(at, 1)
    if (next.kind === 'abort') return end(ingest)
    await fullIsFine(async () => {
      await writeTo(ingest, ingest.bytes.length)
      const ref = await ingest.writer.commit()
      const number = next.which
      if (next.isNamed) await this.stores.index.update(keyOf(number), () => [storedResponse(number, { content: ref })])
    })
    await end(ingest)
  }

  async #crash(): Promise<void> {
    const dataFolder = join(this.#top, `data-${++this.#count}`)
    cpSync(this.settings.dataFolder, dataFolder, { recursive: true })
    rmSync(join(dataFolder, 'lock'))
    await this.close()
    this.settings = { ...this.settings, dataFolder }
    this.stores = this.#open()
    await this.stores.quota!.ready
  }

  async close(): Promise<void> {
    for (const ingest of this.ingests.splice(0)) await end(ingest)
    await this.stores.close()
  }

  async remove(): Promise<void> {
    await this.close()
    rmSync(this.#top, { recursive: true, force: true })
  }

  /** Files of blobs: how they are counted, and what they take. */
  files(): { readonly countedBytes: number; readonly allocatedBytes: number } {
    const { blobs } = layoutOf(this.settings.dataFolder)
    const found = readdirSync(blobs, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => lstatSync(join(entry.parentPath, entry.name), { throwIfNoEntry: false }))
      // One may go just now.
      .filter((facts) => facts !== undefined)
    return {
      countedBytes: found.reduce((sum, { size }) => sum + fileBytes(size), 0),
      allocatedBytes: found.reduce((sum, { blocks }) => sum + blocks * 512, 0),
    }
  }

  /**
   * Content that nobody names goes in the background: then it is counted until it is gone. A file may go at any moment, between
   * two looks as well, so what was compared is what is answered.
   */
  async settled(): Promise<{ readonly use: StoreUse; readonly files: ReturnType<World['files']> }> {
    for (const endAt = performance.now() + longestMs; ; await turn()) {
      const [use, files] = [this.stores.quota!.use(), this.files()]
      if (use.kinds.blobs === files.countedBytes || performance.now() > endAt) return { use, files }
    }
  }

  /** All that may tell why what is counted is not what is there. */
  #account(use: StoreUse): string {
    const { blobs, quarantine } = layoutOf(this.settings.dataFolder)
    const files = readdirSync(blobs, { recursive: true }).map(String)
    const isClaimed = (name: string): boolean => this.stores.quota!.isClaimed(basename(name) as Digest)
    return JSON.stringify({
      use,
      files: files.filter((name) => name.includes('/')).map((name) => ({ name, isClaimed: isClaimed(name) })),
      quarantine: readdirSync(quarantine),
      told: this.#told,
    })
  }

  async check(): Promise<void> {
    const { use, files } = await this.settled()
    const { usedBytes, reservedBytes, fixedBytes, quotaBytes, kinds, blobs, responses, pinned, freeBytes } = use
    for (const [name, value] of Object.entries({
      usedBytes,
      reservedBytes,
      ...kinds,
      blobs,
      responses,
      pinned,
      freeBytes,
    })) {
      assert.ok(value >= 0, `${name} is ${value}`)
    }
    // Room for rows may be promised on free pages.
    assert.ok(usedBytes - freeBytes + reservedBytes + fixedBytes <= quotaBytes, JSON.stringify(use))
    const { countedBytes, allocatedBytes } = files
    assert.equal(kinds.blobs, countedBytes, `files are counted as they are; ${this.#account(use)}`)
    assert.ok(allocatedBytes <= countedBytes)
    assert.equal(kinds['small-blobs'] % 4096, 0)
  }
}

async function writeTo(ingest: Ingest, end: number): Promise<void> {
  const until = Math.min(end, ingest.bytes.length)
  const isReady = ingest.writer.write(ingest.bytes.subarray(ingest.written, until))
  ingest.written = until
  if (!isReady) await ingest.writer.drained()
}

async function end({ writer }: Ingest): Promise<void> {
  await writer.abort()
  writer.endReading()
}

async function fullIsFine(work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (error) {
    assert.ok(fullFaults.includes((error as { code: string }).code), String(error))
  }
}

test('whatever is begun, written, stored, given up, pinned, purged, evicted and cut off by a crash: promised and stored never exceed the quota, what is counted is on the disk, and all is given back', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 40 }), async (steps) => {
      const world = new World()
      try {
        await world.stores.quota!.ready
        for (const next of steps) {
          await world.play(next)
          await world.stores.quota!.run()
          await world.check()
        }
        for (const ingest of world.ingests.splice(0)) await end(ingest)
        assert.equal(world.stores.quota!.use().reservedBytes, 0, 'what was promised is given back')
        for (let number = 0; number <= 11; number++) await world.stores.index.delete(keyOf(number))
        await world.stores.quota!.run()
        const { responses, pinned } = world.stores.quota!.use()
        assert.deepEqual([responses, pinned], [0, 0])
        await world.check()
      } finally {
        await world.remove()
      }
    }),
    { numRuns: 6 },
  )
})
