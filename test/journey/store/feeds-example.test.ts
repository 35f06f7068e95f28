import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { loadSettings } from '../../../src/config/load-settings.ts'
import type { Settings } from '../../../src/config/settings.ts'
import { startLarder } from '../../support/larder.ts'
import { startOrigin } from '../../support/origin.ts'
import { ask } from '../../support/proxy-client.ts'
import { type StartedServer, startServer } from '../../support/started-server.ts'

const example = join(import.meta.dirname, '../../../deploy/examples/feeds')
const textOf = (name: string): string => readFileSync(join(example, name), 'utf8')
const password = 'a password of the test'

const rss = '<?xml version="1.0"?><rss version="2.0"><channel><title>News</title></channel></rss>'
const oembed = '{"version":"1.0","type":"video","title":"A video"}'

/** Redis as the example has it, but for the port and the places of its files. */
function startExampleRedis(): Promise<StartedServer> {
  return startServer({
    name: 'redis-server',
    binary: '/usr/bin/redis-server',
    prepare: (folder, run) => {
      const name = ['-subj', '/CN=redis', '-addext', 'subjectAltName=DNS:localhost']
      const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', 'redis.key']
      run('openssl', ['req', '-x509', '-days', '2', ...key, '-out', 'redis.crt', ...name])
      copyFileSync(join(folder, 'redis.crt'), join(folder, 'ca.crt'))
      const digest = createHash('sha256').update(password).digest('hex')
      writeFileSync(join(folder, 'users.acl'), textOf('users.acl').replace('0'.repeat(64), digest))
      const conf = textOf('redis.conf').replaceAll('/etc/redis/tls', folder).replaceAll('/etc/redis', folder)
      writeFileSync(join(folder, 'redis.conf'), conf)
    },
    words: (port, folder) => [join(folder, 'redis.conf'), '--tls-port', String(port), '--bind', '127.0.0.1'],
  })
}

/** Larder as the example has it, but for the places of servers and files. */
function exampleSettings(redis: StartedServer): Partial<Settings> {
  writeFileSync(join(redis.folder, 'password'), `${password}\n`, { mode: 0o600 })
  writeFileSync(join(redis.folder, 'key'), 'a secret of at least thirty-two characters', { mode: 0o600 })
  const text = textOf('larder.yaml')
    .replaceAll(/(?:feeds|video)\.example\.org/g, '127.0.0.1')
    .replace('redis.example.org:6379', `localhost:${redis.port}`)
    .replace('/etc/larder/index-password', join(redis.folder, 'password'))
    .replace('/etc/larder/index-key', join(redis.folder, 'key'))
    .replace('/etc/redis/tls', redis.folder)
  const environment = { HOME: redis.folder, LARDER_CONFIG: '/larder.yaml' }
  const { settings } = loadSettings({ flags: {}, environment, readFile: () => text })
  const { rules, index, indexPasswordFile, indexKeyFile, indexCaFile, memoryBytes } = settings
  return { rules, index, indexPasswordFile, indexKeyFile, indexCaFile, memoryBytes }
}

test('the example of feeds: RSS and oEmbed answers are kept for the times of its rules, in a Redis with TLS and a login', async (t) => {
  const origin = await startOrigin((request, response) => {
    if (request.url!.startsWith('/rss/')) response.writeHead(200, { 'Content-Type': 'application/rss+xml' }).end(rss)
    else response.writeHead(200, { 'Content-Type': 'application/json' }).end(oembed)
  })
  t.after(() => origin.stop())
  const redis = await startExampleRedis()
  t.after(() => redis.stop())
  const larder = await startLarder(exampleSettings(redis), false)
  t.after(() => larder.stop())
  const answers = {
    '/rss/news.xml': [rss, 600],
    '/oembed?url=v1': [oembed, 3_600],
    '/other': [oembed, undefined],
  } as const
  for (const [path, [content, seconds]] of Object.entries(answers)) {
    await ask(larder.port, origin.url + path)
    await larder.exchanges(path.split('?')[0]!, 1)
    const again = await ask(larder.port, origin.url + path)
    assert.equal(again.body.toString(), content)
    const ttl = /hit; ttl=(\d+)/.exec(String(again.headers['cache-status']))?.[1]
    assert.equal(ttl === undefined, seconds === undefined, path)
    if (ttl !== undefined) assert.ok(Number(ttl) <= seconds! && Number(ttl) > seconds! - 60, `${path}: ${ttl}`)
  }
  await ask(larder.port, `${origin.url}/oembed?url=v1&utm_source=mail`)
  assert.equal(origin.count('/oembed?url=v1&utm_source=mail'), 0)

  const restarted = await larder.restart()
  t.after(() => restarted.stop())
  const kept = await ask(restarted.port, `${origin.url}/rss/news.xml`)
  assert.match(String(kept.headers['cache-status']), /hit/, 'Redis knows it')
  assert.deepEqual(
    [...larder.events, ...restarted.events].filter(({ kind }) => kind === 'store-fault' || kind === 'index-rejected'),
    [],
  )
})

test('a Redis whose certificate is not trusted, or whose login is refused, is told of and never used', async (t) => {
  const redis = await startExampleRedis()
  t.after(() => redis.stop())
  const settings = exampleSettings(redis)
  writeFileSync(join(redis.folder, 'wrong'), 'wrong\n')
  const reasons = [
    [{ indexCaFile: undefined }, /self-signed certificate/],
    [{ indexPasswordFile: join(redis.folder, 'wrong') }, /WRONGPASS/],
  ] as const
  for (const [change, reason] of reasons) {
    const larder = await startLarder({ ...settings, ...change }, false)
    t.after(() => larder.stop())
    const [fault] = larder.events.filter((event) => event.kind === 'store-fault')
    assert.match(fault?.detail ?? '', reason)
    assert.ok(!fault!.detail.includes(password))
  }
})
