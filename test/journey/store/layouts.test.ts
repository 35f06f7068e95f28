import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import fs, { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, mock, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { openStores, type Stores } from '../../../src/app/stores.ts'
import type { Settings } from '../../../src/config/settings.ts'
import { type Disk, systemDisk } from '../../../src/store/disk.ts'
import { layoutOf } from '../../../src/store/layout.ts'
import { get } from '../../support/blob-content.ts'
import { testSettings } from '../../support/larder.ts'
import { homeOf, runProgram } from '../../support/program.ts'

/** A data folder that the last version with layout 1 made: six responses, of no, few, more and many bytes, the third one pinned. */
const kept = fileURLToPath(new URL('./kept/layout-1.tar.gz', import.meta.url))
const sizes = [0, 10, 3_000, 70_000, 0, 10]

/** The settings of a folder of the test's own with a copy of the older one. */
async function withOldFolder(work: (settings: Settings, folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'larder-layouts-'))
  const settings = testSettings(folder)
  try {
    mkdirSync(settings.dataFolder, { mode: 0o700 })
    execFileSync('tar', ['-xzf', kept, '-C', settings.dataFolder])
    await work(settings, folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function checkAll({ index, blobs }: Stores): Promise<void> {
  for (const [number, sizeBytes] of sizes.entries()) {
    const [record] = await index.get(`https://example.org/published/${number}`)
    assert.ok(record?.content, `record ${number}`)
    assert.equal(record.pinned === true, number === 2)
    const expected = Buffer.alloc(sizeBytes, `object ${number} of layout 1\n`)
    assert.ok((await get(blobs, record.content))?.equals(expected), `content ${number}`)
  }
}

/** Opens the folder as the next start would; all is there, also after the index is lost. */
async function checkMigrated(settings: Settings): Promise<void> {
  const layout = layoutOf(settings.dataFolder)
  for (const lost of [false, true]) {
    if (lost) for (const suffix of ['', '-wal', '-shm']) rmSync(layout.index + suffix, { force: true })
    const stores = openStores(settings)
    try {
      await stores.opened
      await checkAll(stores)
    } finally {
      await stores.close()
    }
    assert.equal(readFileSync(layout.format, 'utf8'), 'layout=2\n')
  }
}

/** Calls `look` before and after each call of the disk. */
function watchedDisk(look: () => void): Disk {
  const watched = Object.entries(systemDisk).map(([name, call]) => [
    name,
    async (...given: unknown[]) => {
      look()
      try {
        return await (call as (...all: unknown[]) => Promise<unknown>)(...given)
      } finally {
        look()
      }
    },
  ])
  return Object.fromEntries(watched) as Disk
}

/** As it would be found after a kill now: what was written is there, the lock is a dead process's. */
function freeze(from: string, to: string): void {
  cpSync(from, to, { recursive: true })
  rmSync(join(to, 'lock'), { force: true })
}

describe('Layouts of the data folder (CORRECTNESS T50)', () => {
  test('a stored copy of layout 1 is migrated, with progress, and nothing is lost', () =>
    withOldFolder(async (settings) => {
      const notes: string[] = []
      const stores = openStores(settings, undefined, { note: (text) => notes.push(text) })
      await stores.opened
      await checkAll(stores)
      await stores.close()
      assert.match(notes[0]!, /records are copied beside the blobs$/)
      assert.equal(notes.at(-1), 'larder: 6 records copied')
      await checkMigrated(settings)
    }))

  test('a migration that is killed at any of its steps goes on at the next start', (t) =>
    withOldFolder(async (settings, folder) => {
      const frames: string[] = []
      const look = (): void => {
        const frame = join(folder, `frame-${frames.length}`)
        frames.push(frame)
        freeze(settings.dataFolder, frame)
      }
      const { renameSync, writeFileSync: write } = fs
      // The steps that do not go through the disk of the stores.
      mock.method(fs, 'renameSync', (...given: Parameters<typeof renameSync>) => {
        look()
        renameSync(...given)
        look()
      })
      mock.method(fs, 'writeFileSync', (...given: Parameters<typeof write>) => {
        write(...given)
        if (existsSync(join(settings.dataFolder, 'blobs'))) look()
      })
      syncBuiltinESMExports()
      try {
        const stores = openStores(settings, undefined, { disk: watchedDisk(look), note: look })
        await stores.opened
        look()
        await stores.close()
        look()
      } finally {
        mock.restoreAll()
        syncBuiltinESMExports()
      }
      const states = new Set<string>()
      for (const frame of frames) {
        states.add(readFileSync(join(frame, 'FORMAT'), 'utf8').trim())
        await checkMigrated({ ...settings, dataFolder: frame })
      }
      t.diagnostic(`${frames.length} moments, ${[...states].join(' and ')}`)
      assert.deepEqual([...states], ['layout=1', 'layout=2'])
    }))

  test('a newer layout is refused with the name of the file, both versions and what to do, and stays as it is', async (t) => {
    await withOldFolder(async ({ dataFolder }) => {
      writeFileSync(join(dataFolder, 'FORMAT'), 'layout=3\n')
      const index = readFileSync(join(dataFolder, 'index.db'))
      const { code, err } = await runProgram(['serve', '--data', dataFolder, '--listen', '127.0.0.1:0'], homeOf(t))
      t.diagnostic(err)
      assert.notEqual(code, 0)
      assert.match(err, /STORE_LAYOUT_UNKNOWN/)
      assert.ok(err.includes(join(dataFolder, 'FORMAT')))
      assert.match(err, /layout=3/)
      assert.match(err, /layouts up to 2 are known/)
      assert.ok(readFileSync(join(dataFolder, 'index.db')).equals(index))
      assert.equal(readFileSync(join(dataFolder, 'FORMAT'), 'utf8'), 'layout=3\n')
      assert.ok(!existsSync(join(dataFolder, 'side.db')))
    })
  })
})
