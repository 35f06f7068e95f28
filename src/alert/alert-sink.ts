import type { AlertCode, OriginFailureCode } from '../base/events.ts'

/** One message to people about one cause. Texts are plain: one line each, of bounded length, without control characters. */
export interface Alert {
  /** The same for all messages from the beginning of a cause to its end. */
  readonly id: string
  readonly status: 'firing' | 'resolved'
  readonly code: AlertCode
  /** How it failed the last time, when the code covers several ways. */
  readonly fault: OriginFailureCode | undefined
  readonly severity: 'warning' | 'critical'
  /** What it is about: an origin such as `https://example.org`, `store`, `CA`, `larder`. */
  readonly subject: string
  /** One sentence. */
  readonly summary: string
  /** What was particular the last time. */
  readonly detail: string
  /** One line of what to do. */
  readonly remedy: string
  /** Occurrences since the beginning, and those that no message told of before this one. */
  readonly count: number
  readonly newCount: number
  /** Milliseconds since the epoch. `validUntilAt`: by then comes another message, or it is over unnoticed. */
  readonly startedAt: number
  readonly lastAt: number
  readonly endedAt: number | undefined
  readonly validUntilAt: number
  /** Messages of this sink that were dropped since the last one arrived. */
  readonly droppedCount: number
  /** The host that says so. */
  readonly source: string
}

/** A way to tell people. */
export interface AlertSink {
  /** For people to tell sinks apart; has no secrets. */
  readonly name: string
  /** Resolves when the other side has taken the message; rejects with an `AlertFailure`. Stops soon after `signal`. */
  send(alert: Alert, signal: AbortSignal): Promise<void>
}

/** A message was not delivered. `message` says why and has no secrets: neither the URL nor anything that the other side sent. */
export class AlertFailure extends Error {
  /** The other side understood and refused: more attempts will hardly help. */
  readonly isRefusal: boolean

  constructor(message: string, isRefusal = false) {
    super(message)
    this.name = 'AlertFailure'
    this.isRefusal = isRefusal
  }
}
