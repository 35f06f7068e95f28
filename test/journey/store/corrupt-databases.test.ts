import assert from 'node:assert/strict'
import { randomFillSync } from 'node:crypto'
import { closeSync, existsSync, fstatSync, mkdtempSync, openSync, readdirSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { openStores } from '../../../src/app/stores.ts'
import type { LarderEvent } from '../../../src/base/events.ts'
import { layoutOf } from '../../../src/store/layout.ts'
import { content } from '../../support/blob-content.ts'
import { startLarder, testSettings } from '../../support/larder.ts'
import { startOrigin } from '../../support/origin.ts'
import { ask } from '../../support/proxy-client.ts'
import { entriesOf, plain, storedResponse } from '../../support/stored-responses.ts'

const pageBytes = 4096

/** Overwrites the database under whoever has it open, its log as well, all but the first page of each. */
function corrupt(path: string): void {
  for (const file of [path, `${path}-wal`].filter(existsSync)) {
    const fd = openSync(file, 'r+')
    const { size } = fstatSync(fd)
    if (size > pageBytes) writeSync(fd, randomFillSync(Buffer.alloc(size - pageBytes)), 0, size - pageBytes, pageBytes)
    closeSync(fd)
  }
}

const setAside = (folder: string, database: string): boolean =>
  readdirSync(folder).some((name) => name.startsWith(`${database}.corrupt-`))

/** Copies are written behind: waits until so many are there. */
async function copied(path: string, count: number): Promise<void> {
  const database = new DatabaseSync(path, { readOnly: true, timeout: 30_000 })
  const counted = database.prepare('SELECT coalesce(sum(length(hashes)) / 8, 0) AS count FROM bundle')
  while ((counted.get() as { count: number }).count < count) await pause(25)
  database.close()
}

/** What people are told of the store as a whole; that content is gone, and is fetched again, is told beside that. */
function toldOf(events: readonly LarderEvent[]): readonly string[] {
  return events.flatMap((event) => {
    if (event.kind === 'store-recovered') return ['recovered']
    return event.kind === 'store-fault' && event.code === 'STORE_IO' ? [event.detail] : []
  })
}

/** It was told that a file is set aside, and last that all is over. */
function isMended(events: readonly LarderEvent[]): boolean {
  const told = toldOf(events)
  return told.at(-1) === 'recovered' && told.some((detail) => /set aside as/.test(detail))
}

test('the index is overwritten while it is used: no wrong record, and all of them again from their copies', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'larder-corrupt-'))
  const settings = testSettings(folder)
  const layout = layoutOf(settings.dataFolder)
  const events: LarderEvent[] = []
  const stores = openStores(settings, (event) => events.push(event))
  t.after(async () => {
    await stores.close()
    rmSync(folder, { recursive: true })
  })
  // More than SQLite keeps in memory.
  const count = 8_000
  const fields = ['X-Long', 'x'.repeat(1_500)]
  const recordOf = (number: number): ReturnType<typeof storedResponse> => storedResponse(number, { fields })
  const keyOf = (number: number): string => `https://example.org/corrupt/${number}`
  const numbers = Array.from({ length: count }, (_, number) => number)
  await Promise.all(numbers.map((number) => stores.index.update(keyOf(number), () => [recordOf(number)])))
  await copied(layout.side, count)
  corrupt(layout.index)
  while (!isMended(events)) {
    for (const number of numbers) {
      try {
        const found = await stores.index.get(keyOf(number))
        if (found.length > 0) assert.deepEqual(plain(found), plain([recordOf(number)]))
      } catch (error) {
        if (error instanceof assert.AssertionError) throw error
        stores.health.failed(error)
      }
    }
    await pause(25)
  }
  assert.ok(setAside(layout.root, 'index.db'))
  assert.equal((await entriesOf(stores.index)).size, count)
  for (const number of numbers)
    assert.deepEqual(plain(await stores.index.get(keyOf(number))), plain([recordOf(number)]))
})

test('small blobs are overwritten under a daemon: every client gets what the origin has', async (t) => {
  const bytesOf = (path: string): Buffer => content(50_000, Number(path.split('/').at(-1)) + 1)
  const origin = await startOrigin((request, response) => {
    response.writeHead(200, { 'Cache-Control': 'max-age=3600' }).end(bytesOf(request.url!))
  })
  t.after(() => origin.stop())
  const larder = await startLarder({ memoryBytes: 1_024, quotaBytes: 200 * 1024 * 1024 }, false)
  t.after(() => larder.stop())
  const paths = Array.from({ length: 260 }, (_, number) => `/corrupt/${number}`)
  const getAll = async (): Promise<boolean> => {
    let areHits = true
    for (const path of paths) {
      const { status, body, complete, headers } = await ask(larder.port, origin.url + path)
      assert.ok(status === 200 && complete && body.equals(bytesOf(path)), path)
      areHits &&= String(headers['cache-status']).includes('hit')
    }
    return areHits
  }
  while (!(await getAll()));
  const layout = layoutOf(larder.settings.dataFolder)
  corrupt(layout.smallBlobs)
  while (!isMended(larder.events)) await getAll()
  while (!(await getAll()));
  assert.ok(setAside(layout.root, 'blobs.db'))
  while (!isMended(larder.events)) await pause(25)
})
