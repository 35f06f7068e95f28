import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { command } from '../../support/command.ts'
import { startOrigin } from '../../support/origin.ts'
import { homeOf } from '../../support/program.ts'

test('the npm package, from an empty home and an empty cache of npm: larder run takes a command through the proxy, the second time from the store', async (context) => {
  const origin = await startOrigin((_, response) =>
    response.writeHead(200, { 'Cache-Control': 'max-age=600' }).end('x'),
  )
  context.after(() => origin.stop())
  const environment = homeOf(context)
  const home = environment.HOME!
  const top = join(import.meta.dirname, '../../..')
  const registry = await command('npm', ['config', 'get', 'registry'], { cwd: top })
  const packed = await command('npm', ['pack', '--silent', '--pack-destination', home], { cwd: top })
  assert.equal(packed.code, 0, packed.stderr)
  const archive = join(home, packed.stdout.trim().split('\n').at(-1)!)
  const env = {
    ...environment,
    npm_config_registry: registry.stdout.trim(),
    npm_config_cache: join(home, 'npm-cache'),
    // The registry may be known to the system alone.
    NODE_OPTIONS: '--use-system-ca',
    LARDER_ALLOW_ADDRESS: '127.0.0.0/8',
  }
  for (const [round, says] of ['0 from the cache, 1 asked', '1 from the cache, 0 asked'].entries()) {
    const script = `no_proxy= NO_PROXY= curl -sS ${origin.url}/a`
    const words = ['exec', '--yes', `--package=${archive}`, '--', 'larder', 'run', '--', 'sh', '-c', script]
    const end = await command('npm', words, { cwd: home, env })
    assert.deepEqual([end.code, end.stdout], [0, 'x'], `${round}: ${end.stderr}`)
    assert.ok(end.stderr.includes(says), end.stderr)
  }
  assert.equal(origin.count('/a'), 1)
})
