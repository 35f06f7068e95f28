import { existsSync, readdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { layoutOf } from '../../../../src/store/layout.ts'
import { ask } from '../../../support/proxy-client.ts'
import type { CrashingDaemon } from './crashing-daemon.ts'
import { type Promises, wrongIn } from './promises.ts'

export interface CrashCheck {
  readonly daemon: CrashingDaemon
  readonly dataFolder: string
  readonly originUrl: string
  readonly promises: Promises
  /** May what is not pinned have been evicted? */
  readonly evicts: boolean
}

const clientCount = 6
const fast = 1e12
const pollMs = 20
/** Looks at a daemon that was started after a crash; answers what is not as it was promised. Rejects when the daemon dies. */
export async function checkAfterCrash(check: CrashCheck): Promise<string[]> {
  const wrong: string[] = [...strayFiles(check.dataFolder)]
  const left = [...check.promises.stored.keys()]
  const one = async (): Promise<void> => {
    for (let path = left.pop(); path !== undefined; path = left.pop()) wrong.push(...(await checkStored(check, path)))
  }
  await Promise.all(Array.from({ length: clientCount }, one))
  wrong.push(...(await verifyAll(check)))
  return wrong
}

/** At the first moment: nothing that interrupted work left. */
function strayFiles(folder: string): string[] {
  const staging = readdirSync(join(folder, 'tmp')).map((name) => `tmp/${name}`)
  const layout = new Set(Object.values(layoutOf(folder)).map((path) => basename(path)))
  // SQLite has files beside its own.
  const unknown = readdirSync(folder).filter((name) => !layout.has(name.replace(/-(?:wal|shm)$/, '')))
  return [...staging, ...unknown].map((name) => `left behind: ${name}`)
}

async function checkStored({ daemon, originUrl, promises, evicts }: CrashCheck, path: string): Promise<string[]> {
  const url = originUrl + path
  const stored = await ask(daemon.port, url, { headers: { 'Cache-Control': 'only-if-cached' } })
  if (!stored.complete) return lost(path, 'the answer was cut short')
  if (stored.status === 200) {
    const version = promises.stored.get(path)!
    const wrong = wrongIn(path, stored)
    if (wrong !== undefined) return [wrong]
    return Number(stored.headers.version) >= version
      ? []
      : lost(path, `version ${version}, ${stored.headers.version} is there`)
  }
  if (stored.status !== 504) return lost(path, `answered with ${stored.status}`)
  if (!evicts || promises.pinned.has(path)) return lost(path, 'not there')
  promises.stored.delete(path)
  const fetched = await ask(daemon.port, url)
  if (fetched.status !== 200 || !fetched.complete) return lost(path, `not fetched again: ${fetched.status}`)
  const wrong = wrongIn(path, fetched)
  return wrong === undefined ? [] : [wrong]
}

function lost(path: string, how: string): string[] {
  return [`acknowledged but lost: ${path}: ${how}`]
}

/** `larder verify` finds nothing damaged, nothing was set aside, and the store is ready. */
async function verifyAll({ daemon, dataFolder }: CrashCheck): Promise<string[]> {
  await daemon.admin('POST', '/v1/verify', { bytesPerSecond: fast })
  let state = await daemon.admin('GET', '/v1/verify')
  while (state.isRunning === true) {
    await pause(pollMs)
    state = await daemon.admin('GET', '/v1/verify')
  }
  const wrong: string[] = []
  if (state.damagedCount !== 0 || state.share !== 1) wrong.push(`verify: ${JSON.stringify(state)}`)
  const quarantine = join(dataFolder, 'quarantine')
  if (existsSync(quarantine)) wrong.push(...readdirSync(quarantine).map((name) => `set aside: ${name}`))
  await daemon.admin('GET', '/readyz').catch((error: Error) => wrong.push(error.message))
  return wrong
}
