import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, type TestContext, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import type { LarderEvent } from '../../../src/base/events.ts'
import { AdminClient } from '../../../src/cli/admin-client.ts'
import { readIndexUrl } from '../../../src/config/index-url.ts'
import { command } from '../../support/command.ts'
import {
  postgresPassword,
  postgresUser,
  startMemcached,
  startPostgres,
  startRedis,
} from '../../support/index-servers.ts'
import { startLarder, type TestLarder } from '../../support/larder.ts'
import { startOrigin, type TestOrigin } from '../../support/origin.ts'
import { ask } from '../../support/proxy-client.ts'
import type { StartedServer } from '../../support/started-server.ts'
import { said, startLoad } from './index-server-load.ts'

type Fault = Extract<LarderEvent, { kind: 'store-fault' }>
type Recovered = Extract<LarderEvent, { kind: 'store-recovered' }>

let origin: TestOrigin
let folder: string
let keyFile: string

const contentOf = (url: string): string => createHash('sha256').update(new URL(url).pathname).digest('hex')

before(async () => {
  origin = await startOrigin((request, response) => {
    const content = contentOf(new URL(request.url!, origin.url).href)
    response.writeHead(200, { 'Cache-Control': 'max-age=3600', ETag: `"${content}"` }).end(content)
  })
  folder = await mkdtemp(join(tmpdir(), 'larder-index-key-'))
  keyFile = join(folder, 'key')
  writeFileSync(keyFile, 'a secret of at least thirty-two characters', { mode: 0o600 })
})

after(async () => {
  await origin.stop()
  await rm(folder, { recursive: true })
})

/** Little memory, so that the index is asked. */
const withIndex = (url: string): Promise<TestLarder> =>
  startLarder({ index: readIndexUrl(url)!, indexKeyFile: keyFile, memoryBytes: 0 }, false)

const faults = (larder: TestLarder): Fault[] =>
  larder.events.filter((event): event is Fault => event.kind === 'store-fault')
const recoveries = (larder: TestLarder): number =>
  larder.events.filter((event) => event.kind === 'store-recovered').length

/** Resolves with the `count`th recovery since the start. */
async function recovered(larder: TestLarder, count: number): Promise<void> {
  let last: LarderEvent | undefined
  const isNew = (event: LarderEvent): event is Recovered =>
    event.kind === 'store-recovered' && recoveries(larder) >= count && event !== last
  last = await larder.event(isNew)
}

const servers = {
  Redis: { start: () => startRedis(), url: (port: number) => `redis://127.0.0.1:${port}` },
  Postgres: {
    start: () => startPostgres(),
    url: (port: number) =>
      `postgres://${postgresUser}:${encodeURIComponent(postgresPassword)}@127.0.0.1:${port}/postgres`,
  },
  memcached: { start: () => startMemcached(), url: (port: number) => `memcached://127.0.0.1:${port}` },
}

/** Half of what is asked for was asked for before. */
const halfNew = (run: string) => (number: number) =>
  `${origin.url}/${run}/${number % 2 === 0 ? number % 100 : `new-${number}`}`

for (const [name, kind] of Object.entries(servers)) {
  test(`${name} killed, hanging and back under load costs hits, never a request (CORRECTNESS T32)`, async (t: TestContext) => {
    const server = await kind.start()
    t.after(() => server.stop())
    const larder = await withIndex(kind.url(server.port))
    t.after(() => larder.stop())
    const load = startLoad(larder, halfNew(name), contentOf)
    t.after(() => load.stop())
    await larder.exchanges('', 300)
    const parts = { 'it answers': load.part() }

    await server.kill()
    await larder.event((event): event is Fault => event.kind === 'store-fault')
    await pause(1_500)
    Object.assign(parts, { 'it was killed': load.part() })
    assert.equal(faults(larder).length, 1, 'one event for all requests')
    assert.equal(faults(larder)[0]!.code, 'STORE_INDEX_DOWN')
    await server.start()
    await recovered(larder, 1)
    Object.assign(parts, { 'it came back': load.part() })

    server.halt()
    const [before] = faults(larder)
    await larder.event((event): event is Fault => event.kind === 'store-fault' && event !== before)
    await pause(1_500)
    Object.assign(parts, { 'it hangs': load.part() })
    assert.equal(faults(larder).length, 2)
    server.goOn()
    await recovered(larder, 2)
    Object.assign(parts, { 'it goes on': await load.stop() })

    for (const [what, part] of Object.entries(parts)) {
      t.diagnostic(said(`${name}, ${what}`, part))
      assert.deepEqual(part.failed, [])
    }
    const url = `${origin.url}/${name}/healed`
    await ask(larder.port, url)
    await larder.exchanges('/healed', 1)
    assert.match(String((await ask(larder.port, url)).headers['cache-status']), /hit/)
  })
}

test('a Redis that is full refuses writes: no request fails, what is there is found, and it heals (CORRECTNESS T32)', async (t) => {
  const server = await startRedis('--maxmemory', '2mb', '--maxmemory-policy', 'noeviction')
  t.after(() => server.stop())
  const larder = await withIndex(servers.Redis.url(server.port))
  t.after(() => larder.stop())
  const first = `${origin.url}/full/first`
  await ask(larder.port, first)
  await larder.exchanges('/full/first', 1)
  const load = startLoad(larder, (number) => `${origin.url}/full/${number}`, contentOf)
  t.after(() => load.stop())
  const fault = await larder.event((event): event is Fault => event.kind === 'store-fault')
  assert.match(fault.detail, /OOM/)
  assert.match(String((await ask(larder.port, first)).headers['cache-status']), /hit/)
  await redis(server, ['CONFIG', 'SET', 'maxmemory', '0'])
  await recovered(larder, 1)
  const seen = await load.stop()
  t.diagnostic(said('Redis, full', seen))
  assert.deepEqual(seen.failed, [])
})

test('a daemon starts although its index is away, says so, serves, and uses it once it is there', async (t) => {
  const server = await startRedis()
  t.after(() => server.stop())
  await server.kill()
  const larder = await withIndex(servers.Redis.url(server.port))
  t.after(() => larder.stop())
  assert.equal(faults(larder)[0]?.code, 'STORE_INDEX_DOWN')
  const url = `${origin.url}/away/1`
  assert.equal((await ask(larder.port, url)).status, 200)
  const [exchange] = await larder.exchanges('/away/1', 1)
  assert.equal(exchange!.stored, 'store-fault')
  assert.match(
    String((await ask(larder.port, url)).headers['cache-status']),
    /hit/,
    'what waits to be written is known',
  )
  await server.start()
  await recovered(larder, 1)
  const again = await larder.restart()
  t.after(() => again.stop())
  assert.match(String((await ask(again.port, url)).headers['cache-status']), /hit/, 'and was written')
})

test('two daemons share an index: one takes what the other validated, and content of the other is no error', async (t) => {
  const server = await startRedis()
  t.after(() => server.stop())
  const first = await withIndex(servers.Redis.url(server.port))
  t.after(() => first.stop())
  const second = await withIndex(servers.Redis.url(server.port))
  t.after(() => second.stop())
  const url = `${origin.url}/shared/1`
  await ask(first.port, url)
  await first.exchanges('/shared/1', 1)
  const lost = await ask(second.port, url)
  assert.equal(lost.body.toString(), contentOf(url))
  assert.equal((await second.exchanges('/shared/1', 1))[0]!.result, 'miss-blob-lost')
  for (const larder of [first, second, first]) {
    assert.match(String((await ask(larder.port, url)).headers['cache-status']), /hit/)
  }
  assert.equal(origin.count('/shared/1'), 2)
  assert.deepEqual([...faults(first), ...faults(second)], [])

  const mixed = (number: number): string => `${origin.url}/shared/${number % 150}`
  const loads = [startLoad(first, mixed, contentOf), startLoad(second, mixed, contentOf)]
  t.after(() => Promise.all(loads.map((load) => load.stop())))
  await Promise.all([first.exchanges('', 400), second.exchanges('', 400)])
  for (const load of loads) assert.deepEqual((await load.stop()).failed, [])
  assert.deepEqual([...faults(first), ...faults(second)], [])
})

test('records that were changed or exchanged in Redis are a miss and a counter (CORRECTNESS T33)', async (t) => {
  const server = await startRedis()
  t.after(() => server.stop())
  const larder = await withIndex(servers.Redis.url(server.port))
  t.after(() => larder.stop())
  for (const name of ['a', 'b']) {
    await ask(larder.port, `${origin.url}/forged/${name}`)
    await larder.exchanges(`/forged/${name}`, 1)
  }
  const names = (await redis(server, ['KEYS', 'larder:*'])).split('\n').filter((line) => line.startsWith('larder:'))
  assert.equal(names.length, 2)
  await redis(server, ['COPY', names[0]!, names[1]!, 'REPLACE'])
  await redis(server, ['SETRANGE', names[0]!, '80', 'x'])
  for (const name of ['a', 'b']) {
    const answer = await ask(larder.port, `${origin.url}/forged/${name}`)
    assert.equal(answer.body.toString(), contentOf(`${origin.url}/forged/${name}`))
    assert.match(String(answer.headers['cache-status']), /fwd=uri-miss/)
  }
  const reasons = larder.events.flatMap((event) => (event.kind === 'index-rejected' ? [event.reason] : []))
  assert.deepEqual(reasons.toSorted(), ['forged', 'swapped'])
})

test('a record that is brought back after its purge is a miss, and counted in the metrics (CORRECTNESS T33)', async (t) => {
  const server = await startRedis()
  t.after(() => server.stop())
  const larder = await withIndex(servers.Redis.url(server.port))
  t.after(() => larder.stop())
  const url = `${origin.url}/replayed/1`
  await ask(larder.port, url)
  await larder.exchanges('/replayed/1', 1)
  const [name] = (await redis(server, ['KEYS', 'larder:*'])).split('\n')
  await redis(server, ['COPY', name!, 'copy'])
  const client = new AdminClient({ admin: larder.daemon.admin, dataFolder: larder.settings.dataFolder })
  assert.equal(await client.purge(url), true)
  await redis(server, ['COPY', 'copy', name!])
  const again = await larder.restart()
  t.after(() => again.stop())
  assert.match(String((await ask(again.port, url)).headers['cache-status']), /fwd=uri-miss/)
  const socket = (again.daemon.admin as { path: string }).path
  const metrics = await command('curl', ['-q', '-sS', '--unix-socket', socket, 'http://larder/metrics'])
  assert.match(metrics.stdout, /^larder_index_rejected_total\{reason="replayed"\} 1$/m)
})

/** What redis-cli answers. */
async function redis(server: StartedServer, words: readonly string[]): Promise<string> {
  return (await command('redis-cli', ['-p', String(server.port), ...words])).stdout
}
