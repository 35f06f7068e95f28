import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { rebuildIndex } from '../../../src/app/side-copies.ts'
import { Checkpointer } from '../../../src/store/sqlite-checkpointer.ts'
import { SqliteKeyvStorage } from '../../../src/store/sqlite-keyv-storage.ts'
import { SqliteSideStore } from '../../../src/store/sqlite-side-store.ts'

test('an index that is made again from copies keeps the newer records that came meanwhile', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'larder-copies-'))
  const checkpointer = new Checkpointer()
  const side = new SqliteSideStore(join(folder, 'side.db'), checkpointer, (error) => assert.fail(String(error)))
  const index = new SqliteKeyvStorage(join(folder, 'index.db'), checkpointer)
  t.after(async () => {
    for (const one of [() => index.disconnect(), () => side.close(), () => checkpointer.close()]) await one()
    rmSync(folder, { recursive: true })
  })
  for (const key of ['a', 'b', 'c']) side.keep(key, `${key} of before`)
  await side.flush()
  await index.set('b', 'newer')
  const count = await rebuildIndex(side, index, () => {})
  assert.equal(count, 2)
  assert.deepEqual(
    ['a', 'b', 'c'].map((key) => index.peek(key)),
    ['a of before', 'newer', 'c of before'],
  )
})
