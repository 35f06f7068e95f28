import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { type IncomingHttpHeaders, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { after, before, describe, type TestContext, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { systemTimers, type Timers } from '../../../src/base/clock.ts'
import type { LarderEvent } from '../../../src/base/events.ts'
import { AdminClient } from '../../../src/cli/admin-client.ts'
import type { Disk } from '../../../src/store/disk.ts'
import { createFaultyDisk } from '../../support/faulty-disk.ts'
import { startLarder, type TestLarder } from '../../support/larder.ts'
import { startOrigin, type TestOrigin } from '../../support/origin.ts'
import { ask } from '../../support/proxy-client.ts'

/** As the daemon's, but for the pauses. */
const soon: Timers = { after: (ms, due) => systemTimers.after(Math.min(ms, 10), due) }

let origin: TestOrigin
let answerCount = 0
before(async () => {
  origin = await startOrigin((asked, response) => {
    answerCount += 1
    response.writeHead(200, { 'Cache-Control': 'max-age=3600', 'X-Answer': answerCount })
    response.end(contentOf(asked.url!))
  })
})
after(() => origin.stop())

/** `/9000/name`: so many bytes of that name. */
function contentOf(path: string): Buffer {
  return Buffer.alloc(Number(path.split('/')[1]), path)
}

async function served(larder: TestLarder, path: string): Promise<string> {
  return String((await answered(larder, path))['cache-status'])
}

async function answered(larder: TestLarder, path: string): Promise<IncomingHttpHeaders> {
  const answer = await ask(larder.port, origin.url + path).catch((error) => assert.fail(`${path}: ${error}`))
  assert.equal(answer.status, 200, path)
  assert.ok(answer.complete && answer.body.equals(contentOf(path)), `${path}: not what the origin sent`)
  return answer.headers
}

async function storedAs(larder: TestLarder, path: string): Promise<string> {
  await served(larder, path)
  const [exchange] = await larder.exchanges(path, 1)
  return String(exchange!.stored)
}

/** Asks until it is stored: what failed on a broken disk may be told after it was mended, and passes. */
async function storedInTime(larder: TestLarder, path: string): Promise<void> {
  while (!/hit/.test(await served(larder, path))) await pause(100)
}

/** What was stored is still served, as it was received then. While a database is opened again, for milliseconds, it is a miss. */
async function stillStored(larder: TestLarder, path: string, answer: string): Promise<void> {
  for (;;) {
    const headers = await answered(larder, path)
    if (!/hit/.test(String(headers['cache-status']))) continue
    assert.equal(headers['x-answer'], answer, 'it was lost, and fetched again')
    return
  }
}

async function readiness(larder: TestLarder): Promise<{ ready: boolean; reasons: string[] }> {
  const { admin } = larder.settings
  assert.ok('path' in admin)
  const answer = await new Promise<string>((resolve, reject) => {
    request({ socketPath: admin.path, path: '/readyz' }, (response) => resolve(text(response)))
      .on('error', reject)
      .end()
  })
  return JSON.parse(answer)
}

const kindsOf = (larder: TestLarder, kind: LarderEvent['kind']): number =>
  larder.events.filter((event) => event.kind === kind).length

/** Waits until every fault was followed by a recovery, and it says that it is ready. */
async function healed(larder: TestLarder): Promise<void> {
  const isRecovery = (event: LarderEvent): event is Extract<LarderEvent, { kind: 'store-recovered' }> => {
    if (event.kind !== 'store-recovered') return false
    const later = larder.events.slice(larder.events.indexOf(event))
    return !later.some(({ kind }) => kind === 'store-fault')
  }
  for (;;) {
    if (kindsOf(larder, 'store-fault') > 0) await larder.event(isRecovery)
    const { ready, reasons } = await readiness(larder)
    assert.equal(ready, reasons.length === 0)
    if (ready) return
    await pause(10)
  }
}

describe('Whatever call of the disk fails (CORRECTNESS I9, T05, T06)', () => {
  const calls: readonly (keyof Disk)[] = [
    'open',
    'writev',
    'read',
    'fsync',
    'fdatasync',
    'close',
    'truncate',
    'rename',
    'unlink',
  ]
  for (const [code, moments] of Object.entries({ EIO: 4, ENOSPC: 2, EROFS: 2 })) {
    test(`with ${code}: clients get every byte, nothing wrong is stored, and it heals`, async (t) => {
      const disk = createFaultyDisk()
      const larder = await startLarder({ memoryBytes: 1 }, false, { disk, timers: soon })
      t.after(() => larder.stop())
      for (const call of calls) {
        for (let afterCount = 0; afterCount < moments; afterCount++) {
          const name = `${code}-${call}-${afterCount}`
          // Content that no read can get at is fetched again, and read back.
          disk.breakCall(call, code, afterCount, call === 'read' ? 1 : Infinity)
          const paths = [`/300000/${name}-large`, `/2000/${name}-small`]
          await Promise.all(paths.map((path) => served(larder, path)))
          for (const path of paths) await larder.exchanges(path, 1)
          await Promise.all(paths.map((path) => served(larder, path)))
          disk.mend()
          await healed(larder)
          for (const path of paths) await served(larder, path)
          for (const size of [300_000, 2_000]) await storedInTime(larder, `/${size}/${name}-after`)
        }
      }
      assert.ok(kindsOf(larder, 'store-fault') > 0)
      const again = await larder.restart()
      t.after(() => again.stop())
      for (const path of [`/300000/${code}-rename-1-after`, `/2000/${code}-fdatasync-0-after`]) {
        assert.match(await served(again, path), /hit/)
      }
    })
  }
})

describe('A filesystem that is full', () => {
  /** A daemon whose data folder is on a filesystem of its own. */
  async function onSmallDisk(t: TestContext, sizeBytes: number): Promise<{ larder: TestLarder; folder: string }> {
    const folder = mkdtempSync(join(tmpdir(), 'larder-full-'))
    // Fails clearly where mounting is not allowed: these tests are for root.
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${sizeBytes}`, 'tmpfs', folder])
    const larder = await startLarder({ dataFolder: join(folder, 'data'), memoryBytes: 1 }, false, { timers: soon })
    t.after(async () => {
      await larder.stop()
      execFileSync('umount', [folder])
      rmSync(folder, { recursive: true })
    })
    return { larder, folder }
  }

  function fill(folder: string, leaveBytes: number): () => void {
    const { bavail, bsize } = statfsSync(folder)
    const file = join(folder, 'filler')
    writeFileSync(file, Buffer.alloc(Math.max(0, bavail * bsize - leaveBytes)))
    return () => rmSync(file)
  }

  const sizes = {
    'before the first byte': 0,
    'in the middle of a large object': 512 * 1024,
    'at the write of the index': 8 * 1024,
  }
  for (const [when, leaveBytes] of Object.entries(sizes)) {
    test(`${when}: clients are served, readiness is lost with the reason, and comes back with the room`, async (t) => {
      const { larder, folder } = await onSmallDisk(t, 64 * 1024 * 1024)
      const before = String((await answered(larder, '/300000/before'))['x-answer'])
      assert.equal((await larder.exchanges('/300000/before', 1))[0]!.stored, 'yes')
      // Else it might make room for what comes.
      await new AdminClient(larder.settings).post('/v1/pin', { url: `${origin.url}/300000/before` })
      const free = fill(folder, leaveBytes)
      const outcomes = new Set<string>()
      for (let number = 0; number < 8 || (await readiness(larder)).ready; number++) {
        outcomes.add(await storedAs(larder, `/2000000/large-${number}`))
        outcomes.add(await storedAs(larder, `/60000/small-${number}`))
      }
      assert.ok(outcomes.has('no-space'), [...outcomes].join(' '))
      assert.match((await readiness(larder)).reasons.join(), /STORE_NO_SPACE/)
      await stillStored(larder, '/300000/before', before)
      assert.equal((await readiness(larder)).ready, false)
      free()
      await healed(larder)
      // How much room there is on the filesystem is looked at now and then.
      for (const path of ['/2000000/after', '/60000/after']) await storedInTime(larder, path)
      const again = await larder.restart()
      try {
        assert.match(await served(again, '/60000/after'), /hit/)
        await stillStored(again, '/300000/before', before)
      } finally {
        await again.stop()
      }
    })
  }
})
