import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { openStores, type Stores } from '../../../src/app/stores.ts'
import { type Layout, layoutOf } from '../../../src/store/layout.ts'
import { get, put } from '../../support/blob-content.ts'
import { testSettings } from '../../support/larder.ts'
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
  'an index damaged in its pages, found after an unclean stop': ({ index, clean }) => {
    rmSync(clean)
    const bytes = readFileSync(index)
    writeFileSync(index, bytes.fill(0x5a, 4096))
  },
  'lost sums and copies': ({ side }) => lose(side),
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
