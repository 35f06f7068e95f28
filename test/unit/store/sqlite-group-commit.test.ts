import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, test } from 'node:test'
import { Checkpointer } from '../../../src/store/sqlite-checkpointer.ts'
import { hiddenName } from '../../../src/store/sqlite-file.ts'
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
  const commits = new SqliteGroupCommit(path, schema, checkpointer, { disk })
  const insert = commits.prepare('INSERT INTO note (text) VALUES (?)')
  const count = commits.prepare('SELECT count(*) FROM note')
  try {
    await work({
      commits,
      disk,
      checkpointer,
      path,
      note: (text, sizeBytes) => commits.enqueue(() => insert.run(text), sizeBytes),
      count: () => count.value() as number,
    })
  } finally {
    disk.mend()
    await commits.close()
    await checkpointer.close()
    folder.remove()
  }
}

const syncCount = (disk: FaultyDisk): number => disk.calls.filter((call) => call === 'fdatasync').length

describe('A prepared statement', () => {
  test('answers with the first value or with rows, whichever is asked, and with no value where there is no row', () =>
    withCommits(async ({ commits, note }) => {
      const notes = commits.prepare('SELECT text, length(text) AS length FROM note')
      assert.deepEqual([notes.value(), notes.all()], [undefined, []])
      await note('one')
      for (let turn = 0; turn < 2; turn++) {
        assert.equal(notes.value(), 'one')
        assert.deepEqual(
          notes.all().map((row) => ({ ...(row as object) })),
          [{ text: 'one', length: 3 }],
        )
      }
    }))
})

describe('Group commit', () => {
  test('what finds nothing to write needs no sync, once what was there when the file was opened has had one', () =>
    withCommits(async ({ commits, disk, note }) => {
      await commits.enqueue(() => false)
      assert.equal(syncCount(disk), 1)
      await commits.enqueue(() => false)
      assert.equal(syncCount(disk), 1)
      const both = [commits.enqueue(() => false), note('one')]
      await Promise.all(both)
      assert.equal(syncCount(disk), 2)
      disk.breakCall('fdatasync', 'EIO')
      await assert.rejects(note('two'), { code: 'STORE_IO' })
      disk.mend()
      await commits.heal()
      const healedCount = syncCount(disk)
      await commits.enqueue(() => false)
      assert.equal(syncCount(disk), healedCount)
    }))

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

  test('after a sync that failed `heal` opens the file again: what was acknowledged is there, and writing goes on', () =>
    withCommits(async ({ commits, disk, note, count, path }) => {
      await note('durable')
      disk.breakCall('fdatasync', 'EIO')
      await assert.rejects(note('lost'), { code: 'STORE_IO' })
      await assert.rejects(commits.heal(), { code: 'STORE_IO' }, 'the disk still fails')
      await assert.rejects(note('too early'), { code: 'STORE_IO' })
      disk.mend()
      await commits.heal()
      const kept = count()
      assert.ok(kept >= 1)
      await note('later')
      assert.equal(count(), kept + 1)
      assert.equal(existsSync(hiddenName(path)), false)
      assert.deepEqual({ ...commits.database.prepare('PRAGMA quick_check').get() }, { quick_check: 'ok' })
    }))

  test('the log whose sync failed is never folded into the file, nor trusted: it is copied and synced first (CORRECTNESS T05)', () =>
    withCommits(async ({ commits, disk, note, path }) => {
      await note('durable')
      disk.breakCall('fdatasync', 'EIO')
      await assert.rejects(note('lost'))
      disk.mend()
      const [before, log] = [digestOf(path), statSync(`${path}-wal`).ino]
      const from = disk.calls.length
      disk.breakCall('open', 'EIO', 0)
      await assert.rejects(commits.heal())
      assert.equal(digestOf(hiddenName(path)), before, 'closing left the file as it was')
      disk.mend()
      await commits.heal()
      assert.notEqual(statSync(`${path}-wal`).ino, log)
      const mending = disk.calls.slice(from)
      assert.ok(mending.indexOf('fsync') < mending.lastIndexOf('rename'), mending.join(' '))
    }))

  test('whichever call of the disk fails while it heals, the next attempt heals; so does the next start', () =>
    withCommits(async ({ commits, disk, note, count, path, checkpointer }) => {
      await note('durable')
      for (const call of ['open', 'read', 'writev', 'fsync', 'fdatasync', 'close', 'rename', 'unlink'] as const) {
        for (let afterCount = 0; afterCount < 3; afterCount++) {
          disk.breakCall('fdatasync', 'EIO')
          await assert.rejects(note(`lost ${call} ${afterCount}`))
          disk.mend()
          disk.breakCall(call, 'EIO', afterCount)
          await commits.heal().catch(() => undefined)
          disk.mend()
          await commits.heal()
          await note(`stored ${call} ${afterCount}`)
        }
      }
      assert.ok(count() >= 25)
      disk.breakCall('fdatasync', 'EIO')
      await assert.rejects(note('last'))
      disk.mend()
      disk.breakCall('rename', 'EIO', 2)
      await assert.rejects(commits.heal())
      assert.equal(existsSync(path), false)
      disk.mend()
      const started = new SqliteGroupCommit(path, schema, checkpointer)
      const { count: found } = started.database.prepare('SELECT count(*) AS count FROM note').get() as { count: number }
      assert.ok(found >= 25)
      await started.close()
    }))

  test('a file that was removed, or replaced, while it was open is found out by `heal`, which begins with what is there', () =>
    withCommits(async ({ commits, note, count, path }) => {
      await note('gone')
      for (const end of ['', '-wal', '-shm']) rmSync(path + end, { force: true })
      await commits.heal()
      assert.equal(count(), 0)
      await note('new')
      assert.equal(count(), 1)
    }))

  test('a file that is damaged while it is open is set aside, and a new one begun', () =>
    withCommits(async ({ commits, note, count, path, checkpointer }) => {
      await Promise.all(Array.from({ length: 2_000 }, (_, i) => note(`${i} ${'x'.repeat(300)}`)))
      while (!(await checkpointer.fold(path))) await note('more')
      // The log begins anew: what it still held would be replayed over the damage.
      await note('first of a new log')
      damage(path)
      commits.database.exec('PRAGMA cache_size=0')
      const read = (): unknown =>
        commits.read('reading', () => commits.database.prepare('SELECT sum(length(text)) FROM note').get())
      assert.throws(read, { code: 'STORE_IO' })
      await assert.rejects(note('later'), { code: 'STORE_IO' })
      await commits.heal()
      assert.match(commits.asideAs ?? '', /index\.db\.corrupt-/)
      assert.equal(count(), 0)
      await note('new')
      const [aside] = readdirSync(dirname(path)).filter((name) => name.includes('.corrupt-'))
      assert.equal(join(dirname(path), aside!), commits.asideAs)
    }))

  test('while another process holds the file writes wait without holding up the event loop, then fail; afterwards they go on', () =>
    withCommits(async ({ note, path }) => {
      const other = new DatabaseSync(path)
      other.exec('BEGIN IMMEDIATE')
      let turns = 0
      const counting = setInterval(() => (turns += 1), 5)
      await assert.rejects(note('locked'), { code: 'STORE_IO' })
      clearInterval(counting)
      assert.ok(turns > 20, `the event loop turned ${turns} times`)
      const waiting = note('in time')
      other.exec('COMMIT')
      await waiting
      other.close()
    }))

  test('a file that is no database is set aside when it is opened', () =>
    withCommits(async ({ checkpointer, path }) => {
      const wrong = path.replace('index.db', 'blobs.db')
      writeFileSync(wrong, 'no database at all, but long enough to be looked at '.repeat(100))
      const commits = new SqliteGroupCommit(wrong, schema, checkpointer)
      assert.match(readFileSync(commits.asideAs!, 'utf8'), /^no database/)
      await commits.enqueue(() => commits.database.exec("INSERT INTO note (text) VALUES ('new')"))
      await commits.close()
    }))

  test('a file that cannot be opened is STORE_IO', () =>
    withCommits(async ({ checkpointer, path }) => {
      const wrong = join(path, 'index.db')
      assert.throws(() => new SqliteGroupCommit(wrong, schema, checkpointer), { code: 'STORE_IO' })
    }))
})

/** Another process reads and damages the file: closing a descriptor in this one would drop SQLite's locks. */
function elsewhere(script: string, path: string): string {
  const done = spawnSync(process.execPath, ['-e', script, path], { encoding: 'utf8' })
  assert.equal(done.status, 0, done.stderr)
  return done.stdout
}

function digestOf(path: string): string {
  return elsewhere('console.log(crypto.hash("sha256", fs.readFileSync(process.argv[1])))', path)
}

/** Overwrites the pages of the table, in place. */
function damage(path: string): void {
  const script = 'fs.writeSync(fs.openSync(process.argv[1], "r+"), crypto.randomBytes(40 * 4096), 0, 40 * 4096, 4096)'
  elsewhere(script, path)
}
