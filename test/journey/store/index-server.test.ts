import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, type TestContext, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import type { StoreSystem } from '../../../src/app/stores.ts'
import { systemTimers } from '../../../src/base/clock.ts'
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
import { type LoadResult, said, startLoad } from './index-server-load.ts'

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

/** Deadlines ten times as long, where it is not tested what a slow server costs: on a busy machine a server of the test is slow. */
const patient: StoreSystem = { timers: { after: (ms, due) => systemTimers.after(10 * ms, due) } }

/** Little memory, so that the index is asked. */
const withIndex = (url: string, system: StoreSystem = {}): Promise<TestLarder> =>
  startLarder({ index: readIndexUrl(url)!, indexKeyFile: keyFile, memoryBytes: 0 }, false, system)

const faults = (larder: TestLarder): Fault[] =>
  larder.events.filter((event): event is Fault => event.kind === 'store-fault')
type IndexEvent = Fault | Recovered

/** What was told of the index on the server, in its order. */
const told = (larder: TestLarder): IndexEvent[] =>
  larder.events.filter(
    (event): event is IndexEvent =>
      (event.kind === 'store-fault' || event.kind === 'store-recovered') && !!event.isShared,
  )

const lastTold = (larder: TestLarder): IndexEvent['kind'] | undefined => told(larder).at(-1)?.kind

/** Resolves once the last that was told of the index is that it is down. */
async function isDown(larder: TestLarder): Promise<void> {
  await larder.event((event): event is Fault => event.kind === 'store-fault' && lastTold(larder) === 'store-fault')
}

/** Resolves once the last that was told of the index is that it answers again. */
async function isUp(larder: TestLarder): Promise<void> {
  await larder.event(
    (event): event is Recovered => event.kind === 'store-recovered' && lastTold(larder) === 'store-recovered',
  )
}

/** However many requests saw an outage, it is told once, and then that it is over. A busy machine may have outages of its own. */
function assertToldOnce(larder: TestLarder): void {
  for (const [number, { kind }] of told(larder).entries()) {
    assert.equal(kind, number % 2 === 0 ? 'store-fault' : 'store-recovered', `what was told as number ${number}`)
  }
  for (const { code, isShared } of faults(larder)) assert.deepEqual([code, isShared], ['STORE_INDEX_DOWN', true])
}

const isHit = async (larder: TestLarder, url: string): Promise<boolean> =>
  /hit/.test(String((await ask(larder.port, url)).headers['cache-status']))

/** Asks until the index finds what was asked for before; answers its URL. */
async function findable(larder: TestLarder, name: string): Promise<string> {
  for (let number = 0; ; number += 1) {
    const path = `/${name}-${number}`
    await ask(larder.port, origin.url + path)
    await larder.exchanges(path, 1)
    if (await isHit(larder, origin.url + path)) return origin.url + path
  }
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

    const duringOutage = async (): Promise<LoadResult> => {
      await isDown(larder)
      // An answer that was under way may still end it once.
      await load.more(100)
      await isDown(larder)
      const before = told(larder).length
      await load.more(300)
      assert.equal(told(larder).length, before, 'one event for all requests')
      return load.part()
    }

    await server.kill()
    Object.assign(parts, { 'it was killed': await duringOutage() })
    await server.start()
    await isUp(larder)
    Object.assign(parts, { 'it came back': load.part() })

    server.halt()
    Object.assign(parts, { 'it hangs': await duringOutage() })
    server.goOn()
    await isUp(larder)
    Object.assign(parts, { 'it goes on': await load.stop() })

    for (const [what, part] of Object.entries(parts)) {
      t.diagnostic(said(`${name}, ${what}`, part))
      assert.deepEqual(part.failed, [])
    }
    assertToldOnce(larder)
    await findable(larder, `${name}/healed`)
  })
}

test('a Redis that is full refuses writes: no request fails, what is there is found, and it heals (CORRECTNESS T32)', async (t) => {
  const server = await startRedis('--maxmemory', '2mb', '--maxmemory-policy', 'noeviction')
  t.after(() => server.stop())
  const larder = await withIndex(servers.Redis.url(server.port))
  t.after(() => larder.stop())
  const there: string[] = []
  for (const name of ['a', 'b', 'c', 'd', 'e']) there.push(await findable(larder, `full/${name}`))
  const load = startLoad(larder, (number) => `${origin.url}/full/${number}`, contentOf)
  t.after(() => load.stop())
  await larder.event((event): event is Fault => event.kind === 'store-fault' && /OOM/.test(event.detail))
  const found = await Promise.all(there.map((url) => isHit(larder, url)))
  assert.ok(found.includes(true), 'what is there is found')
  await redis(server, ['CONFIG', 'SET', 'maxmemory', '0'])
  await isUp(larder)
  const seen = await load.stop()
  t.diagnostic(said('Redis, full', seen))
  assert.deepEqual(seen.failed, [])
  assertToldOnce(larder)
  await findable(larder, 'full/healed')
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
  await isUp(larder)
  while (!(await redis(server, ['KEYS', 'larder:*'])).includes('larder:')) await pause(50)
  const again = await larder.restart(patient)
  t.after(() => again.stop())
  assert.match(String((await ask(again.port, url)).headers['cache-status']), /hit/, 'and was written')
})

test('two daemons share an index: one takes what the other validated, and content of the other is no error', async (t) => {
  const server = await startRedis()
  t.after(() => server.stop())
  const first = await withIndex(servers.Redis.url(server.port), patient)
  t.after(() => first.stop())
  const second = await withIndex(servers.Redis.url(server.port), patient)
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
  const larder = await withIndex(servers.Redis.url(server.port), patient)
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
  const larder = await withIndex(servers.Redis.url(server.port), patient)
  t.after(() => larder.stop())
  const url = `${origin.url}/replayed/1`
  await ask(larder.port, url)
  await larder.exchanges('/replayed/1', 1)
  const [name] = (await redis(server, ['KEYS', 'larder:*'])).split('\n')
  await redis(server, ['COPY', name!, 'copy'])
  const client = new AdminClient({ admin: larder.daemon.admin, dataFolder: larder.settings.dataFolder })
  assert.equal(await client.purge(url), true)
  await redis(server, ['COPY', 'copy', name!])
  const again = await larder.restart(patient)
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
