import type { Timers } from '../base/clock.ts'
import { type RemoteStorage, ServerRefusal } from './remote-storage.ts'

/** What a request waits for the index at most (CORRECTNESS T32). */
export const callDeadlineMs = 150
/** What connections may take, with names, TLS and login: at the start, which waits for it, and later, when nobody does. */
const firstAnswerMs = 1_000
const laterAnswerMs = 3_000
/** Failures in a row after which nothing is asked any more. */
const failuresToOpen = 3
const firstProbeMs = 250
const longestProbeMs = 5_000

export interface CallsWatcher {
  /** Nothing is asked from now on. */
  opened(reason: string): void
  closed(): void
}

/**
 * Calls to a server, each with a deadline, behind a circuit: after failures nobody asks, and so nobody waits, until a probe of ours is
 * answered. A refusal is an answer. Begins open, and probes at once.
 */
export class ServerCalls {
  readonly #storage: RemoteStorage
  readonly #timers: Timers
  readonly #watcher: CallsWatcher
  #isOpen = true
  #failureCount = 0
  #runningCount = 0
  readonly #waiting: (() => void)[] = []
  #probeMs = firstProbeMs
  #stopProbe: (() => void) | undefined
  #isEnded = false
  /** The first probe is over: the server answered, or it is said to be away. */
  readonly opened: Promise<void>

  constructor(storage: RemoteStorage, timers: Timers, watcher: CallsWatcher) {
    this.#storage = storage
    this.#timers = timers
    this.#watcher = watcher
    this.opened = this.#probe(firstAnswerMs, true)
  }

  get isOpen(): boolean {
    return this.#isOpen
  }

  /** As `run`, but waits no longer than a call may take, others before it included. */
  async soon<T>(call: () => Promise<T>): Promise<T> {
    let isLate = false
    const run = this.run(() => (isLate ? Promise.reject(new ServerRefusal('too late')) : call()))
    try {
      return await (this.#runningCount < this.#storage.callsAtOnce ? run : this.within(callDeadlineMs, () => run))
    } finally {
      isLate = true
    }
  }

  async run<T>(call: () => Promise<T>): Promise<T> {
    await this.#turn()
    try {
      return await this.#run(call)
    } finally {
      const next = this.#waiting.shift()
      if (next === undefined) this.#runningCount -= 1
      else next()
    }
  }

  /** Waits until few enough calls are under way, so that the deadline is the server's and not that of a queue. */
  async #turn(): Promise<void> {
    if (this.#runningCount >= this.#storage.callsAtOnce)
      await new Promise<void>((resolve) => this.#waiting.push(resolve))
    else this.#runningCount += 1
  }

  async #run<T>(call: () => Promise<T>): Promise<T> {
    if (this.#isOpen) throw new Error('the server is left alone, because it did not answer')
    try {
      const answer = await this.within(callDeadlineMs, call)
      this.#failureCount = 0
      return answer
    } catch (error) {
      if (error instanceof ServerRefusal) this.#failureCount = 0
      else this.#failed(error as Error)
      throw error
    }
  }

  /** Rejects when `call` has not answered in time. */
  within<T>(ms: number, call: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const late = (): void => reject(new LateAnswer(ms))
      // In two halves: while this process itself was busy, the server could not be heard.
      let callOff = this.#timers.after(ms / 2, () => {
        callOff = this.#timers.after(ms / 2, () => setImmediate(late))
      })
      call()
        .then(resolve, reject)
        .finally(() => callOff())
    })
  }

  end(): void {
    this.#isEnded = true
    this.#isOpen = true
    this.#stopProbe?.()
  }

  #failed(error: Error): void {
    this.#failureCount += 1
    if (this.#isOpen || this.#failureCount < failuresToOpen) return
    this.#isOpen = true
    if (error instanceof LateAnswer) this.#storage.reset()
    this.#watcher.opened(error.message)
    this.#probeLater()
  }

  #probeLater(): void {
    if (this.#isEnded) return
    this.#stopProbe = this.#timers.after(this.#probeMs, () => void this.#probe(laterAnswerMs, false))
    this.#probeMs = Math.min(this.#probeMs * 2, longestProbeMs)
  }

  /** Connects in so much time; then an answer must come as soon as a request's has to. */
  async #probe(connectMs: number, isFirst: boolean): Promise<void> {
    let isConnected = false
    try {
      await this.within(connectMs, () => this.#storage.ping())
      isConnected = true
      await this.within(callDeadlineMs, () => this.#storage.ping())
    } catch (error) {
      if (this.#isEnded) return
      if (error instanceof LateAnswer && !isConnected) this.#storage.reset()
      if (isFirst) this.#watcher.opened((error as Error).message)
      this.#probeLater()
      return
    }
    if (this.#isEnded) return
    this.#isOpen = false
    this.#failureCount = 0
    this.#probeMs = firstProbeMs
    this.#watcher.closed()
  }
}

class LateAnswer extends Error {
  constructor(ms: number) {
    super(`no answer within ${ms} ms`)
  }
}
