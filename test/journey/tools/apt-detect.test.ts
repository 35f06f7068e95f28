import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { command } from '../../support/command.ts'
import { startLarder } from '../../support/larder.ts'

test('apt with the script of the help page asks through the proxy, and directly when the proxy is gone in the middle of a build', async (context) => {
  const larder = await startLarder()
  let running = true
  const folder = mkdtempSync(join(tmpdir(), 'larder-apt-detect-'))
  context.after(async () => {
    if (running) await larder.stop()
    rmSync(folder, { recursive: true, force: true })
  })
  const detect = join(folder, 'apt-proxy-detect')
  const page = await fetch(`http://127.0.0.1:${larder.port}/apt-proxy-detect`)
  writeFileSync(detect, await page.text())
  chmodSync(detect, 0o755)
  for (const part of ['lists/partial', 'cache/archives/partial']) mkdirSync(join(folder, part), { recursive: true })
  const options = [
    `Acquire::http::Proxy-Auto-Detect=${detect}`,
    `Dir::State::lists=${folder}/lists`,
    `Dir::Cache=${folder}/cache`,
    'APT::Sandbox::User=root',
    'Acquire::Languages=none',
  ].flatMap((option) => ['-o', option])
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/_proxy$/i.test(name)))
  const apt = async (...words: string[]): Promise<void> => {
    const end = await command('apt-get', [...options, ...words], { cwd: folder, env })
    assert.equal(end.code, 0, end.stderr)
  }
  await apt('update')
  await apt('download', 'bc')
  // Reported when it is stored, which may be after apt has ended.
  await larder.exchanges('.deb', 1)

  await larder.stop()
  running = false
  const direct = await command(detect, ['http://example.org/'])
  assert.deepEqual([direct.code, direct.stdout], [0, 'DIRECT\n'])
  await apt('download', 'ed')
  assert.equal(readdirSync(folder).filter((name) => name.endsWith('.deb')).length, 2)
})
