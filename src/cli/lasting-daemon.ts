import { setTimeout as delay } from 'node:timers/promises'
import type { TotalsSnapshot } from '../observe/totals.ts'
import type { AdminClient } from './admin-client.ts'
import type { DaemonHolder } from './daemon-holder.ts'

const startTimeoutMs = 30_000
const pollMs = 25
const stopTimeoutMs = 35_000
/** What a build asks for may be what ends it. */
const mostRestarts = 10
const signalBase = 128

/** A daemon that is started again when it ends before it is told to: on the same socket, with the same words. */
export class LastingDaemon {
  readonly #holder: DaemonHolder
  readonly #client: AdminClient
  readonly #note: (text: string) => void
  #ended: Promise<number> = Promise.resolve(0)
  #lasting: Promise<void> = Promise.resolve()
  #isStopping = false

  constructor(holder: DaemonHolder, client: AdminClient, note: (text: string) => void) {
    this.#holder = holder
    this.#client = client
    this.#note = note
  }

  /** Answers whether it is ready; if so, it is kept running from now on. */
  async start(): Promise<boolean> {
    const isReady = await this.#startOne()
    if (isReady) this.#lasting = this.#last()
    return isReady
  }

  /** Answers what it did since its last start; `undefined` when it could not tell. */
  async stop(): Promise<TotalsSnapshot | undefined> {
    this.#isStopping = true
    await this.#holder.signal('SIGTERM')
    const timer = setTimeout(() => void this.#holder.signal('SIGKILL'), stopTimeoutMs)
    await this.#ended
    clearTimeout(timer)
    await this.#lasting
    return await this.#holder.close()
  }

  async #startOne(): Promise<boolean> {
    let isOver = false
    this.#ended = this.#holder.runDaemon().finally(() => {
      isOver = true
    })
    for (let waitedMs = 0; waitedMs < startTimeoutMs && !isOver; waitedMs += pollMs) {
      const isReady = await this.#client.getJson('/readyz').then(
        () => true,
        () => false,
      )
      if (isReady) return true
      await Promise.race([this.#ended, delay(pollMs)])
    }
    return false
  }

  async #last(): Promise<void> {
    for (let restartCount = 0; ; restartCount++) {
      const status = await this.#ended
      if (this.#isStopping) return
      const how = status > signalBase ? `by signal ${status - signalBase}` : `with status ${status}`
      if (restartCount === mostRestarts) {
        this.#note(`the daemon ended ${how} once more, and is not started again`)
        break
      }
      this.#note(`the daemon ended ${how} and is started again; the figures count from now`)
      if (await this.#startOne()) continue
      if (!this.#isStopping) this.#note(`the daemon did not start again:\n${this.#holder.errors.trimEnd()}`)
      break
    }
    // Refused at once is better than waiting for nobody.
    if (!this.#isStopping) await this.#holder.close()
  }
}
