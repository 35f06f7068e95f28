import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { systemClock } from '../../../src/base/clock.ts'
import type { ExchangeEvent } from '../../../src/base/events.ts'
import { command } from '../../support/command.ts'
import { startLarder, type TestLarder } from '../../support/larder.ts'

const packages =
  'adduser base-files bash bc bzip2 coreutils cpio dash debianutils diffutils ed file findutils grep gzip hello less make patch sed'.split(
    ' ',
  )
let larder: TestLarder
let folder: string

before(async () => {
  larder = await startLarder()
  folder = mkdtempSync(join(tmpdir(), 'larder-apt-'))
})

after(async () => {
  await larder.stop()
  rmSync(folder, { recursive: true, force: true })
})

/** Updates and downloads with package lists of its own, so that apt has nothing to skip. */
async function downloadAll(name: string): Promise<readonly string[]> {
  const cwd = join(folder, name)
  for (const part of ['lists/partial', 'cache/archives/partial', 'debs'])
    mkdirSync(join(cwd, part), { recursive: true })
  const options = [
    `Acquire::http::Proxy=http://127.0.0.1:${larder.port}`,
    `Dir::State::lists=${cwd}/lists`,
    `Dir::Cache=${cwd}/cache`,
    'APT::Sandbox::User=root',
    'Acquire::Languages=none',
  ].flatMap((option) => ['-o', option])
  for (const args of [['update'], ['download', ...packages]]) {
    const end = await command('apt-get', [...options, ...args], { cwd: join(cwd, 'debs') })
    assert.equal(end.code, 0, end.stderr)
  }
  return readdirSync(join(cwd, 'debs')).sort()
}

test('apt-get update and download of 20 packages twice: the second time every package comes from the store', async () => {
  const first = await downloadAll('first')
  assert.equal(first.length, packages.length)
  const secondAt = systemClock.now()
  assert.deepEqual(await downloadAll('second'), first)
  const debs = larder.events
    .filter((event): event is ExchangeEvent => event.kind === 'exchange' && event.url.endsWith('.deb'))
    .filter((event) => event.at >= secondAt)
  assert.equal(debs.length, packages.length)
  assert.deepEqual([...new Set(debs.map((event) => event.result))], ['hit'])
})
