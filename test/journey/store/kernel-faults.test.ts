import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, describe, type TestContext, test } from 'node:test'
import { startAlertReceiver } from '../../fakes/alert-receiver.ts'
import { coverReadOnly, type Outage, tamper } from '../../support/kernel-faults.ts'
import { startOrigin, type TestOrigin } from '../../support/origin.ts'
import { type Service, startService } from '../../support/service.ts'

let origin: TestOrigin
before(async () => {
  origin = await startOrigin((asked, response) => {
    response.writeHead(200, { 'Cache-Control': 'max-age=3600' })
    response.end(contentOf(asked.url!))
  })
})
after(() => origin.stop())

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
  begin(service: Service): Outage | Promise<Outage>
}

/** The store fails while clients ask, and works again: nobody but people who look after it notices. */
async function assertDegrades(t: TestContext, { code, begin }: Case): Promise<void> {
  const receiver = await startAlertReceiver()
  t.after(() => receiver.stop())
  const service = await startService(t, { words: ['--alert', `http://127.0.0.1:${receiver.port}/`] })
  while (!(await servedAll(service, 'before')));
  assert.deepEqual(await service.readiness(), { ready: true, reasons: [] })

  const outage = await begin(service)
  let isOver = false
  t.after(() => (isOver ? undefined : outage.end()))
  let number = 0
  for (; (await service.readiness()).ready; number++) {
    await Promise.all([servedAll(service, `during-${number}`), servedAll(service, 'before')])
  }
  const { reasons } = await service.readiness()
  for (let more = 0; more < 4; more++) {
    await Promise.all([
      servedAll(service, `during-${more}`),
      servedAll(service, `later-${more}`),
      servedAll(service, 'before'),
    ])
  }
  await receiver.received(1)
  isOver = true
  await outage.end()
  await service.until(true)

  for (let later = 0; !(await servedAll(service, `after-${Math.floor(later / 2)}`)); later++);
  await servedAll(service, 'before')
  for (let more = 0; more < number; more++) await servedAll(service, `during-${more}`)
  assert.match(reasons.join(), code)
  const told = receiver.posts.map(({ body }) => JSON.parse(body)).filter(({ status }) => status === 'firing')
  assert.equal(new Set(told.map(({ id }) => id)).size, 1, JSON.stringify(told))
  assert.match(told[0].code, code)

  const next = await service.again()
  while (!(await servedAll(next, 'after-0')));
  await next.stop()
}

const writes = 'pwrite64,pwritev,pwritev2'
const syncs = 'fsync,fdatasync'
const changes = `${writes},${syncs},rename,unlink`
const reads = 'pread64,preadv,preadv2'
const databases = ['index.db', 'blobs.db', 'side.db']

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

describe('What the kernel says of the disk reaches people, and no client', () => {
  for (const [name, [code, injections]] of Object.entries(injected)) {
    test(`${name}`, (t) => assertDegrades(t, { code, begin: ({ pid }) => tamper(pid, injections) }))
  }

  for (const [what, error] of Object.entries({ [writes]: 'ENOSPC', [syncs]: 'EIO' })) {
    for (const database of databases) {
      test(`${error} in ${database} alone: ${what}`, (t) =>
        assertDegrades(t, {
          code: /STORE_(?:IO|NO_SPACE)/,
          begin: ({ pid, dataFolder }) => {
            const file = join(dataFolder, database)
            return tamper(pid, [`${what}:error=${error}`], [file, `${file}-wal`, `${file}-shm`])
          },
        }))
    }
  }

  test('the filesystem becomes one that can only be read', (t) =>
    assertDegrades(t, { code: /STORE_IO/, begin: ({ dataFolder }) => coverReadOnly(dataFolder) }))
})
