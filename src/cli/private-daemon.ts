import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import { extname, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { optionRows } from '../config/options.ts'
import type { Settings } from '../config/settings.ts'
import type { TotalsSnapshot } from '../observe/totals.ts'
import { AdminClient } from './admin-client.ts'
import type { CommandContext } from './command.ts'
import { CommandFailure, exitCodes } from './exit-codes.ts'

export interface PrivateDaemon {
  readonly client: AdminClient
  /** The data folder was in use, so this one began with nothing stored. */
  readonly alone: boolean
  /** Answers what it did; `undefined` when it had died. */
  stop(): Promise<TotalsSnapshot | undefined>
}

const startTimeoutMs = 30_000
const pollMs = 25
const stopTimeoutMs = 35_000
const mostErrorText = 16_384

/** This program, as it runs: from sources or built, wherever it lies. */
const programFile = join(import.meta.dirname, '..', `main${extname(import.meta.filename)}`)

/**
 * A daemon for one command: on a free port, with its admin socket in `folder`. It shares the data folder; when another
 * daemon holds that, it gets an empty one in `folder`, because a build that starts must not fail for want of a cache.
 * It ends with this process, however that ends.
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
  { flags, environment }: CommandContext,
  settings: Settings,
  folder: string,
  changes: Readonly<Record<string, readonly string[]>>,
): Promise<Started> {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const path = join(folder, 'admin.sock')
  const own = {
    listen: ['127.0.0.1:0'],
    admin: [`unix:${path}`],
    'access-log': ['none'],
    'idle-exit': ['never'],
    ...changes,
  }
  const given = Object.entries({ ...flags, ...own }).flatMap(([name, texts]) =>
    texts.map((text) => (isSwitch(name) ? `--${name}` : `--${name}=${text}`)),
  )
  const child = spawn(process.execPath, [...process.execArgv, programFile, 'serve', ...given], {
    env: { ...environment },
    // Not of our process group: Ctrl-C is for the command, which may take its time to end. The channel ends with us.
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  })
  const errors = collectText(child)
  const client = new AdminClient({ admin: { path }, dataFolder: settings.dataFolder })
  const ended = once(child, 'exit').then(() => 'ended' as const)
  const state = await Promise.race([ended, untilReady(client)])
  if (state === 'ready') return { client, stop: () => stop(child) }
  if (state === 'late') await stop(child)
  return { failed: errors() }
}

/** A flag without a value. */
function isSwitch(name: string): boolean {
  return optionRows.some((row) => row.name === name && row.kind === 'switch')
}

async function untilReady(client: AdminClient): Promise<'ready' | 'late'> {
  for (let waitedMs = 0; waitedMs < startTimeoutMs; waitedMs += pollMs) {
    const ready = await client.getJson('/readyz').then(
      () => true,
      () => false,
    )
    if (ready) return 'ready'
    await delay(pollMs)
  }
  return 'late'
}

function collectText(child: ChildProcess): () => string {
  let text = ''
  child.stderr!.setEncoding('utf8').on('data', (more: string) => {
    text = (text + more).slice(-mostErrorText)
  })
  return () => text
}

async function stop(child: ChildProcess): Promise<TotalsSnapshot | undefined> {
  if (child.exitCode !== null || child.signalCode !== null) return undefined
  let totals: TotalsSnapshot | undefined
  child.on('message', (message) => {
    totals = message as TotalsSnapshot
  })
  const closed = once(child, 'close')
  child.kill('SIGTERM')
  const timer = setTimeout(() => child.kill('SIGKILL'), stopTimeoutMs)
  await closed
  clearTimeout(timer)
  return totals
}

function notStarted(errors: string): CommandFailure {
  const message = `the private daemon did not start:\n${errors.trimEnd()}`
  return new CommandFailure(exitCodes.unavailable, message, 'Look at what it said; larder serve says the same.')
}
