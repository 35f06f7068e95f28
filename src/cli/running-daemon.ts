import { setTimeout as delay } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import type { Settings } from '../config/settings.ts'
import type { TotalsSnapshot } from '../observe/totals.ts'
import { AdminClient } from './admin-client.ts'
import { CommandFailure, exitCodes } from './exit-codes.ts'
import { difference } from './figures.ts'

const settlePollMs = 50
const mostPolls = 20

/** The daemon at the admin address, with the figures of the time from now on; `undefined` when none answers, or one that is stopping. */
export async function useRunningDaemon(
  settings: Settings,
): Promise<{ client: AdminClient; offline: boolean; finish(): Promise<TotalsSnapshot | undefined> } | undefined> {
  const client = new AdminClient(settings)
  try {
    const { reasons, offline } = await client.status()
    if (reasons?.includes('stopping')) return undefined
    const before = await statsOf(client)
    return { client, offline: offline === true, finish: () => settledStats(client, before).catch(() => undefined) }
  } catch (error) {
    if (error instanceof CommandFailure && error.exitCode === exitCodes.unavailable) return undefined
    throw error
  }
}

/** A response counts once it is durable, a moment after the client has it. */
async function settledStats(client: AdminClient, before: TotalsSnapshot): Promise<TotalsSnapshot> {
  let last = await statsOf(client)
  for (let poll = 0; poll < mostPolls; poll++) {
    await delay(settlePollMs)
    const now = await statsOf(client)
    if (isDeepStrictEqual(now, last)) break
    last = now
  }
  return difference(last, before)
}

async function statsOf(client: AdminClient): Promise<TotalsSnapshot> {
  return (await client.getJson('/v1/stats')) as TotalsSnapshot
}
