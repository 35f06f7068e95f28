import { type ChildProcess, spawn } from 'node:child_process'
import { alertTargetName, type CommandTarget } from '../config/alert-targets.ts'
import type { Environment } from '../config/environment.ts'
import { type Alert, AlertFailure, type AlertSink } from './alert-sink.ts'
import { documentOf } from './webhook-shapes.ts'

/** What the command sees of the daemon's variables: those of the configuration may be secrets. */
const passedOn = ['PATH', 'HOME', 'LANG', 'LC_ALL', 'TZ', 'TMPDIR']

/** Starts a program for each message, which reads the JSON from its standard input. What it prints is dropped. No shell. */
export class CommandAlertSink implements AlertSink {
  readonly name: string
  readonly #words: readonly string[]
  readonly #environment: Record<string, string>

  constructor(target: CommandTarget, environment: Environment) {
    this.name = alertTargetName(target)
    this.#words = target.words
    const variables = passedOn.map((name) => [name, environment[name]])
    this.#environment = Object.fromEntries(variables.filter(([, value]) => value !== undefined))
  }

  /** A command that does not end before `signal` is killed, with everything that it started. */
  send(alert: Alert, signal: AbortSignal): Promise<void> {
    const [program, ...args] = this.#words
    return new Promise((resolve, reject) => {
      const child = spawn(program!, args, {
        env: this.#environment,
        stdio: ['pipe', 'ignore', 'ignore'],
        shell: false,
        detached: true,
        windowsHide: true,
      })
      const kill = (): void => killGroup(child)
      signal.addEventListener('abort', kill, { once: true })
      child.once('error', (error: NodeJS.ErrnoException) => {
        signal.removeEventListener('abort', kill)
        reject(new AlertFailure(error.code ?? 'it cannot be started'))
      })
      child.once('exit', (code, by) => {
        signal.removeEventListener('abort', kill)
        if (code === 0) resolve()
        else reject(new AlertFailure(by === null ? `exited with ${code}` : `killed by ${by}`))
      })
      // A command may end without reading what it was told.
      child.stdin!.on('error', () => undefined)
      child.stdin!.end(`${JSON.stringify(documentOf(alert))}\n`)
      if (signal.aborted) kill()
    })
  }
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return
  try {
    process.kill(-child.pid, 'SIGKILL')
  } catch {
    // It has ended by itself.
  }
}
