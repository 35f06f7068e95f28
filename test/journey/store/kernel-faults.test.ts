import assert from 'node:assert/strict'
import { existsSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, before, describe, type TestContext, test } from 'node:test'
import { type AlertReceiver, startAlertReceiver } from '../../fakes/alert-receiver.ts'
import { coverReadOnly, type Outage, tamper } from '../../support/kernel-faults.ts'
import { startOrigin, type TestOrigin } from '../../support/origin.ts'
import { type Service, startService } from '../../support/service.ts'

let origin: TestOrigin
let receiver: AlertReceiver
let service: Service
let caseCount = 0
const ends: (() => Promise<void> | void)[] = []

before(async () => {
  receiver = await startAlertReceiver()
  const words = ['--alert', `http://127.0.0.1:${receiver.port}/`, '--alert-window', '1s']
  service = await startService((end) => void ends.push(end), { words })
  origin = await startOrigin((asked, response) => {
    response.writeHead(200, { 'Cache-Control': 'max-age=3600' })
    response.end(contentOf(asked.url!))
  })
})
after(async () => {
  for (const end of ends.toReversed()) await end()
  await receiver.stop()
  await origin.stop()
})

/** `/9000/name`: so many bytes of that name. */
function contentOf(path: string): Buffer {
  return Buffer.alloc(Number(path.split('/')[1]), path)
}

/** What curl gets must be the origin's content, whatever happens to the store; answers Cache-Status. */
async function served(service: Service, path: string): Promise<string> {
  const { body, cacheStatus } = await service.fetch(origin.url + path)
  assert.ok(body.equals(contentOf(path)), `${path}: not what the origin sent`)
  return cacheStatus
}

/** Asks for content of both kinds, in files and in rows; answers whether all of it was stored before. */
async function servedAll(service: Service, name: string): Promise<boolean> {
  const seen = await Promise.all([`/300000/${name}`, `/2000/${name}`].map((path) => served(service, path)))
  return seen.every((status) => status.includes('hit'))
}

interface Case {
  /** What people are told. */
  readonly code: RegExp
  /** The reason that is told, of what shows only after a while, in which few ask. */
  readonly later?: RegExp
  begin(service: Service): Outage | Promise<Outage>
}

/** The store fails while clients ask, and works again: nobody but people who look after it notices. */
async function assertDegrades(t: TestContext, { code, later: reason, begin }: Case): Promise<void> {
  const name = `outage-${(caseCount += 1)}`
  const before = `${name}-before`
  while (!(await servedAll(service, before)));
  assert.deepEqual(await service.readiness(), { ready: true, reasons: [] })
  const first = receiver.posts.length

  const outage = await begin(service)
  let isOver = false
  t.after(() => (isOver ? undefined : outage.end()))
  for (let number = 0; (await service.readiness()).ready; number++) {
    await Promise.all([servedAll(service, `${name}-${number}`), servedAll(service, before)])
    if (reason !== undefined) await service.until(false)
  }
  const { reasons } = await service.readiness()
  for (let more = 0; more < 3; more++) {
    await Promise.all([servedAll(service, `${name}-later-${more}`), servedAll(service, before)])
  }
  await receiver.received(first + 1)
  isOver = true
  await outage.end()
  await service.until(true)

  for (let later = 0; !(await servedAll(service, `${name}-after-${Math.floor(later / 2)}`)); later++);
  for (const again of [before, `${name}-0`, `${name}-later-0`]) await servedAll(service, again)
  assert.match(reasons.join(), reason ?? code)
  await resolved(first)
  assertToldOnce(first, code)
}

interface Told {
  readonly id: string
  readonly status: 'firing' | 'resolved'
  readonly code: string
  readonly startedAt: string
  /** `null`: it goes on. */
  readonly endedAt: string | null
}

const toldSince = (first: number): Told[] => receiver.posts.slice(first).map(({ body }) => JSON.parse(body))

/** Waits until all that was told is told to be over. */
async function resolved(first: number): Promise<void> {
  const isOpen = (): boolean => {
    const told = toldSince(first)
    const over = new Set(told.filter(({ status }) => status === 'resolved').map(({ id }) => id))
    return told.some(({ id }) => !over.has(id))
  }
  for (let count = first + 1; isOpen(); count++) await receiver.received(count)
}

/** Whatever number of requests saw it, one alert was open at a time. By their times: what is told of two may come in any order. */
function assertToldOnce(first: number, code: RegExp): void {
  const told = toldSince(first)
  const over = told.filter(({ status }) => status === 'resolved')
  over.sort((one, other) => one.startedAt.localeCompare(other.startedAt))
  for (const [at, { startedAt }] of over.entries()) {
    if (at > 0) assert.ok(over[at - 1]!.endedAt! <= startedAt, JSON.stringify(told))
  }
  assert.match(told[0]!.code, code)
}

const writes = 'pwrite64,pwritev,pwritev2'
const syncs = 'fsync,fdatasync'
const changes = `${writes},${syncs},rename,unlink`
const reads = 'pread64,preadv,preadv2'
const injected: Readonly<Record<string, readonly [code: RegExp, injections: readonly string[]]>> = {
  'no byte can be written': [/STORE_NO_SPACE/, [`${writes}:error=ENOSPC`]],
  'the disk is full in the middle of what is written': [/STORE_NO_SPACE/, [`${writes}:error=ENOSPC:when=3+2`]],
  'the disk is full when it is synced': [/STORE_NO_SPACE|STORE_IO/, [`${syncs}:error=ENOSPC`]],
  'writes fail': [/STORE_IO/, [`${writes}:error=EIO`]],
  'syncs fail': [/STORE_IO/, [`${syncs}:error=EIO`]],
  'one sync in three fails': [/STORE_IO/, [`${syncs}:error=EIO:when=1+3`]],
  'reads fail': [/STORE_IO/, [`${reads}:error=EIO`]],
  'nothing can be changed': [/STORE_IO/, [`${changes}:error=EROFS`]],
}

/** What stands beside the blobs is not synced at each write: it is made again. */
const inDatabases = [
  ['index.db', writes, 'ENOSPC'],
  ['blobs.db', writes, 'ENOSPC'],
  ['side.db', writes, 'ENOSPC'],
  ['index.db', syncs, 'EIO'],
  ['blobs.db', syncs, 'EIO'],
] as const

describe('What the kernel says of the disk reaches people, and no client', () => {
  for (const [name, [code, injections]] of Object.entries(injected)) {
    test(`${name}`, (t) => assertDegrades(t, { code, begin: ({ pid }) => tamper(pid, injections) }))
  }

  for (const [database, calls, error] of inDatabases) {
    test(`in ${database} alone: ${error} of ${calls}`, (t) =>
      assertDegrades(t, {
        code: /STORE_(?:IO|NO_SPACE)/,
        begin: ({ pid, dataFolder }) => {
          const file = join(dataFolder, database)
          return tamper(pid, [`${calls}:error=${error}`], [file, `${file}-wal`, `${file}-shm`])
        },
      }))
  }

  test('no sync ever ends: that is told after a while, and over when they end', (t) =>
    assertDegrades(t, {
      code: /STORE_IO/,
      later: /the disk (?:has not answered|took nothing)/,
      begin: ({ pid }) => tamper(pid, [`${syncs}:delay_enter=1000000000`]),
    }))

  test('the filesystem becomes one that can only be read', (t) =>
    assertDegrades(t, { code: /STORE_IO/, begin: ({ dataFolder }) => coverReadOnly(dataFolder) }))

  test('another process holds the index: what it holds is served, and stored once it is let go', (t) =>
    assertDegrades(t, {
      code: /STORE_IO/,
      begin: ({ dataFolder }) => {
        const holder = new DatabaseSync(join(dataFolder, 'index.db'), { timeout: 30_000 })
        holder.exec('BEGIN EXCLUSIVE')
        return { end: () => holder.close() }
      },
    }))

  test('the data folder is renamed and gets its name back: what was stored is found', async (t) => {
    await assertDegrades(t, {
      code: /STORE_IO/,
      begin: ({ dataFolder }) => {
        renameSync(dataFolder, `${dataFolder}.away`)
        return { end: () => renameSync(`${dataFolder}.away`, dataFolder) }
      },
    })
    assert.ok(await servedAll(service, 'outage-1-before'))
  })

  test('the data folder is removed: it is made anew, and people are told', async () => {
    const first = receiver.posts.length
    rmSync(service.dataFolder, { recursive: true })
    for (let number = 0; ; number++) {
      await servedAll(service, `removed-${number}`)
      if (existsSync(service.dataFolder) && (await servedAll(service, `removed-${number}`))) break
    }
    await service.until(true)
    await receiver.received(first + 1)
    await resolved(first)
    assertToldOnce(first, /STORE_IO/)
    caseCount += 1
    while (!(await servedAll(service, `outage-${caseCount}-before`)));
  })

  test('what was stored before and between survives: a second start finds it', async () => {
    const next = await service.again()
    while (!(await servedAll(next, `outage-${caseCount}-before`)));
    await next.stop()
  })
})
