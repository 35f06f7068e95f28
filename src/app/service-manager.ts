import { type ChildProcess, spawn } from 'node:child_process'
import type { Environment } from '../config/environment.ts'

/** Whoever supervises the daemon, told how it does (sd_notify(3)); nobody when NOTIFY_SOCKET is not set. */
export interface ServiceManager {
  /** Everything listens. From now on the watchdog, where there is one, hears of us. */
  ready(status: string): void
  /** Nobody new is accepted. */
  stopping(reason: string): void
}

export interface ServiceManagerOptions {
  readonly environment: Environment
  readonly pid: number
  /** Hears once why the manager cannot be told. */
  readonly onFailure: (reason: string) => void
  /** The program of systemd that writes to the socket: Node has no unix datagrams. */
  readonly program?: string
}

const notifiesPerWatchdogPeriod = 3
const microsecondsPerMs = 1000

export function openServiceManager(options: ServiceManagerOptions): ServiceManager {
  if (!options.environment.NOTIFY_SOCKET) return { ready: () => undefined, stopping: () => undefined }
  const notifier = new Notifier(options)
  return {
    ready: (status) => {
      notifier.tell('READY=1', `STATUS=${status}`)
      notifier.watch()
    },
    stopping: (reason) => notifier.tell('STOPPING=1', `STATUS=${reason}`),
  }
}

class Notifier {
  readonly #options: ServiceManagerOptions
  #failed = false
  /** The notification of the watchdog that is under way. */
  #watching: ChildProcess | undefined

  constructor(options: ServiceManagerOptions) {
    this.#options = options
  }

  /** That this timer fires is what the watchdog wants to know. */
  watch(): void {
    const { WATCHDOG_USEC, WATCHDOG_PID } = this.#options.environment
    if (!/^[1-9]\d*$/.test(WATCHDOG_USEC ?? '')) return
    if (WATCHDOG_PID !== undefined && WATCHDOG_PID !== String(this.#options.pid)) return
    const periodMs = Number(WATCHDOG_USEC) / microsecondsPerMs
    setInterval(() => {
      if (this.#watching !== undefined) return
      this.#watching = this.tell('WATCHDOG=1')
      this.#watching.once('close', () => {
        this.#watching = undefined
      })
    }, periodMs / notifiesPerWatchdogPeriod).unref()
  }

  tell(...assignments: string[]): ChildProcess {
    const { environment, program = 'systemd-notify' } = this.#options
    const env = { PATH: environment.PATH, NOTIFY_SOCKET: environment.NOTIFY_SOCKET }
    const child = spawn(program, assignments, { env, stdio: 'ignore' })
    child.once('error', (error: NodeJS.ErrnoException) => this.#fail(`${program}: ${error.code}`))
    child.once('exit', (code, signal) => {
      if (code !== 0) this.#fail(`${program} ended with ${signal ?? code}`)
    })
    child.unref()
    return child
  }

  #fail(reason: string): void {
    if (this.#failed) return
    this.#failed = true
    this.#options.onFailure(`the service manager cannot be told how we do: ${reason}`)
  }
}
