import assert from 'node:assert/strict'
import { statSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { describe, test } from 'node:test'
import { Checkpointer } from '../../../src/store/sqlite-checkpointer.ts'
import { SqliteGroupCommit } from '../../../src/store/sqlite-group-commit.ts'
import { createFaultyDisk, type FaultyDisk } from '../../support/faulty-disk.ts'
import { makeStoreFolder } from '../../support/store-folder.ts'

const schema = 'CREATE TABLE IF NOT EXISTS note (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE) STRICT'

interface Under {
  readonly commits: SqliteGroupCommit
  readonly disk: FaultyDisk
  readonly checkpointer: Checkpointer
  readonly path: string
  /** Enqueues a row. */
  note(text: string, sizeBytes?: number): Promise<void>
  count(): number
}

async function withCommits(work: (under: Under) => Promise<void>): Promise<void> {
  const folder = makeStoreFolder()
  const checkpointer = new Checkpointer()
  const disk = createFaultyDisk()
  const path = folder.layout.index
  const commits = new SqliteGroupCommit(path, schema, checkpointer, disk)
  const insert = commits.database.prepare('INSERT INTO note (text) VALUES (?)')
  const count = commits.database.prepare('SELECT count(*) AS count FROM note')
  try {
    await work({
      commits,
      disk,
      checkpointer,
      path,
      note: (text, sizeBytes) => commits.enqueue(() => insert.run(text), sizeBytes),
      count: () => (count.get() as { count: number }).count,
    })
  } finally {
    disk.mend()
    await commits.close()
    await checkpointer.close()
    folder.remove()
  }
}

const syncCount = (disk: FaultyDisk): number => disk.calls.filter((call) => call === 'fdatasync').length

describe('Group commit', () => {
  test('writes of a window share one sync, and resolve only after it', () =>
    withCommits(async ({ disk, note, count }) => {
      const notes = Array.from({ length: 100 }, (_, i) => note(`n${i}`))
      assert.equal(count(), 0)
      await Promise.race(notes)
      assert.equal(syncCount(disk), 1)
      await Promise.all(notes)
      assert.equal(syncCount(disk), 1)
      assert.equal(count(), 100)
    }))

  test('the first sync also makes the name of the log durable', () =>
    withCommits(async ({ disk, note }) => {
      await note('a')
      assert.deepEqual(disk.calls, ['open', 'fdatasync', 'open', 'fsync', 'close'])
      await note('b')
      assert.deepEqual(disk.calls.slice(5), ['fdatasync'])
    }))

  test('more than a transaction should take becomes several', () =>
    withCommits(async ({ disk, note, count }) => {
      await Promise.all(Array.from({ length: 600 }, (_, i) => note(`n${i}`)))
      assert.equal(syncCount(disk), 3)
      assert.equal(count(), 600)
    }))

  test('a write that fails takes its transaction with it; the next one goes on', () =>
    withCommits(async ({ note, count }) => {
      const [good, bad] = [note('same'), note('same')]
      await assert.rejects(bad, { code: 'STORE_IO' })
      await assert.rejects(good, { code: 'STORE_IO' })
      assert.equal(count(), 0)
      await note('same')
      assert.equal(count(), 1)
    }))

  test('a full disk is STORE_NO_SPACE, and once there is room again writing goes on (CORRECTNESS T06)', () =>
    withCommits(async ({ commits, note }) => {
      const { page_count } = commits.database.prepare('PRAGMA page_count').get() as { page_count: number }
      commits.database.exec(`PRAGMA max_page_count=${page_count + 2}`)
      await assert.rejects(note('x'.repeat(100_000)), { code: 'STORE_NO_SPACE' })
      commits.database.exec('PRAGMA max_page_count=1000000')
      await note('x'.repeat(100_000))
    }))

  test('after a sync that failed nothing is accepted any more, and no sync is repeated (CORRECTNESS T05)', () =>
    withCommits(async ({ disk, note }) => {
      await note('durable')
      disk.breakCall('fdatasync', 'EIO')
      await assert.rejects(note('lost'), { code: 'STORE_IO' })
      disk.mend()
      const before = syncCount(disk)
      await assert.rejects(note('later'), { code: 'STORE_IO' })
      assert.equal(syncCount(disk), before)
    }))

  test('what waits behind a sync that failed fails as well', () =>
    withCommits(async ({ disk, note }) => {
      disk.breakCall('fdatasync', 'EIO')
      const notes = Array.from({ length: 600 }, (_, i) => note(`n${i}`))
      for (const one of await Promise.allSettled(notes)) assert.equal(one.status, 'rejected')
      assert.equal(syncCount(disk), 1)
    }))

  test('close makes what waits durable, without waiting for the window', () =>
    withCommits(async ({ commits, note, path }) => {
      const waiting = note('last')
      await commits.close()
      await waiting
      const again = new DatabaseSync(path)
      assert.deepEqual({ ...again.prepare('SELECT text FROM note').get() }, { text: 'last' })
      again.close()
    }))

  test('under steady writes the log is folded and begins anew', () =>
    withCommits(async ({ commits, note, count, path }) => {
      let written = 0
      const sizeBytes = 4 * 1024 * 1024
      // Told to be large, so that little has to be written.
      const writers = Array.from({ length: 20 }, async () => {
        while (written < 2_000) await note(`${written++} ${'x'.repeat(2_000)}`, sizeBytes)
      })
      await Promise.all(writers)
      const { size } = statSync(`${path}-wal`)
      assert.ok(size < 2_000 * 2_000, `the log of ${size} bytes never began anew`)
      assert.equal(count(), written)
      assert.deepEqual({ ...commits.database.prepare('PRAGMA quick_check').get() }, { quick_check: 'ok' })
    }))

  test('a disk that fails while folding stops writing, not reading', () =>
    withCommits(async ({ checkpointer, note, count }) => {
      checkpointer.fold = () => Promise.reject(Object.assign(new Error('disk'), { code: 'EIO' }))
      await note('large', 40 * 1024 * 1024)
      await assert.rejects(note('later'))
      assert.equal(count(), 1)
    }))

  test('a file that is no database is STORE_IO', () =>
    withCommits(async ({ checkpointer, path }) => {
      const wrong = path.replace('index.db', 'FORMAT')
      assert.throws(() => new SqliteGroupCommit(wrong, schema, checkpointer), { code: 'STORE_IO' })
    }))
})
