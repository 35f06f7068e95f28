import assert from 'node:assert/strict'
import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { PurgeMemory } from '../../../src/store/purge-memory.ts'

const name = (number: number): string => String(number).padStart(43, 'n')

function fileOf(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'larder-purges-'))
  t.after(() => rmSync(folder, { recursive: true }))
  return join(folder, 'index.purged')
}

test('a purge counts at once and after a restart, for its name alone', async (t) => {
  const file = fileOf(t)
  const memory = new PurgeMemory(file)
  const written = memory.add(name(1), 500)
  assert.equal(memory.at(name(1)), 500)
  await written
  await memory.add(name(1), 400)
  await memory.close()
  const next = new PurgeMemory(file)
  assert.equal(next.at(name(1)), 500)
  assert.equal(next.at(name(2)), 0)
  assert.equal(statSync(file).mode & 0o777, 0o600)
})

test('a line that a crash tore loses itself alone', async (t) => {
  const file = fileOf(t)
  const memory = new PurgeMemory(file)
  await memory.add(name(1), 500)
  await memory.close()
  appendFileSync(file, `600 ${name(2).slice(0, 20)}`)
  const next = new PurgeMemory(file)
  await next.add(name(3), 700)
  await next.close()
  const last = new PurgeMemory(file)
  assert.deepEqual(
    [1, 2, 3].map((number) => last.at(name(number))),
    [500, 0, 700],
  )
})

test('when too many names are remembered, one time counts for all, and the file stays small', async (t) => {
  const file = fileOf(t)
  const memory = new PurgeMemory(file, 10)
  for (let number = 0; number < 11; number += 1) await memory.add(name(number), 100 + number)
  assert.equal(memory.at(name(99)), 110)
  await memory.add(name(5), 200)
  await memory.close()
  assert.ok(readFileSync(file, 'utf8').length < 100)
  const next = new PurgeMemory(file, 10)
  assert.deepEqual([next.at(name(99)), next.at(name(5))], [110, 200])
})
