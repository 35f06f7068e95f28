import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { openStores, type Stores } from '../../../src/app/stores.ts'
import { AdminClient } from '../../../src/cli/admin-client.ts'
import type { FoundResponse } from '../../../src/pipeline/find-responses.ts'
import { type Layout, layoutOf } from '../../../src/store/layout.ts'
import { get, put } from '../../support/blob-content.ts'
import { startLarder, testSettings } from '../../support/larder.ts'
import { startOrigin } from '../../support/origin.ts'
import { ask } from '../../support/proxy-client.ts'
import { publishedContent, publishedKey } from '../../support/publish-without-end.ts'
import { storedResponse } from '../../support/stored-responses.ts'

const count = 16

async function withFolder(work: (folder: string, layout: Layout) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'larder-rebuild-'))
  try {
    const stores = openStores(testSettings(folder))
    await stores.opened
    for (let number = 0; number < count; number++) {
      const content = await put(stores.blobs, publishedContent(number))
      await stores.index.update(publishedKey(number), () => [storedResponse(number, { content })])
    }
    await stores.index.delete(publishedKey(3))
    await stores.close()
    await work(folder, layoutOf(testSettings(folder).dataFolder))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function checkAll({ index, blobs }: Stores): Promise<void> {
  for (let number = 0; number < count; number++) {
    const [record] = await index.get(publishedKey(number))
    assert.equal(record === undefined, number === 3, `record ${number}`)
    if (record === undefined) continue
    assert.ok((await get(blobs, record.content!))?.equals(publishedContent(number)), `content ${number}`)
  }
}

function lose(path: string): void {
  for (const suffix of ['', '-wal', '-shm']) rmSync(path + suffix, { force: true })
}

const losses: Readonly<Record<string, (layout: Layout) => void>> = {
  'a lost index': ({ index }) => lose(index),
  'an index that is no database': ({ index }) => writeFileSync(index, 'not a database, whatever it was'),
  'an index damaged in its pages, found after the machine had stopped': ({ index, clean, boot }) => {
    for (const mark of [clean, boot]) rmSync(mark)
    const bytes = readFileSync(index)
    writeFileSync(index, bytes.fill(0x5a, 4096))
  },
  'lost sums and copies': ({ side }) => lose(side),
  'copies in rows of their own, which are not read any more,': ({ side }) => {
    const database = new DatabaseSync(side)
    database.exec('DROP TABLE bundle; CREATE TABLE record (id INTEGER PRIMARY KEY, key TEXT, value TEXT, proof BLOB)')
    database.close()
  },
  'a folder of layout 1': ({ side, format }) => {
    lose(side)
    writeFileSync(format, 'layout=1\n')
  },
}

for (const [loss, happen] of Object.entries(losses)) {
  test(`${loss} is made good at the next start, without a request to any origin (CORRECTNESS T04, T50)`, () =>
    withFolder(async (folder, layout) => {
      happen(layout)
      for (let start = 0; start < 2; start++) {
        const stores = openStores(testSettings(folder))
        await stores.opened
        await checkAll(stores)
        await stores.close()
        assert.equal(readFileSync(layout.format, 'utf8'), 'layout=2\n')
      }
      // What was made anew is good for the next loss.
      lose(layout.index)
      const stores = openStores(testSettings(folder))
      await stores.opened
      await checkAll(stores)
      await stores.close()
    }))
}

test('a purge at the start of a daemon whose index was lost is final: by selection, by URL, and over restarts', async (t) => {
  const origin = await startOrigin((request, response) => {
    response.writeHead(200, { 'Cache-Control': 'max-age=36000' }).end(request.url)
  })
  let larder = await startLarder({}, false)
  t.after(async () => {
    await larder.stop()
    await origin.stop()
  })
  const paths = Array.from({ length: 40 }, (_, number) => `/${number % 2 === 0 ? 'even' : 'odd'}/${number}`)
  await Promise.all(paths.map((path) => ask(larder.port, origin.url + path)))
  for (const path of paths) await larder.exchanges(path, 1)
  const all = async (path: string, body?: object): Promise<string[]> => {
    const found: string[] = []
    const lines = await new AdminClient(larder.settings).lines<FoundResponse>(path, body)
    for await (const { url } of lines.all) found.push(new URL(url).pathname)
    return found.sort()
  }
  const loseIndex = async (): Promise<void> => {
    await larder.daemon.stop()
    lose(layoutOf(larder.settings.dataFolder).index)
    larder = await larder.restart()
  }
  await loseIndex()
  const [bySelection, byUrl] = await Promise.all([
    all('/v1/purge', { select: { url: '*/even/*' } }),
    new AdminClient(larder.settings).post('/v1/purge', { url: `${origin.url}/odd/3` }),
  ])
  assert.equal(bySelection.length, 20)
  assert.equal((byUrl as { purged: boolean }).purged, true)
  const kept = paths.filter((path) => path.startsWith('/odd/') && path !== '/odd/3').sort()
  assert.deepEqual(await all('/v1/responses'), kept)
  larder = await larder.restart()
  assert.deepEqual(await all('/v1/responses'), kept)
  // Lost once more, only what was kept comes back.
  await loseIndex()
  assert.deepEqual(await all('/v1/responses'), kept)
})
