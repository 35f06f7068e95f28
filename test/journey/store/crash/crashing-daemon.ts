import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { setTimeout as pause } from 'node:timers/promises'

/** A line of the access log, as far as it matters here. */
export interface LoggedExchange {
  readonly url: string
  readonly status: number
  readonly stored?: string
}

export interface CrashingDaemonOptions {
  /** What is run: Node with the program's file. */
  readonly program: readonly string[]
  /** Words before the program, as of strace. */
  readonly tracer?: readonly string[]
  readonly dataFolder: string
  readonly homeFolder: string
  readonly quota: string
  /** Called for each line of the access log that came out. */
  readonly logged: (exchange: LoggedExchange) => void
}

const longestWaitMs = 60_000

/** `larder serve` as a process that may be killed at any time. */
export class CrashingDaemon {
  readonly #child: ChildProcess
  readonly #socket: string
  readonly #logged: CrashingDaemonOptions['logged']
  readonly #waiting = new Map<string, ((exchange: LoggedExchange | undefined) => void)[]>()
  /** Resolves when it has ended and all that it wrote was read. */
  readonly ended: Promise<void>
  isDead = false
  /** By a signal that cannot be handled. */
  wasKilled = false
  said = ''
  port = 0

  constructor({ program, tracer = [], dataFolder, homeFolder, quota, logged }: CrashingDaemonOptions) {
    this.#logged = logged
    this.#socket = join(homeFolder, 'run', 'admin.sock')
    mkdirSync(join(homeFolder, 'run'), { recursive: true, mode: 0o700 })
    const [command, ...words] = [
      ...tracer,
      ...program,
      ...['serve', '--listen', '127.0.0.1:0', '--admin', `unix:${this.#socket}`, '--data', dataFolder],
      ...['--ca-dir', join(homeFolder, 'ca'), '--allow-address', '127.0.0.0/8', '--quota', quota],
      ...['--memory', '1MiB', '--retry-attempts', '1', '--idle-timeout', '60s'],
    ]
    this.#child = spawn(command!, words, {
      env: { HOME: homeFolder, PATH: process.env.PATH!, TMPDIR: homeFolder },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.ended = this.#readAll()
  }

  get pid(): number {
    return this.#child.pid!
  }

  /** Resolves with `false` when it died before it listened. */
  async ready(): Promise<boolean> {
    await this.#within('listen', () => this.port > 0)
    return !this.isDead
  }

  kill(signal: NodeJS.Signals = 'SIGKILL'): void {
    this.#child.kill(signal)
  }

  /** From now on strace, given with its options, follows all threads. */
  async attach([tracer, ...words]: readonly string[]): Promise<void> {
    const strace = spawn(tracer!, [...words, '-p', String(this.pid)], { stdio: ['ignore', 'ignore', 'pipe'] })
    for await (const line of createInterface({ input: strace.stderr! })) {
      if (/attached/.test(line)) break
    }
    strace.stderr!.resume()
  }

  /** Resolves with `false` when it does not die within a minute: whoever lost a connection lost it to a living daemon. */
  async diesSoon(): Promise<boolean> {
    return Promise.race([this.ended.then(() => true), pause(longestWaitMs, false, { ref: false })])
  }

  /** The next line about this URL; `undefined`: the daemon died before. */
  nextLine(url: string): Promise<LoggedExchange | undefined> {
    if (this.isDead) return Promise.resolve(undefined)
    return new Promise((resolve) => this.#waiting.set(url, [...(this.#waiting.get(url) ?? []), resolve]))
  }

  /** Asks the admin API; rejects when that is not answered with 200. */
  async admin(method: string, path: string, body?: object): Promise<Record<string, unknown>> {
    const asked = request({ socketPath: this.#socket, path, method, headers: { 'Content-Type': 'application/json' } })
    asked.end(body === undefined ? undefined : JSON.stringify(body))
    const [response] = await once(asked, 'response')
    const said = await text(response)
    if (response.statusCode !== 200) throw new Error(`${method} ${path}: ${response.statusCode} ${said}`)
    return said === '' ? {} : JSON.parse(said)
  }

  async #within(what: string, isDone: () => boolean): Promise<void> {
    const lastMs = performance.now() + longestWaitMs
    while (!isDone() && !this.isDead) {
      if (performance.now() > lastMs) throw new Error(`the daemon does not ${what}: ${this.said}`)
      await pause(5)
    }
  }

  async #readAll(): Promise<void> {
    const { stdout, stderr } = this.#child
    createInterface({ input: stdout! }).on('line', (line) => this.#readLine(line))
    stderr!.setEncoding('utf8').on('data', (said: string) => {
      this.said = (this.said + said).slice(-10_000)
      this.port ||= Number(/listening on 127\.0\.0\.1:(\d+)/.exec(this.said)?.[1] ?? 0)
    })
    const [, signal] = await once(this.#child, 'close')
    this.wasKilled = signal === 'SIGKILL'
    this.isDead = true
    for (const resolve of [...this.#waiting.values()].flat()) resolve(undefined)
  }

  #readLine(line: string): void {
    // The last one may be cut by the end of the process.
    if (!line.endsWith('}')) return
    const exchange = JSON.parse(line) as LoggedExchange
    this.#logged(exchange)
    const waiting = this.#waiting.get(exchange.url) ?? []
    this.#waiting.delete(exchange.url)
    for (const resolve of waiting) resolve(exchange)
  }
}
