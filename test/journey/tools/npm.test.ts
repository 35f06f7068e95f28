import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { cpSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { systemClock } from '../../../src/base/clock.ts'
import type { ExchangeEvent } from '../../../src/base/events.ts'
import { readSystemRoots } from '../../../src/ca/system-roots.ts'
import { type CommandEnd, command } from '../../support/command.ts'
import { startLarder, type TestLarder } from '../../support/larder.ts'

const project = join(import.meta.dirname, 'npm-project')
let larder: TestLarder
let folder: string
let bundle: string

before(async () => {
  larder = await startLarder({ connectPorts: [443] })
  folder = mkdtempSync(join(tmpdir(), 'larder-npm-'))
  bundle = join(folder, 'bundle.pem')
  writeFileSync(bundle, `${readSystemRoots().pem}\n${readFileSync(join(larder.settings.caFolder, 'ca.pem'), 'utf8')}`)
})

after(async () => {
  await larder.stop()
  rmSync(folder, { recursive: true, force: true })
})

/** Installs the project in a folder of its own, with an empty npm cache. */
async function install(name: string, env: NodeJS.ProcessEnv): Promise<CommandEnd> {
  const cwd = join(folder, name)
  cpSync(project, cwd, { recursive: true })
  const args = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--cache', join(folder, `cache-${name}`)]
  const end = await command('npm', args, { cwd, env: { ...process.env, ...env } })
  assert.equal(end.code, 0, end.stderr)
  return end
}

/** One digest over the names, link targets and contents of a tree. */
function treeDigest(root: string): string {
  const hash = createHash('sha256')
  const walk = (path: string, name: string): void => {
    const entries = readdirSync(path, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))
    for (const entry of entries) {
      const inner = join(path, entry.name)
      hash.update(`${name}/${entry.name}\0`)
      if (entry.isSymbolicLink()) hash.update(readlinkSync(inner))
      else if (entry.isDirectory()) walk(inner, `${name}/${entry.name}`)
      else hash.update(readFileSync(inner))
    }
  }
  walk(root, '')
  return hash.digest('hex')
}

test('npm ci of a project with more than 300 packages: the second run asks the origin for no tarball, and node_modules is the same as without the proxy', async () => {
  const proxy = `http://127.0.0.1:${larder.port}`
  const trust = { npm_config_cafile: bundle, NODE_EXTRA_CA_CERTS: bundle }
  const through = { ...trust, https_proxy: proxy, http_proxy: proxy, HTTPS_PROXY: proxy }
  const tarballs = (sinceAt: number): ExchangeEvent[] =>
    larder.events
      .filter((event): event is ExchangeEvent => event.kind === 'exchange' && event.url.endsWith('.tgz'))
      .filter((event) => event.at >= sinceAt)
  await install('direct', trust)
  await install('first', through)
  const first = tarballs(0)
  assert.ok(first.length > 300, `${first.length} tarballs went through the proxy`)
  const secondAt = systemClock.now()
  await install('second', through)
  const second = tarballs(secondAt)
  assert.equal(second.length, first.length)
  assert.deepEqual([...new Set(second.map((event) => event.result))], ['hit'])
  const direct = treeDigest(join(folder, 'direct', 'node_modules'))
  assert.equal(treeDigest(join(folder, 'first', 'node_modules')), direct)
  assert.equal(treeDigest(join(folder, 'second', 'node_modules')), direct)
})
