import type { Clock, Timers } from '../base/clock.ts'
import type { LarderEvent, Observer } from '../base/events.ts'
import type { Alert } from './alert-sink.ts'
import { plainText } from './alert-text.ts'
import { meaningOf, type Occurrence, type Relief, tellingOf } from './causes.ts'

export interface AlertsOptions {
  readonly clock: Clock
  readonly timers: Timers
  /** At most one message that a cause fires goes out in this time; a cause that did not recur for so long is over. */
  readonly windowMs: number
  /** The name of this host. */
  readonly source: string
  readonly newId: () => string
  /** Hands a message over to be delivered; must neither throw nor block. */
  readonly tell: (alert: Alert) => void
}

/** What is known of one cause, from its first occurrence until it is over and its window has passed. */
interface Cause {
  readonly key: string
  readonly code: Alert['code']
  readonly subject: string
  /** It is over when it is told to be, not when it did not recur. */
  readonly isLasting: boolean
  id: string
  isOpen: boolean
  /** A message told of what is open now. */
  isTold: boolean
  fault: Alert['fault']
  detail: string
  startedAt: number
  lastAt: number
  endedAt: number | undefined
  count: number
  newCount: number
  /** On the monotonic clock: the last occurrence, the last message that it fires, the first sign since that it works. */
  lastMs: number
  toldMs: number | undefined
  relievedMs: number | undefined
  wakeMs: number
  callOff: (() => void) | undefined
}

/** So many subjects of one code are told apart; the rest share a message. Clients can make up any number of origins. */
const mostSubjects = 10
const furtherSubjects = 'and others'
const mostResolved = 100
/** A sign that it works counts when nothing fails for this part of the window after it. */
const calmShare = 0.1
const windowsOfValidity = 2
const marginMs = 60_000
const lastingMs = 30 * 24 * 3_600_000

/** Turns events into messages: one for each cause and window, and one when the cause is over. */
export class Alerts {
  readonly #options: AlertsOptions
  readonly #causes = new Map<string, Cause>()
  readonly #resolved: Alert[] = []
  #openCount = 0
  #isClosed = false

  constructor(options: AlertsOptions) {
    this.#options = options
  }

  /** Costs nothing for requests that went well while nothing is wrong. */
  readonly observe: Observer = (event: LarderEvent) => {
    if (event.kind === 'exchange' && event.fault === undefined && this.#openCount === 0) return
    const meaning = meaningOf(event)
    if (meaning === undefined) return
    if (meaning.kind === 'occurred') this.raise(meaning)
    else this.#relieve(meaning)
  }

  /** Something happened that no event tells. `isLasting`: it is not over for not happening again. */
  raise(occurrence: Occurrence, isLasting = false): void {
    if (this.#isClosed) return
    const { clock } = this.#options
    const cause = this.#causeOf(occurrence, isLasting)
    const isNew = !cause.isOpen
    if (isNew) this.#reopen(cause)
    cause.fault = occurrence.fault
    cause.detail = plainText(occurrence.detail)
    cause.lastAt = clock.now()
    cause.lastMs = clock.elapsed()
    cause.relievedMs = undefined
    if (isNew || occurrence.isState !== true) {
      cause.count += 1
      cause.newCount += 1
    }
    if (this.#mayTell(cause)) this.#fire(cause)
    this.#arm(cause)
  }

  /** What is open, and what was resolved lately, the newest first. */
  get open(): readonly Alert[] {
    return [...this.#causes.values()].filter(({ isOpen }) => isOpen).map((cause) => this.#alertOf(cause, 'firing'))
  }

  get resolved(): readonly Alert[] {
    return this.#resolved.toReversed()
  }

  /** Nothing is told any more. */
  close(): void {
    this.#isClosed = true
    for (const { callOff } of this.#causes.values()) callOff?.()
    this.#causes.clear()
    this.#openCount = 0
  }

  #relieve({ family, subject }: Relief): void {
    for (const cause of this.#causes.values()) {
      if (!cause.isOpen || cause.subject !== subject || !cause.code.startsWith(family)) continue
      if (cause.relievedMs !== undefined) continue
      cause.relievedMs = this.#options.clock.elapsed()
      this.#arm(cause)
    }
  }

  #causeOf({ code, subject }: Occurrence, isLasting: boolean): Cause {
    const own = `${code} ${subject}`
    const isCrowded = !this.#causes.has(own) && this.#subjectCount(code) >= mostSubjects
    const key = isCrowded ? `${code} ${furtherSubjects}` : own
    const known = this.#causes.get(key)
    if (known !== undefined) return known
    const named = isCrowded ? furtherSubjects : plainText(subject)
    const cause = newCause(key, code, named, isLasting)
    this.#causes.set(key, cause)
    return cause
  }

  #subjectCount(code: Alert['code']): number {
    let count = 0
    for (const cause of this.#causes.values()) if (cause.code === code) count += 1
    return count
  }

  #reopen(cause: Cause): void {
    cause.id = this.#options.newId()
    cause.isOpen = true
    cause.isTold = false
    cause.startedAt = this.#options.clock.now()
    cause.endedAt = undefined
    cause.count = 0
    cause.newCount = 0
    this.#openCount += 1
  }

  #mayTell({ toldMs }: Cause): boolean {
    return toldMs === undefined || this.#options.clock.elapsed() - toldMs >= this.#options.windowMs
  }

  #fire(cause: Cause): void {
    cause.toldMs = this.#options.clock.elapsed()
    cause.isTold = true
    this.#options.tell(this.#alertOf(cause, 'firing'))
    cause.newCount = 0
  }

  #resolve(cause: Cause): void {
    cause.isOpen = false
    cause.endedAt = cause.lastAt
    cause.relievedMs = undefined
    this.#openCount -= 1
    const alert = this.#alertOf(cause, 'resolved')
    if (cause.isTold) this.#options.tell(alert)
    this.#resolved.push(alert)
    if (this.#resolved.length > mostResolved) this.#resolved.shift()
  }

  /** Wakes for the cause when something may be due. A timer that comes too early costs a look, so later ones are not moved. */
  #arm(cause: Cause): void {
    const dueMs = this.#dueMs(cause)
    if (cause.callOff !== undefined && cause.wakeMs <= dueMs) return
    cause.callOff?.()
    cause.callOff = undefined
    if (dueMs === Infinity) return
    cause.wakeMs = dueMs
    const waitMs = Math.max(0, dueMs - this.#options.clock.elapsed())
    cause.callOff = this.#options.timers.after(waitMs, () => {
      cause.callOff = undefined
      this.#look(cause)
    })
  }

  #dueMs(cause: Cause): number {
    const { windowMs } = this.#options
    const toldUntilMs = (cause.toldMs ?? 0) + windowMs
    if (!cause.isOpen) return toldUntilMs
    return Math.min(this.#overMs(cause), cause.isTold ? Infinity : toldUntilMs)
  }

  /** When an open cause is over, if nothing happens until then. */
  #overMs({ isLasting, lastMs, relievedMs }: Cause): number {
    const { windowMs } = this.#options
    const quietMs = isLasting ? Infinity : lastMs + windowMs
    return Math.min(quietMs, relievedMs === undefined ? Infinity : relievedMs + windowMs * calmShare)
  }

  #look(cause: Cause): void {
    const now = this.#options.clock.elapsed()
    if (!cause.isOpen) {
      if (this.#mayTell(cause)) {
        this.#causes.delete(cause.key)
        return
      }
    } else if (now >= this.#overMs(cause)) this.#resolve(cause)
    else if (!cause.isTold && this.#mayTell(cause)) this.#fire(cause)
    this.#arm(cause)
  }

  #alertOf(cause: Cause, status: Alert['status']): Alert {
    const { id, code, fault, subject, detail, count, newCount, startedAt, lastAt, endedAt } = cause
    const { windowMs, source, clock } = this.#options
    const validUntilAt = clock.now() + (cause.isLasting ? lastingMs : windowsOfValidity * windowMs + marginMs)
    const what = { ...tellingOf(code), id, status, code, fault, subject, detail, source }
    return { ...what, count, newCount, startedAt, lastAt, endedAt, validUntilAt, droppedCount: 0 }
  }
}

function newCause(key: string, code: Alert['code'], subject: string, isLasting: boolean): Cause {
  return {
    key,
    code,
    subject,
    isLasting,
    id: '',
    isOpen: false,
    isTold: false,
    fault: undefined,
    detail: '',
    startedAt: 0,
    lastAt: 0,
    endedAt: undefined,
    count: 0,
    newCount: 0,
    lastMs: 0,
    toldMs: undefined,
    relievedMs: undefined,
    wakeMs: 0,
    callOff: undefined,
  }
}
