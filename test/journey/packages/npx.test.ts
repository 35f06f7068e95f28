import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { cpSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { command } from '../../support/command.ts'
import { startOrigin, type TestOrigin } from '../../support/origin.ts'
import { homeOf } from '../../support/program.ts'

const top = join(import.meta.dirname, '../../..')
const packed = ['package.json', 'tsconfig.json', 'tsconfig.build.json', 'src', 'man', 'LICENSE', 'README.md']

/** The package as it would be published. It is built apart: dist/ may be in use. */
async function pack(folder: string): Promise<Buffer> {
  const source = join(folder, 'source')
  mkdirSync(source)
  for (const name of packed) cpSync(join(top, name), join(source, name), { recursive: true })
  symlinkSync(join(top, 'node_modules'), join(source, 'node_modules'))
  const { code, stdout, stderr } = await command('npm', ['pack', '--silent'], { cwd: source })
  assert.equal(code, 0, stderr)
  return readFileSync(join(source, stdout.trim().split('\n').at(-1)!))
}

/** A registry that has our package, and knows where the others are. */
async function startRegistry(archive: Buffer): Promise<TestOrigin> {
  const { stdout } = await command('npm', ['config', 'get', 'registry'], { cwd: top })
  const others = stdout.trim().replace(/\/$/, '')
  const manifest = JSON.parse(readFileSync(join(top, 'package.json'), 'utf8'))
  const integrity = `sha512-${createHash('sha512').update(archive).digest('base64')}`
  const registry = await startOrigin(({ url = '' }, response) => {
    if (url === '/larder.tgz') return void response.end(archive)
    if (url !== '/larder-proxy') return void response.writeHead(302, { Location: others + url }).end()
    const dist = { tarball: `${registry.url}/larder.tgz`, integrity }
    const versions = { [manifest.version]: { ...manifest, dist } }
    response.end(JSON.stringify({ name: manifest.name, 'dist-tags': { latest: manifest.version }, versions }))
  })
  return registry
}

test('npx larder-proxy, from an empty home and an empty cache of npm: a command goes through the proxy, the second time from the store', async (context) => {
  const origin = await startOrigin((_, response) =>
    response.writeHead(200, { 'Cache-Control': 'max-age=600' }).end('x'),
  )
  context.after(() => origin.stop())
  const environment = homeOf(context)
  const home = environment.HOME!
  const registry = await startRegistry(await pack(home))
  context.after(() => registry.stop())
  const env = {
    ...environment,
    npm_config_registry: registry.url,
    npm_config_cache: join(home, 'npm-cache'),
    // The registry of the others may be known to the system alone.
    NODE_OPTIONS: '--use-system-ca',
    LARDER_ALLOW_ADDRESS: '127.0.0.0/8',
  }
  for (const [round, says] of ['0 from the cache, 1 asked', '1 from the cache, 0 asked'].entries()) {
    const script = `no_proxy= NO_PROXY= curl -sS ${origin.url}/a`
    const words = ['--yes', 'larder-proxy', 'run', '--', 'sh', '-c', script]
    const end = await command('npx', words, { cwd: home, env })
    assert.deepEqual([end.code, end.stdout], [0, 'x'], `${round}: ${end.stderr}`)
    assert.ok(end.stderr.includes(says), end.stderr)
  }
  assert.equal(origin.count('/a'), 1)
  assert.equal(registry.count('/larder.tgz'), 1)
})
