import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { GuardedKeyvStorage } from '../../../src/store/keyv-guarded-storage.ts'
import { PurgeMemory } from '../../../src/store/purge-memory.ts'
import { RecordSeal } from '../../../src/store/record-seal.ts'
import { type RemoteStorage, ServerRefusal } from '../../../src/store/remote-storage.ts'
import { HandClock } from '../../support/hand-clock.ts'

/** A server in memory that can be silent, refuse writes or be away. */
class FakeServer implements RemoteStorage {
  readonly callsAtOnce = 64
  readonly kept = new Map<string, string>()
  state: 'well' | 'silent' | 'full' | 'away' = 'well'
  callCount = 0
  resetCount = 0

  get = (name: string): Promise<string | undefined> => this.#answer(() => this.kept.get(name))
  set = (name: string, text: string): Promise<void> =>
    this.#answer(() => {
      if (this.state === 'full') throw new ServerRefusal('OOM')
      this.kept.set(name, text)
    })
  delete = (name: string): Promise<boolean> => this.#answer(() => this.kept.delete(name))
  ping = (): Promise<void> => this.#answer(() => {})
  async *texts(): AsyncIterable<string> {
    yield* this.kept.values()
  }
  reset(): void {
    this.resetCount += 1
  }
  async close(): Promise<void> {}

  #answer<T>(work: () => T): Promise<T> {
    this.callCount += 1
    if (this.state === 'silent') return new Promise(() => {})
    if (this.state === 'away') return Promise.reject(new Error('connection refused'))
    return Promise.resolve().then(work)
  }
}

function guard(t: TestContext, server: FakeServer): { storage: GuardedKeyvStorage; clock: HandClock; told: string[] } {
  const folder = mkdtempSync(join(tmpdir(), 'larder-guard-'))
  const clock = new HandClock()
  const told: string[] = []
  const purges = new PurgeMemory(join(folder, 'purged'))
  t.after(async () => {
    await purges.close()
    rmSync(folder, { recursive: true })
  })
  const storage = new GuardedKeyvStorage({
    remote: server,
    seal: new RecordSeal(Buffer.alloc(32, 7), 'test'),
    purges,
    clock,
    timers: clock,
    watcher: {
      down: (reason) => void told.push(`down: ${reason}`),
      up: () => void told.push('up'),
      rejected: (why) => void told.push(why),
    },
  })
  return { storage, clock, told }
}

/** Waits for all, and lets time pass meanwhile. */
async function all<T>(clock: HandClock, ms: number, work: Promise<T>[]): Promise<PromiseSettledResult<T>[]> {
  const settled = Promise.allSettled(work)
  await clock.pass(ms)
  return settled
}

test('a silent server is waited for 150 ms; after three lookups nobody asks it, and its connections are left', async (t) => {
  const server = new FakeServer()
  const { storage, clock, told } = guard(t, server)
  await storage.opened
  server.state = 'silent'
  const misses = await all(clock, 151, [storage.get('a'), storage.get('b'), storage.get('c')])
  assert.deepEqual(
    misses.map((one) => one.status === 'fulfilled' && one.value),
    [undefined, undefined, undefined],
  )
  assert.deepEqual(told, ['down: no answer within 150 ms'])
  assert.equal(server.resetCount, 1)
  const before = server.callCount
  assert.equal(await storage.get('a'), undefined)
  assert.equal(server.callCount, before, 'nobody waits')
})

test('probes go on until the server answers, at most five seconds apart; then what waited is written', async (t) => {
  const server = new FakeServer()
  const { storage, clock, told } = guard(t, server)
  await storage.opened
  server.state = 'away'
  await all(clock, 0, [storage.get('a'), storage.get('b'), storage.get('c')])
  await assert.rejects(storage.set('k', 'text'))
  assert.equal(await storage.get('k'), 'text', 'it is known here')
  await clock.pass(60_000)
  const before = server.callCount
  await clock.pass(10_000)
  assert.ok(server.callCount - before >= 2 && server.callCount - before <= 3, `${server.callCount - before} probes`)
  server.state = 'well'
  await clock.pass(5_001)
  assert.deepEqual(told, ['down: connection refused', 'up'])
  assert.equal(server.kept.size, 1)
  assert.equal(await storage.get('k'), 'text')
})

test('a server that is slow to connect to is used again: a probe waits longer than a request does', async (t) => {
  const server = new FakeServer()
  const { storage, clock, told } = guard(t, server)
  await storage.opened
  server.state = 'away'
  await all(clock, 0, [storage.get('a'), storage.get('b'), storage.get('c')])
  server.state = 'well'
  server.ping = () => new Promise((resolve) => void clock.after(2_000, resolve))
  await clock.pass(2_500)
  server.ping = () => Promise.resolve()
  await clock.pass(6_000)
  assert.equal(server.resetCount, 0)
  assert.deepEqual(told, ['down: connection refused', 'up'])
})

test('a server that is full is still read, and told of once; writes wait in their order', async (t) => {
  const server = new FakeServer()
  const { storage, clock, told } = guard(t, server)
  await storage.opened
  await storage.set('old', '0')
  server.state = 'full'
  for (const text of ['1', '2', '3']) await assert.rejects(storage.set('k', text))
  assert.equal(await storage.get('old'), '0')
  await clock.pass(3_000)
  assert.deepEqual(told, ['down: OOM'])
  server.state = 'well'
  await clock.pass(1_001)
  assert.deepEqual(told, ['down: OOM', 'up'])
  await storage.set('k', '4')
  assert.equal(await storage.get('k'), '4')
  assert.equal(server.kept.size, 2)
})

test('what is deleted while the server is away is gone at once, and stays so when the record is still there later', async (t) => {
  const server = new FakeServer()
  const { storage, clock, told } = guard(t, server)
  await storage.opened
  await storage.set('k', 'text')
  const copy = new Map(server.kept)
  server.state = 'away'
  await all(clock, 0, [storage.get('a'), storage.get('b'), storage.get('c')])
  await assert.rejects(storage.delete('k'))
  assert.equal(await storage.get('k'), undefined)
  server.state = 'well'
  await clock.pass(5_001)
  assert.equal(server.kept.size, 0)
  for (const [name, text] of copy) server.kept.set(name, text)
  assert.equal(await storage.get('k'), undefined)
  assert.equal(told.at(-1), 'replayed')
})

test('without a first answer it is said to be down, and used once it answers', async (t) => {
  const server = new FakeServer()
  server.state = 'away'
  const { storage, clock, told } = guard(t, server)
  await storage.opened
  assert.deepEqual(told, ['down: connection refused'])
  server.state = 'well'
  await clock.pass(251)
  assert.deepEqual(told, ['down: connection refused', 'up'])
})
