import { spawn } from 'node:child_process'
import { chmodSync, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { constants, tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Settings } from '../config/settings.ts'
import type { TotalsSnapshot } from '../observe/totals.ts'
import { AdminClient, type DaemonStatus } from './admin-client.ts'
import { type PreparedClients, prepareClients } from './client-files.ts'
import { type Command, type CommandContext, settingsOf } from './command.ts'
import { proxyUrlOf } from './env.ts'
import { CommandFailure, exitCodes } from './exit-codes.ts'
import { difference, figureLines } from './figures.ts'
import { startPrivateDaemon } from './private-daemon.ts'
import type { Terminal } from './terminal.ts'

const notFound = 127
const notExecutable = 126
const signalBase = 128

/** A daemon to use, and what to do with it afterwards. */
interface UsedDaemon {
  readonly client: AdminClient
  readonly remark: string | undefined
  stop(): Promise<void>
}

/** `larder run -- COMMAND…`: runs it through the daemon, or through a private one, and exits with its status. */
export const run: Command<[words: readonly string[]]> = async (context, words) => {
  const { settings } = settingsOf(context)
  const folder = mkdtempSync(join(tmpdir(), 'larder-run-'))
  // apt reads what we write here as another user.
  chmodSync(folder, 0o755)
  try {
    const daemon = await useDaemon(context, settings, folder)
    try {
      return await runThrough(context, daemon, join(folder, 'clients'), words)
    } finally {
      await daemon.stop()
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function useDaemon(context: CommandContext, settings: Settings, folder: string): Promise<UsedDaemon> {
  const client = new AdminClient(settings)
  const running = await client.status().catch((error: unknown) => {
    if (error instanceof CommandFailure && error.exitCode === exitCodes.unavailable) return undefined
    throw error
  })
  if (running !== undefined && !isStopping(running)) return { client, remark: undefined, stop: async () => undefined }
  if (!existsSync(join(settings.caFolder, 'ca.pem'))) await makeCa(settings)
  const started = await startPrivateDaemon(context, settings, folder)
  const remark = started.alone
    ? `another Larder uses ${settings.dataFolder}, so this run began with nothing stored`
    : undefined
  return { ...started, remark }
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

function isStopping({ reasons }: DaemonStatus): boolean {
  return reasons?.includes('stopping') === true
}

async function runThrough(
  context: CommandContext,
  { client, remark }: UsedDaemon,
  folder: string,
  words: readonly string[],
): Promise<number> {
  const { environment, terminal } = context
  const caPem = await client.caPem()
  const before = (await client.getJson('/v1/stats')) as TotalsSnapshot
  const clients = await prepareClients({ proxyUrl: proxyUrlOf(await client.status()), caPem, folder, environment })
  const exitCode = await runCommand(words, { ...environment, ...clients.variables }, terminal)
  if (caPem === undefined) terminal.note('larder: the daemon has no CA, so https was not cached')
  if (remark !== undefined) terminal.note(`larder: ${remark}`)
  await summarize(client, before, clients, context)
  return exitCode
}

/** The command's end is what counts: a daemon that is gone by then changes nothing. */
async function summarize(
  client: AdminClient,
  before: TotalsSnapshot,
  { java }: PreparedClients,
  { terminal, json }: CommandContext,
): Promise<void> {
  if (java.kind === 'none' && java.reason !== undefined) terminal.note(`larder: ${java.reason}`)
  try {
    const totals = difference((await client.getJson('/v1/stats')) as TotalsSnapshot, before)
    if (json) terminal.note(JSON.stringify(totals))
    else for (const line of figureLines(totals)) terminal.note(`larder: ${line}`)
  } catch {
    terminal.note('larder: the daemon is gone, there are no figures')
  }
}

/** Runs the command with our standard streams; answers its status, 128 + n for signal n, as shells do. */
function runCommand(
  [command, ...rest]: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  terminal: Terminal,
): Promise<number> {
  return new Promise((resolve) => {
    const child = spawn(command!, rest, { env, stdio: 'inherit' })
    const stopForwarding = forwardSignals((signal) => child.kill(signal))
    child.on('error', (error: NodeJS.ErrnoException) => {
      stopForwarding()
      terminal.note(`larder: cannot run ${command}: ${error.code}`)
      resolve(error.code === 'ENOENT' ? notFound : notExecutable)
    })
    child.on('exit', (code, signal) => {
      stopForwarding()
      resolve(signal === null ? (code ?? exitCodes.failed) : signalBase + constants.signals[signal])
    })
  })
}

/** A terminal sends Ctrl-C and Ctrl-\ to the command itself; all other signals come to us alone and are passed on. */
function forwardSignals(send: (signal: NodeJS.Signals) => void): () => void {
  const signals: readonly NodeJS.Signals[] = ['SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGHUP', 'SIGUSR2']
  const ofTerminal = process.stdin.isTTY === true ? ['SIGINT', 'SIGQUIT'] : []
  const forward = (signal: NodeJS.Signals): void => {
    if (!ofTerminal.includes(signal)) send(signal)
  }
  for (const signal of signals) process.on(signal, forward)
  return () => {
    for (const signal of signals) process.off(signal, forward)
  }
}
