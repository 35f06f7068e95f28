import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import type { Digest } from '../../../src/base/digest.ts'
import type { Pace, Verdict, VerifiableBlobs } from '../../../src/store/verifiable-blobs.ts'
import { VerifyPass } from '../../../src/store/verify-pass.ts'
import { HandClock } from '../../support/hand-clock.ts'

const second = 1000
const hour = 3_600_000
const week = 7 * 24 * hour
const pieceBytes = 1000

/** Blobs of so many pieces of 1000 bytes each; it remembers which were read to their end. */
class Blobs implements VerifiableBlobs {
  readonly read: Digest[] = []
  readonly #pieceCounts: ReadonlyMap<Digest, number>

  constructor(...pieceCounts: readonly number[]) {
    this.#pieceCounts = new Map(pieceCounts.map((count, at) => [nameOf(at), count]))
  }

  async *names(after: Digest | undefined): AsyncIterable<Digest> {
    for (const digest of this.#pieceCounts.keys()) if (after === undefined || digest > after) yield digest
  }

  async verify(digest: Digest, pace: Pace): Promise<Verdict> {
    for (let piece = 0; piece < this.#pieceCounts.get(digest)!; piece++) await pace(pieceBytes)
    this.read.push(digest)
    return digest === nameOf(1) ? 'damaged' : 'sound'
  }
}

function nameOf(at: number): Digest {
  return String(at).padStart(64, '0') as Digest
}

function passOf(context: TestContext, clock: HandClock) {
  const folder = mkdtempSync(join(tmpdir(), 'larder-verify-'))
  context.after(() => rmSync(folder, { recursive: true, force: true }))
  const stateFile = join(folder, 'verify.json')
  return (...stores: readonly VerifiableBlobs[]) => new VerifyPass({ stores, stateFile, clock, timers: clock })
}

test('a pass reads no more bytes a second than it may', async (context) => {
  const clock = new HandClock()
  const pass = passOf(context, clock)(new Blobs(30, 30, 30), new Blobs(10))
  const over = pass.run(10 * pieceBytes)
  await clock.pass(4 * second)
  const { checkedBytes } = pass.state
  // The time of one pause may be used beforehand.
  assert.ok(checkedBytes >= 39 * pieceBytes && checkedBytes <= 43 * pieceBytes, `${checkedBytes}`)
  assert.equal(pass.state.isRunning, true)
  await clock.pass(10 * second)
  await over
  assert.deepEqual(
    { ...pass.state, beganAt: 0, endedAt: 0 },
    {
      isRunning: false,
      beganAt: 0,
      endedAt: 0,
      soundCount: 3,
      damagedCount: 1,
      checkedBytes: 100 * pieceBytes,
      share: 1,
    },
  )
})

test('while clients are served it goes at a tenth of the rate, and at the whole again when they are not', async (context) => {
  const clock = new HandClock()
  let isBusy = true
  const pass = passOf(context, clock)(new Blobs(1000))
  const over = pass.run(10 * pieceBytes, () => isBusy)
  await clock.pass(20 * second)
  const whileBusy = pass.state.checkedBytes
  assert.ok(whileBusy >= 19 * pieceBytes && whileBusy <= 23 * pieceBytes, `${whileBusy}`)
  isBusy = false
  await clock.pass(20 * second)
  const whileQuiet = pass.state.checkedBytes - whileBusy
  assert.ok(whileQuiet >= 190 * pieceBytes && whileQuiet <= 203 * pieceBytes, `${whileQuiet}`)
  await pass.stop()
  await over
})

test('a pass that people ask for does not wait for clients, also when the weekly one is under way', async (context) => {
  const clock = new HandClock()
  const pass = passOf(context, clock)(new Blobs(1000))
  const slow = pass.run(100, () => true)
  await clock.pass(second)
  const asked = pass.run(1_000_000_000)
  await clock.pass(200 * second)
  await Promise.all([slow, asked])
  assert.equal(pass.state.soundCount, 1)
})

test('a pass that was stopped goes on where it was, also in another process', async (context) => {
  const clock = new HandClock()
  const open = passOf(context, clock)
  const [small, large] = [new Blobs(1, 1, 1), new Blobs(1, 1, 1, 500)]
  const first = open(small, large)
  const over = first.run(10 * pieceBytes)
  await clock.pass(2 * second)
  await first.stop()
  await over
  assert.deepEqual(small.read, [0, 1, 2].map(nameOf))
  assert.deepEqual(large.read, [0, 1, 2].map(nameOf))
  // What was read of a blob that was not read to its end does not count.
  const { isRunning, endedAt, checkedBytes } = first.state
  assert.deepEqual({ isRunning, endedAt, checkedBytes }, { isRunning: false, endedAt: undefined, checkedBytes: 6000 })
  const resumed = open(small, large)
  assert.deepEqual(resumed.state, first.state)
  const rest = resumed.run(1_000_000_000)
  await clock.pass(second)
  await rest
  assert.deepEqual(small.read.length, 3)
  assert.deepEqual(large.read, [0, 1, 2, 3].map(nameOf))
  const { beganAt, soundCount, damagedCount } = resumed.state
  assert.deepEqual(
    { beganAt, soundCount, damagedCount },
    { beganAt: first.state.beganAt, soundCount: 5, damagedCount: 2 },
  )
})

test('stopping does not wait until a large blob was read to its end', async (context) => {
  const clock = new HandClock()
  const blobs = new Blobs(1_000_000)
  const pass = passOf(context, clock)(blobs)
  const over = pass.run(1)
  await clock.pass(second)
  await pass.stop()
  await over
  assert.deepEqual(blobs.read, [])
  assert.equal(clock.waitingCount, 0)
})

test('the weekly pass runs once a week, and one that was interrupted goes on within the hour', async (context) => {
  const clock = new HandClock()
  const open = passOf(context, clock)
  const blobs = new Blobs(1, 1)
  const pass = open(blobs)
  pass.repeat(week, 1_000_000_000, () => false)
  await clock.pass(hour + second)
  assert.equal(blobs.read.length, 2)
  await clock.pass(week - hour)
  assert.equal(blobs.read.length, 2)
  await clock.pass(3 * hour)
  assert.equal(blobs.read.length, 4)
  await pass.close()
  assert.equal(clock.waitingCount, 0)

  const interrupted = open(new Blobs(1, 100))
  await clock.pass(week)
  const over = interrupted.run(pieceBytes)
  await clock.pass(3 * second)
  await interrupted.close()
  await over
  const later = new Blobs(1, 100)
  const next = open(later)
  next.repeat(Number.POSITIVE_INFINITY, 1_000_000_000, () => false)
  assert.equal(clock.waitingCount, 0)
  next.repeat(week, 1_000_000_000, () => false)
  await clock.pass(hour + second)
  assert.deepEqual(later.read, [nameOf(1)])
  await next.close()
})
