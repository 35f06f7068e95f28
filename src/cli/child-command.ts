import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { exitCodes } from './exit-codes.ts'
import type { Terminal } from './terminal.ts'

const notFound = 127
const notExecutable = 126
const signalBase = 128

/** Runs a command with our standard streams; answers its status, and 128 + n for signal n, as shells do. */
export function runChild(
  [command, ...rest]: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
  terminal: Terminal,
): Promise<number> {
  return new Promise((resolve) => {
    const child = spawn(command!, rest, { env: { ...environment }, stdio: 'inherit' })
    const stopForwarding = forwardSignals((signal) => child.kill(signal))
    child.on('error', (error: NodeJS.ErrnoException) => {
      stopForwarding()
      terminal.note(`larder: cannot run ${command}: ${error.code}`)
      resolve(error.code === 'ENOENT' ? notFound : notExecutable)
    })
    child.on('exit', (code, signal) => {
      stopForwarding()
      resolve(signal === null ? (code ?? exitCodes.failed) : signalStatus(signal))
    })
  })
}

/** The exit status that stands for a signal. */
export function signalStatus(signal: NodeJS.Signals): number {
  return signalBase + constants.signals[signal]
}

/** A terminal sends Ctrl-C and Ctrl-\ to the command itself; all other signals come to us alone and are passed on. */
function forwardSignals(send: (signal: NodeJS.Signals) => void): () => void {
  const signals: readonly NodeJS.Signals[] = ['SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGHUP', 'SIGUSR2']
  const ofTerminal: readonly string[] = process.stdin.isTTY === true ? ['SIGINT', 'SIGQUIT'] : []
  const forward = (signal: NodeJS.Signals): void => {
    if (!ofTerminal.includes(signal)) send(signal)
  }
  for (const signal of signals) process.on(signal, forward)
  return () => {
    for (const signal of signals) process.off(signal, forward)
  }
}
