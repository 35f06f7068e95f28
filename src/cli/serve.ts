import { passedSockets } from '../app/activation.ts'
import { type Daemon, startDaemon } from '../app/daemon.ts'
import { makeStringMethodsFast } from '../app/fast-strings.ts'
import { keepHeapModest } from '../app/modest-heap.ts'
import { openServiceManager } from '../app/service-manager.ts'
import type { LarderEvent } from '../base/events.ts'
import { Fault } from '../base/faults.ts'
import { forgetServiceManager } from '../config/environment.ts'
import { addressText, adminText } from '../config/setting-texts.ts'
import type { HostPort, Settings } from '../config/settings.ts'
import { Totals } from '../observe/totals.ts'
import { type Command, settingsOf } from './command.ts'
import { exitCodes } from './exit-codes.ts'
import { listenOwner } from './listen-owner.ts'
import type { Terminal } from './terminal.ts'
import { trustNote } from './trust-notes.ts'

const mostUnexpected = 20
const unexpectedWindowMs = 60_000

/** `larder serve`: the daemon in the foreground, until SIGTERM, SIGINT, or the end of the `larder run` that started it. */
export const serve: Command = async (context) => {
  const { terminal, environment } = context
  const { settings, origins } = settingsOf(context)
  const sockets = passedSockets(environment, process.pid)
  if (sockets !== undefined && origins.listen !== 'initial')
    terminal.note(`larder: listen (${origins.listen}) is not used: the sockets were passed`)
  forgetServiceManager()
  // A private daemon tells the `larder run` that started it what it did, when everything has ended.
  const totals = new Totals()
  const observe = (event: LarderEvent): void => {
    if (process.connected) totals.observe(event)
    const note = trustNote(event, environment)
    if (note !== undefined) terminal.note(`larder: ${note}`)
  }
  const daemon = await startDaemon(settings, { sockets, observe, note: (text) => terminal.note(text) }).catch(
    (error: unknown) => {
      throw withOwner(error, settings)
    },
  )
  keepHeapModest()
  makeStringMethodsFast()
  const ended = untilToldToStop()
  const failed = outliveMistakes(terminal)
  process.on('SIGHUP', () => daemon.reopenLog())
  greet(daemon, terminal)
  const manager = openServiceManager({
    environment: context.environment,
    pid: process.pid,
    onFailure: (reason) => terminal.note(`larder: ${reason}`),
  })
  manager.ready(`listening on ${daemon.listening.map(addressText).join(', ')}`)
  const idle = daemon.idle.then(() => {
    terminal.note('larder: nothing was asked for a while, so this daemon ends')
    return exitCodes.done
  })
  const exitCode = await Promise.race([ended, failed, idle])
  manager.stopping('finishing what runs')
  await daemon.stop()
  if (process.connected) await new Promise((resolve) => process.send!(totals.snapshot(), resolve))
  return exitCode
}

function greet(daemon: Daemon, terminal: Terminal): void {
  for (const address of daemon.listening) {
    terminal.note(`larder: listening on ${addressText(address)} (http_proxy=http://${addressText(address)})`)
  }
  terminal.note(`larder: admin at ${adminText(daemon.admin)}`)
  if (daemon.authority === undefined) {
    terminal.note('larder: no CA, so https passes through unread and uncached. Make one: larder ca init')
  } else {
    terminal.note(`larder: CA ${daemon.authority.files.certificateFile}; use it: larder run -- COMMAND`)
  }
}

/** SIGTERM and SIGINT; and for a private daemon the end of its parent, whatever ended it. */
function untilToldToStop(): Promise<number> {
  return new Promise((resolve) => {
    const stop = (): void => resolve(exitCodes.done)
    process.once('SIGTERM', stop)
    process.once('SIGINT', stop)
    process.once('disconnect', stop)
  })
}

/**
 * A mistake in one exchange must not take down those of everybody else: nothing is shared between exchanges but the store,
 * which accepts only content whose digest was checked, and flights, which fail as a whole. So the daemon says what happened
 * and lives on. Many mistakes within a minute mean that something lasting is broken: then it stops, and whoever
 * supervises it starts a fresh one, which finds everything that was stored.
 */
function outliveMistakes(terminal: Terminal): Promise<number> {
  return new Promise((resolve) => {
    let recent = 0
    const onMistake = (error: unknown): void => {
      terminal.failure(new Fault('INTERNAL_UNEXPECTED', messageOf(error), { cause: error }))
      terminal.note(error instanceof Error ? (error.stack ?? '') : '')
      recent++
      setTimeout(() => recent--, unexpectedWindowMs).unref()
      if (recent >= mostUnexpected) resolve(exitCodes.failed)
    }
    // In place of the handler that ends other commands. A rejection that nobody handles arrives here as well.
    process.removeAllListeners('uncaughtException').on('uncaughtException', onMistake)
  })
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** A taken port is told with its owner. */
function withOwner(error: unknown, { listen, admin }: Settings): unknown {
  if (!(error instanceof Fault) || error.code !== 'LISTEN_FAILED') return error
  const ports = [...listen, ...('path' in admin ? [] : [admin])].map(({ port }: HostPort) => port)
  const taken = ports.find((port) => port !== 0 && error.message.includes(String(port)))
  const owner = error.message.includes('EADDRINUSE') && taken !== undefined ? listenOwner(taken) : undefined
  if (owner === undefined) return error
  return new Fault('LISTEN_FAILED', `${error.message}, taken by ${owner}`, { cause: error })
}
