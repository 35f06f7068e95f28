import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { optionRows } from '../config/options.ts'
import type { Settings } from '../config/settings.ts'
import type { TotalsSnapshot } from '../observe/totals.ts'
import { AdminClient } from './admin-client.ts'
import type { CommandContext } from './command.ts'
import { DaemonHolder } from './daemon-holder.ts'
import { CommandFailure, exitCodes } from './exit-codes.ts'
import { LastingDaemon } from './lasting-daemon.ts'

export interface PrivateDaemon {
  readonly client: AdminClient
  /** The data folder was in use, so this one began with nothing stored. */
  readonly alone: boolean
  /** Answers what it did; `undefined` when it had died. */
  stop(): Promise<TotalsSnapshot | undefined>
}

/**
 * A daemon for one command: on a free port, with its admin socket in `folder`. It shares the data folder; when another
 * daemon holds that, it gets an empty one in `folder`, because a build that starts must not fail for want of a cache.
 * One that ends before it is told to is started again, on the same port and data. It ends with this process, however that
 * ends.
 */
export async function startPrivateDaemon(
  context: CommandContext,
  settings: Settings,
  folder: string,
): Promise<PrivateDaemon> {
  const first = await tryStart(context, settings, join(folder, 'daemon'), {})
  if (!('failed' in first)) return { ...first, alone: false }
  if (!first.failed.includes('STORE_IN_USE')) throw notStarted(first.failed)
  const second = await tryStart(context, settings, join(folder, 'daemon'), { data: [join(folder, 'data')] })
  if (!('failed' in second)) return { ...second, alone: true }
  throw notStarted(second.failed)
}

type Started = Omit<PrivateDaemon, 'alone'> | { readonly failed: string }

async function tryStart(
  { flags, environment, terminal }: CommandContext,
  settings: Settings,
  folder: string,
  changes: Readonly<Record<string, readonly string[]>>,
): Promise<Started> {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const path = join(folder, 'admin.sock')
  const { listen: _, ...others } = flags
  const own = { admin: [`unix:${path}`], 'access-log': ['none'], 'idle-exit': ['never'], ...changes }
  const given = Object.entries({ ...others, ...own }).flatMap(([name, texts]) =>
    texts.map((text) => (isSwitch(name) ? `--${name}` : `--${name}=${text}`)),
  )
  const holder = await DaemonHolder.open(given, environment)
  const client = new AdminClient({ admin: { path }, dataFolder: settings.dataFolder })
  const lasting = new LastingDaemon(holder, client, (text) => terminal.note(`larder: ${text}`))
  if (await lasting.start()) return { client, stop: () => lasting.stop() }
  await lasting.stop()
  return { failed: holder.errors }
}

/** A flag without a value. */
function isSwitch(name: string): boolean {
  return optionRows.some((row) => row.name === name && row.kind === 'switch')
}

function notStarted(errors: string): CommandFailure {
  const message = `the private daemon did not start:\n${errors.trimEnd()}`
  return new CommandFailure(exitCodes.unavailable, message, 'Look at what it said; larder serve says the same.')
}
