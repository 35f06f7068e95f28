import type { Clock, Timers } from '../base/clock.ts'
import type { AlertOutcome, Observer } from '../base/events.ts'
import { type Alert, AlertFailure, type AlertSink } from './alert-sink.ts'

export interface OutboxOptions {
  readonly clock: Clock
  readonly timers: Timers
  /** From 0 to 1, without it. */
  readonly random: () => number
  /** Hears of each message that was sent or dropped, and of each attempt that failed. */
  readonly observer: Observer
}

/** What is going on at a sink, for people. */
export interface OutboxState {
  readonly sink: string
  readonly waitingCount: number
  readonly sentCount: number
  readonly droppedCount: number
  /** Why the last attempt failed; `undefined`: it did not. */
  readonly lastFailure: string | undefined
}

const mostWaiting = 100
const attemptMs = 10_000
const firstPauseMs = 1_000
const longestPauseMs = 5 * 60_000
/** A message that nobody could take for so long is no news any more. */
const oldestMs = 24 * 3_600_000
/** Some ten minutes: as long as chats bar somebody who said too much at once. */
const attemptsAfterRefusal = 11

/** The messages for one sink, in their order, each until it has arrived. Takes any number at once without blocking. */
export class AlertOutbox {
  readonly #sink: AlertSink
  readonly #options: OutboxOptions
  readonly #waiting: { alert: Alert; readonly sinceMs: number }[] = []
  #isRunning = false
  #isClosing = false
  #underWay: AbortController | undefined
  #endPause: (() => void) | undefined
  #idle: (() => void) | undefined
  #sentCount = 0
  #droppedCount = 0
  #droppedSinceSent = 0
  #lastFailure: string | undefined

  constructor(sink: AlertSink, options: OutboxOptions) {
    this.#sink = sink
    this.#options = options
  }

  get state(): OutboxState {
    return {
      sink: this.#sink.name,
      waitingCount: this.#waiting.length,
      sentCount: this.#sentCount,
      droppedCount: this.#droppedCount,
      lastFailure: this.#lastFailure,
    }
  }

  /** Puts a message at the end; one that waits and says less of the same gives way to it. The oldest goes when there are too many. */
  put(alert: Alert): void {
    if (this.#isClosing) return
    const older = this.#waiting.find(
      (one) => one.alert.id === alert.id && one.alert.status === 'firing' && alert.status === 'firing',
    )
    if (older !== undefined) older.alert = { ...alert, newCount: older.alert.newCount + alert.newCount }
    else this.#waiting.push({ alert, sinceMs: this.#options.clock.elapsed() })
    if (this.#waiting.length > mostWaiting) this.#drop()
    if (this.#isRunning) return
    this.#isRunning = true
    // What a sink does at once, such as starting a program, is not done in the middle of somebody's request.
    this.#options.timers.after(0, () => void this.#run())
  }

  /** Tries for at most `graceMs` to deliver what waits, each message once. */
  async close(graceMs: number): Promise<void> {
    this.#isClosing = true
    if (!this.#isRunning) return
    const ended = new Promise<void>((resolve) => {
      this.#idle = resolve
    })
    this.#endPause?.()
    const callOff = this.#options.timers.after(graceMs, () => {
      while (this.#waiting.length > 0) this.#drop()
      this.#underWay?.abort()
    })
    await ended
    callOff()
  }

  async #run(): Promise<void> {
    for (let failures = 0; this.#waiting.length > 0; ) {
      const failure = await this.#attempt(this.#waiting[0]!.alert)
      if (failure === undefined) failures = 0
      else {
        failures += 1
        if (this.#isHopeless(failure, failures)) {
          this.#drop()
          failures = 0
        } else await this.#pause(failures)
      }
    }
    this.#isRunning = false
    this.#idle?.()
  }

  /** Answers why it failed. A message that grew while it was sent stays, to be sent as it is now. */
  async #attempt(alert: Alert): Promise<AlertFailure | undefined> {
    const failure = await this.#send({ ...alert, droppedCount: this.#droppedSinceSent })
    this.#lastFailure = failure?.message
    if (failure !== undefined) {
      this.#report(alert, 'failed')
      return failure
    }
    this.#sentCount += 1
    this.#droppedSinceSent = 0
    this.#report(alert, 'sent')
    if (this.#waiting[0]?.alert === alert) this.#waiting.shift()
    return undefined
  }

  /** Ends in time, whatever the sink does. */
  async #send(alert: Alert): Promise<AlertFailure | undefined> {
    const underWay = new AbortController()
    this.#underWay = underWay
    const callOff = this.#options.timers.after(attemptMs, () => underWay.abort())
    const givenUp = new Promise<never>((_, reject) => {
      underWay.signal.addEventListener('abort', () => reject(new AlertFailure('no answer in time')), { once: true })
    })
    try {
      await Promise.race([this.#sink.send(alert, underWay.signal), givenUp])
      return undefined
    } catch (error) {
      // What is not said with care could hold a URL with its secrets.
      return error instanceof AlertFailure ? error : new AlertFailure('the sink failed unexpectedly')
    } finally {
      callOff()
      this.#underWay = undefined
    }
  }

  #isHopeless(failure: AlertFailure, failures: number): boolean {
    if (this.#isClosing) return true
    if (failure.isRefusal && failures >= attemptsAfterRefusal) return true
    const sinceMs = this.#waiting[0]?.sinceMs ?? 0
    return this.#options.clock.elapsed() - sinceMs >= oldestMs
  }

  /** Lets go of the oldest. */
  #drop(): void {
    const dropped = this.#waiting.shift()
    if (dropped === undefined) return
    this.#droppedCount += 1
    this.#droppedSinceSent += 1
    this.#report(dropped.alert, 'dropped')
  }

  #pause(failures: number): Promise<void> {
    const { timers, random } = this.#options
    const fullMs = Math.min(longestPauseMs, firstPauseMs * 2 ** (failures - 1))
    return new Promise((resolve) => {
      const end = (): void => {
        callOff()
        this.#endPause = undefined
        resolve()
      }
      const callOff = timers.after(fullMs * (0.5 + random() / 2), end)
      this.#endPause = end
    })
  }

  #report({ code }: Alert, outcome: AlertOutcome): void {
    this.#options.observer({ kind: 'alert', code, outcome })
  }
}
