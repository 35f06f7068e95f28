import { createHash } from 'node:crypto'
import { type EntryDaemon, startDaemon } from './entry-daemon.ts'
import { firstHit } from './keep-alive-load.ts'
import { contentBytes, type EntryRate, entryUrl, insertEntries, rateOf, storesOf } from './many-entries.ts'

export interface StartFigures {
  readonly firstHitMs: number
  readonly firstHitCpuMs: number
  readonly firstHitRss: number
  /** CPU until everything is known that is stored. */
  readonly loadedCpuSeconds: number
  readonly loadedRss: number
  readonly loadPeak: number
  readonly afterHitsRss: number
  readonly peak: number
}

export interface Subject {
  readonly data: string
  readonly entryCount: number
}

const hotCount = 100
const warmCount = 20_000
const turnCount = 20

/** Numbers from 0 on that look like dice, the same in each run. */
function dice(below: number): () => number {
  let count = 0
  return () =>
    createHash('sha256')
      .update(String((count += 1)))
      .digest()
      .readUInt32LE() % below
}

function urlsOf({ entryCount }: Subject, mostCount = entryCount): () => string {
  const random = dice(Math.min(entryCount, mostCount))
  return () => entryUrl(random())
}

/** From the start to the first hit, until all is known that is stored, and after so many hits at random. */
export async function measureStart(program: string, subject: Subject, hitCount: number): Promise<StartFigures> {
  const daemon = await startDaemon(program, subject.data)
  try {
    await firstHit(daemon.port, entryUrl(subject.entryCount - 1), contentBytes)
    const firstHitMs = performance.now() - daemon.beganMs
    const firstHitCpuMs = daemon.cpuSeconds() * 1000
    const firstHitRss = daemon.memory().rss
    await daemon.idle()
    const loadedCpuSeconds = daemon.cpuSeconds()
    const { rss: loadedRss, peak: loadPeak } = daemon.memory()
    await daemon.hits(hitCount, urlsOf(subject))
    const { rss: afterHitsRss, peak } = daemon.memory()
    return { firstHitMs, firstHitCpuMs, firstHitRss, loadedCpuSeconds, loadedRss, loadPeak, afterHitsRss, peak }
  } finally {
    await daemon.stop()
  }
}

/** Keys that are asked for often; or keys at random, each read from the store's files. */
export type HitKind = 'hot' | 'stored'

/**
 * CPU per hit in microseconds of two stores, whose daemons run side by side and are asked in turns: a slow minute of the machine
 * meets both.
 */
export async function compareHits(
  program: string,
  subjects: readonly Subject[],
  kind: HitKind,
  hitCount: number,
): Promise<number[]> {
  const extra = kind === 'hot' ? [] : ['--memory', '1MiB']
  const daemons: EntryDaemon[] = []
  try {
    const turns: (() => Promise<number>)[] = []
    for (const subject of subjects) {
      const daemon = await startDaemon(program, subject.data, extra)
      daemons.push(daemon)
      await firstHit(daemon.port, entryUrl(0), contentBytes)
      await daemon.idle()
      const nextUrl = urlsOf(subject, kind === 'hot' ? hotCount : undefined)
      await daemon.hits(warmCount, nextUrl)
      turns.push(async () => {
        const before = daemon.cpuSeconds()
        await daemon.hits(Math.ceil(hitCount / turnCount), nextUrl)
        return daemon.cpuSeconds() - before
      })
    }
    const sums = subjects.map(() => 0)
    for (let turn = 0; turn < turnCount; turn += 1) {
      for (const [at, ask] of turns.entries()) sums[at]! += await ask()
    }
    return sums.map((seconds) => (seconds * 1e6) / (Math.ceil(hitCount / turnCount) * turnCount))
  } finally {
    for (const daemon of daemons) await daemon.stop()
  }
}

/** Stores that many more, with room for all of them. */
export async function measureInserts({ data, entryCount }: Subject, count: number): Promise<EntryRate> {
  const stores = storesOf(data)
  await stores.quota!.ready
  const rate = await rateOf(() => insertEntries(stores, entryCount, count))
  await stores.close()
  return rate
}

const highWater = 0.8
const lowWater = 0.75

/** Evicts what is too much for a quota that the store has outgrown. */
export async function measureEvictions({ data }: Subject): Promise<EntryRate> {
  const before = storesOf(data)
  await before.quota!.ready
  const { usedBytes } = before.quota!.use()
  await before.close()
  const flags = {
    quota: [`${Math.floor(usedBytes / highWater)}B`],
    'high-water': [`${highWater}`],
    'low-water': [`${lowWater}`],
  }
  const stores = storesOf(data, flags)
  await stores.quota!.ready
  const rate = await rateOf(async () => {
    const { responses } = stores.quota!.use()
    await stores.quota!.run()
    return responses - stores.quota!.use().responses
  })
  await stores.close()
  return rate
}
