import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { openStores } from '../../../src/app/stores.ts'
import { layoutOf } from '../../../src/store/layout.ts'
import { get } from '../../support/blob-content.ts'
import { testSettings } from '../../support/larder.ts'
import { publishedContent, publishedKey } from '../../support/publish-without-end.ts'

const program = fileURLToPath(new URL('../../support/publish-without-end.ts', import.meta.url))
const killCount = 10

/** Lets the program store until `count` were acknowledged, kills it, and answers the numbers of those that were. */
async function publishAndKill(folder: string, first: number, count: number): Promise<number[]> {
  const child = spawn(process.execPath, [program, folder, String(first)], { stdio: ['ignore', 'pipe', 'inherit'] })
  const acknowledged: number[] = []
  const lines = createInterface({ input: child.stdout })
  lines.on('line', (line) => {
    acknowledged.push(Number(line))
    if (acknowledged.length === count) child.kill('SIGKILL')
  })
  const [[, signal]] = await Promise.all([once(child, 'exit'), once(lines, 'close')])
  assert.equal(signal, 'SIGKILL')
  return acknowledged
}

/** Opens the stores as the next daemon would; every response that was acknowledged must be there, whole. */
async function checkAll(folder: string, acknowledged: readonly number[]): Promise<void> {
  const settings = testSettings(folder)
  const stores = openStores(settings)
  try {
    assert.deepEqual(readdirSync(layoutOf(settings.dataFolder).staging), [])
    for (const number of acknowledged) {
      const [record] = await stores.index.get(publishedKey(number))
      assert.ok(record?.content, `the record of ${number} is lost`)
      const bytes = await get(stores.blobs, record.content)
      assert.ok(bytes?.equals(publishedContent(number)), `the content of ${number} is lost or damaged`)
    }
    for await (const [key, [record]] of stores.index.entries()) {
      const bytes = await get(stores.blobs, record!.content!)
      assert.ok(bytes !== undefined, `${key} names content that is not there`)
    }
  } finally {
    await stores.close()
  }
}

test('what was acknowledged survives kill -9 at any moment; what was not leaves nothing behind (CORRECTNESS I3, T04)', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'larder-kill-'))
  try {
    const acknowledged: number[] = []
    for (let round = 0; round < killCount; round++) {
      const count = randomInt(1, 80)
      t.diagnostic(`killed after ${count}`)
      acknowledged.push(...(await publishAndKill(folder, round * 10_000, count)))
      await checkAll(folder, acknowledged)
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
