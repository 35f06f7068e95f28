import assert from 'node:assert/strict'
import { Agent, get as httpGet } from 'node:http'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { type Digest, digestOf } from '../../../src/base/digest.ts'
import type { ExchangeEvent, LarderEvent } from '../../../src/base/events.ts'
import { blobFile, layoutOf } from '../../../src/store/layout.ts'
import { content } from '../../support/blob-content.ts'
import { startContentOrigin } from '../../support/content-origin.ts'
import { fileDamages, Row, rowDamages } from '../../support/damage.ts'
import { startLarder, type TestLarder } from '../../support/larder.ts'
import { homeOf, runProgram } from '../../support/program.ts'

const blobCount = 1000
const atOnce = 16

/** By the first word of a path: rows as they are, rows that are packed, files of one chunk, files of several. */
const makers: Readonly<Record<string, (number: number) => Buffer>> = {
  row: (number) => content(1 + ((number * 97) % 9_000), number),
  packed: (number) => Buffer.from(`{"version":"${number}"},`.repeat(1_000 + number)),
  file: (number) => content(66_000 + ((number * 613) % 200_000), number),
  large: (number) => content(1_100_000 + ((number * 40_009) % 2_000_000), number),
}
const shares: Readonly<Record<string, number>> = { row: 500, packed: 180, file: 280, large: 40 }
const made = new Map<string, Buffer>()

function bytesOf(path: string): Buffer {
  const known = made.get(path)
  if (known !== undefined) return known
  const [, kind, number] = /^\/([a-z]+)(\d+)$/.exec(path)!
  const bytes = makers[kind!]!(Number(number) + 10)
  made.set(path, bytes)
  return bytes
}

/** Resolves when the response is over; `undefined`: it was not complete. */
function ask(larder: TestLarder, agent: Agent, url: string): Promise<Buffer | undefined> {
  return new Promise((resolve, reject) => {
    const request = httpGet({ host: '127.0.0.1', port: larder.port, path: url, agent }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', () => undefined)
      response.on('close', () => resolve(response.complete ? Buffer.concat(chunks) : undefined))
    })
    request.on('error', reject)
  })
}

/** Asks for all `paths`, some at a time: each response is complete, and has the right bytes. */
async function askAll(larder: TestLarder, port: number, paths: readonly string[]): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: atOnce })
  const left = paths.values()
  const one = async (): Promise<void> => {
    for (const path of left) {
      const bytes = await ask(larder, agent, `http://127.0.0.1:${port}${path}`)
      assert.ok(bytes !== undefined, `${path} is not complete`)
      assert.ok(bytes.equals(bytesOf(path)), `${path} has other bytes`)
    }
  }
  try {
    await Promise.all(Array.from({ length: atOnce }, one))
  } finally {
    agent.destroy()
  }
}

interface Damaged {
  readonly path: string
  readonly way: string
}

/** Damages blobs of every kind in every way: those with even or with odd numbers. Answers what was damaged. */
function damageSome(larder: TestLarder, firstNumber: 0 | 1): Damaged[] {
  const layout = layoutOf(larder.settings.dataFolder)
  const database = new DatabaseSync(layout.smallBlobs)
  const next = new Map<string, number>()
  const damaged: Damaged[] = []
  const take = (kind: string, way: string): Digest => {
    const number = next.get(kind) ?? firstNumber
    next.set(kind, number + 2)
    damaged.push({ path: `/${kind}${number}`, way })
    return digestOf(bytesOf(`/${kind}${number}`))
  }
  for (const kind of ['row', 'row', 'packed']) {
    for (const [way, damage] of Object.entries(rowDamages)) {
      const row = new Row(database, take(kind, way))
      damage(row, way === 'swapped' ? new Row(database, take(kind, way)) : row)
    }
  }
  for (const kind of ['file', 'large']) {
    for (const [way, damage] of Object.entries(fileDamages)) {
      const file = blobFile(layout, take(kind, way))
      damage(file, way === 'swapped' ? blobFile(layout, take(kind, way)) : file)
    }
  }
  database.close()
  return damaged
}

test('of 1000 blobs more than 100 are damaged in every way: no client gets a bad byte, each damaged blob is fetched again once, and verifying finds those nobody asked for (CORRECTNESS T03)', async (context) => {
  const origin = await startContentOrigin(bytesOf)
  context.after(() => origin.stop())
  const all = Object.entries(shares).flatMap(([kind, count]) =>
    Array.from({ length: count }, (_, at) => `/${kind}${at}`),
  )
  assert.equal(all.length, blobCount)
  let larder = await startLarder({}, false)
  context.after(() => larder.stop())
  // What a slow disk did not take in time is asked for again.
  for (let left: readonly string[] = all; left.length > 0; left = await notStored(larder, left)) {
    await askAll(larder, origin.port, left)
  }

  await larder.daemon.stop()
  const met = damageSome(larder, 0)
  const unmet = damageSome(larder, 1)
  assert.ok(met.length + unmet.length >= 100)
  larder = await larder.restart()

  // Those who ask get the content, whole, from the origin where it is damaged, and else from the store.
  origin.asked.length = 0
  const sound = all.filter((path) => ![...met, ...unmet].some((one) => one.path === path))
  await askAll(larder, origin.port, [...met.map(({ path }) => path), ...sound.slice(0, 100)])
  assert.deepEqual(origin.asked.toSorted(), met.map(({ path }) => path).toSorted())
  assertTold(larder, met)
  const unkept = await notStored(
    larder,
    met.map(({ path }) => path),
  )

  // What has been fetched again is sound, and all else that is damaged is found.
  const { admin, dataFolder } = larder.settings
  const where = ['--data', dataFolder, '--admin', `unix:${'path' in admin ? admin.path : ''}`]
  const result = await runProgram(['verify', '--json', '--rate', '1GiB', ...where], homeOf(context))
  assert.equal(result.code, 0, result.err)
  const { damagedCount, soundCount } = JSON.parse(result.out)
  assert.equal(damagedCount, unmet.length)
  assert.equal(soundCount, blobCount - unmet.length - unkept.length)
  assertTold(larder, unmet)

  origin.asked.length = 0
  await askAll(larder, origin.port, all)
  assert.deepEqual(origin.asked.toSorted(), [...unmet.map(({ path }) => path), ...unkept].toSorted())
  context.diagnostic(
    `${blobCount} blobs: ${met.length} damaged and asked for, ${unmet.length} found by verifying, 0 bad bytes, ${met.length + unmet.length} fetched again`,
  )
})

/** Waits until of each of `paths` it was told whether it was stored, and answers those that never were. */
async function notStored(larder: TestLarder, paths: readonly string[]): Promise<readonly string[]> {
  const told = new Map<string, boolean>()
  let seenCount = 0
  const pathOf = ({ url }: ExchangeEvent): string => new URL(url).pathname
  await larder.event((_): _ is LarderEvent => {
    for (; seenCount < larder.events.length; seenCount++) {
      const event = larder.events[seenCount]!
      if (event.kind !== 'exchange' || event.stored === undefined) continue
      told.set(pathOf(event), told.get(pathOf(event)) === true || event.stored === 'yes')
    }
    return paths.every((path) => told.has(path))
  })
  return paths.filter((path) => told.get(path) !== true)
}

function assertTold(larder: TestLarder, damaged: readonly Damaged[]): void {
  const told = new Set(larder.events.map((event) => (event.kind === 'blob-damaged' ? event.digest : '')))
  for (const { path, way } of damaged) assert.ok(told.has(digestOf(bytesOf(path))), `${path}: ${way}`)
}
