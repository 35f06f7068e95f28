import { chmodSync, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Settings } from '../config/settings.ts'
import type { TotalsSnapshot } from '../observe/totals.ts'
import type { AdminClient } from './admin-client.ts'
import { runChild, signalStatus } from './child-command.ts'
import { prepareClients } from './client-files.ts'
import { type Command, type CommandContext, settingsOf } from './command.ts'
import { proxyUrlOf } from './env.ts'
import { CommandFailure, exitCodes } from './exit-codes.ts'
import { figureLines } from './figures.ts'
import { startPrivateDaemon } from './private-daemon.ts'
import { useRunningDaemon } from './running-daemon.ts'
import { fixFor } from './trust-notes.ts'

/** A daemon that a run goes through. */
export interface UsedDaemon {
  readonly client: AdminClient
  /** What the user should know about it. */
  readonly remark?: string | undefined
  /** Lets go of it; answers what it did for this run, `undefined` when it is gone. */
  finish(): Promise<TotalsSnapshot | undefined>
}

/** `larder run -- COMMAND…`: runs it through the daemon, or through a private one, and exits with its status. */
export const run: Command<[words: readonly string[]]> = async (context, words) => {
  const { settings } = settingsOf(context)
  const folder = mkdtempSync(join(tmpdir(), 'larder-run-'))
  // apt reads what we write here as another user.
  chmodSync(folder, 0o755)
  const interrupted = noteInterruption()
  try {
    const daemon = (await useRunning(settings)) ?? (await usePrivateDaemon(context, settings, folder))
    return await runThrough(context, daemon, join(folder, 'clients'), words, interrupted)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** One that asks origins is not for who wants none asked. */
async function useRunning(settings: Settings): Promise<UsedDaemon | undefined> {
  const daemon = await useRunningDaemon(settings)
  if (daemon === undefined || daemon.offline === settings.offline) return daemon
  if (daemon.offline) return { ...daemon, remark: 'the daemon is offline: it asks no origin' }
  const message = 'a daemon is running that asks origins, and --offline wants none of them asked'
  throw new CommandFailure(exitCodes.unavailable, message, 'Stop it, or start it with --offline.')
}

async function usePrivateDaemon(context: CommandContext, settings: Settings, folder: string): Promise<UsedDaemon> {
  if (!existsSync(join(settings.caFolder, 'ca.pem'))) await makeCa(settings)
  const { client, alone, stop } = await startPrivateDaemon(context, settings, folder)
  const remark = alone ? `another Larder uses ${settings.dataFolder}, so this run began with nothing stored` : undefined
  return { client, remark, finish: stop }
}

/** Another run may be making it at the same time: then that one serves both. */
async function makeCa(settings: Settings): Promise<void> {
  const { makeAuthority } = await import('../app/make-authority.ts')
  try {
    makeAuthority(settings)
  } catch (error) {
    if (!existsSync(join(settings.caFolder, 'ca.pem'))) throw error
  }
}

async function runThrough(
  context: CommandContext,
  daemon: UsedDaemon,
  folder: string,
  words: readonly string[],
  interrupted: () => NodeJS.Signals | undefined,
): Promise<number> {
  const { environment, terminal } = context
  let totals: TotalsSnapshot | undefined
  const remarks: (string | undefined)[] = [daemon.remark]
  let exitCode: number = exitCodes.failed
  try {
    const caPem = await daemon.client.caPem()
    if (caPem === undefined) remarks.push('the daemon has no CA, so https was not cached')
    const proxyUrl = proxyUrlOf(await daemon.client.status())
    const { variables, java } = await prepareClients({ proxyUrl, caPem, folder, environment })
    if (java.kind === 'none') remarks.push(java.reason)
    const signal = interrupted()
    if (signal !== undefined) return signalStatus(signal)
    exitCode = await runChild(words, { ...environment, ...variables }, terminal)
  } finally {
    totals = await daemon.finish()
  }
  for (const remark of remarks) if (remark !== undefined) terminal.note(`larder: ${remark}`)
  summarize(totals, context)
  return exitCode
}

/** The first signal of each kind does not end us, so that we clean up behind ourselves; the second one does. */
function noteInterruption(): () => NodeJS.Signals | undefined {
  let seen: NodeJS.Signals | undefined
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => {
      seen = signal
    })
  }
  return () => seen
}

function summarize(totals: TotalsSnapshot | undefined, { terminal, json, environment }: CommandContext): void {
  if (totals === undefined) terminal.note('larder: the daemon is gone, there are no figures')
  else if (json) terminal.note(JSON.stringify(totals))
  else if (totals.exchanges === 0)
    terminal.note('larder: nothing was asked of the proxy (or no_proxy, or a setting of the tool, led past it)')
  else for (const line of figureLines(totals)) terminal.note(`larder: ${line}`)
  if (totals === undefined || json) return
  const refusing = Object.entries(totals.refusedBy).filter(([, count]) => count > 0)
  for (const name of new Set(refusing.map(([pair]) => pair.replace(/ to .*/, '')))) {
    terminal.note(`larder: to make it trust the CA: ${fixFor(name, environment)} (larder doctor writes the files)`)
  }
}
