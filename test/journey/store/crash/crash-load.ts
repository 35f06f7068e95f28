import { randomInt } from 'node:crypto'
import { ask, type ProxiedAnswer } from '../../../support/proxy-client.ts'
import type { CrashingDaemon } from './crashing-daemon.ts'
import { type ContentKind, pathOf, sizeOf } from './moving-origin.ts'
import { type Promises, wrongIn } from './promises.ts'

export interface CrashLoad {
  readonly daemon: CrashingDaemon
  readonly originUrl: string
  readonly promises: Promises
  /** So many requests at most. */
  readonly requestCount: number
  /** Numbers that no URL had before. */
  readonly nextNumber: () => number
  /** Called after each answer with how many there were. */
  readonly answered?: (count: number) => void
}

const clientCount = 8
/** On both sides of what goes into a file of its own, of a chunk, and of what is packed. */
const sizes = [0, 300, 5_000, 20_000, 65_536, 65_537, 150_000, 400_000, 1_048_576, 1_300_000]
const mostPinnedBytes = 4 * 1024 * 1024
const movingCount = 3
const rangeSizeBytes = 500_000

/** Clients ask without a break, until so many answers came or the daemon is dead. Answers what was wrong. */
export async function runLoad(load: CrashLoad): Promise<string[]> {
  const wrong: string[] = []
  let count = 0
  let answeredCount = 0
  const { daemon, originUrl, promises } = load
  const get = async (path: string, headers: Record<string, string> = {}): Promise<ProxiedAnswer | undefined> => {
    // What moves is asked for by its mover alone, so that each line of the log is about his last request.
    if (!path.startsWith('/moving/')) promises.touched.add(path)
    count += 1
    const answer = await ask(daemon.port, originUrl + path, { headers }).catch(() => undefined)
    const found = answer === undefined ? undefined : wrongIn(path, answer)
    if (found !== undefined) wrong.push(found)
    answeredCount += 1
    load.answered?.(answeredCount)
    return answer
  }
  const client = async (work: (turn: number) => Promise<unknown>): Promise<void> => {
    for (let turn = 0; count < load.requestCount && !daemon.isDead; turn++) await work(turn)
  }
  const movers = Array.from({ length: movingCount }, (_, mover) => client(() => move(load, get, mover)))
  const others = Array.from({ length: clientCount - movingCount }, () => client((turn) => fetchSome(load, get, turn)))
  await Promise.all([...movers, ...others, client(() => pinSome(load, get))])
  return wrong
}

type Get = (path: string, headers?: Record<string, string>) => Promise<ProxiedAnswer | undefined>

/** Content that changes: the version that came is acknowledged with the line about its request, since nobody else asks for it. */
async function move({ daemon, originUrl, promises }: CrashLoad, get: Get, mover: number): Promise<void> {
  const path = pathOf('moving', mover % 2 === 0 ? 9_000 : 90_000, `mover-${mover}`)
  const line = daemon.nextLine(originUrl + path)
  const answer = await get(path, { 'Cache-Control': 'no-cache' })
  const logged = await line
  if (answer?.complete && logged?.stored === 'yes') promises.acknowledge(path, Number(answer.headers.version))
}

async function fetchSome({ nextNumber, promises }: CrashLoad, get: Get, turn: number): Promise<void> {
  const kind: ContentKind = turn % 4 === 3 ? 'text' : 'fixed'
  if (turn % 5 === 4) {
    const known = [...promises.touched]
    if (known.length > 0) await get(known[randomInt(known.length)]!)
  } else if (turn % 7 === 6) {
    const path = pathOf(kind, rangeSizeBytes, `${nextNumber()}`)
    const first = randomInt(rangeSizeBytes - 1)
    await get(path, { Range: `bytes=${first}-${randomInt(first, rangeSizeBytes)}` })
    if (turn % 2 === 0) await get(path)
  } else await get(pathOf(kind, sizes[randomInt(sizes.length)]!, `${nextNumber()}`))
}

/** Stores, waits for the acknowledgement, pins: that must be there for ever. */
async function pinSome({ daemon, originUrl, promises, nextNumber }: CrashLoad, get: Get): Promise<void> {
  const path = pathOf('fixed', sizes[randomInt(sizes.length)]!, `${nextNumber()}`)
  const line = daemon.nextLine(originUrl + path)
  await get(path)
  const logged = await line
  if (logged?.stored !== 'yes' || promises.pinnedBytes + sizeOf(path) > mostPinnedBytes) return
  const answer = await daemon.admin('POST', '/v1/pin', { url: originUrl + path, pinned: true }).catch(() => undefined)
  // It may have been evicted in between.
  if (!Array.isArray(answer?.changed) || answer.changed.length === 0) return
  promises.pinned.add(path)
  promises.pinnedBytes += sizeOf(path)
}
