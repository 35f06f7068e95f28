import type { Timers } from '../base/clock.ts'

/** Servers allow few connections from one address, so few are kept, and not for long. */
const maxIdlePerServer = 4
const maxIdleCount = 64
const maxIdleMs = 5_000

/** What can wait for its next use. */
export interface Reusable {
  /** Ended, by either side. */
  readonly closed: boolean
  close(): void
}

interface Idle<T> {
  readonly server: string
  readonly session: T
  readonly callOff: () => void
}

/** Control connections that are logged in and have nothing to do, by server, user and manner of TLS. */
export class FtpPool<T extends Reusable> {
  readonly #timers: Timers
  /** Oldest first. */
  readonly #idle = new Set<Idle<T>>()

  constructor(timers: Timers) {
    this.#timers = timers
  }

  /** The one used last; it may have died without a word. */
  take(server: string): T | undefined {
    for (const entry of [...this.#idle].reverse()) {
      if (entry.server !== server) continue
      this.#forget(entry)
      if (!entry.session.closed) return entry.session
    }
    return undefined
  }

  put(server: string, session: T): void {
    if (session.closed) return
    const entry: Idle<T> = { server, session, callOff: this.#timers.after(maxIdleMs, () => this.#close(entry)) }
    this.#idle.add(entry)
    const same = [...this.#idle].filter((one) => one.server === server)
    if (same.length > maxIdlePerServer) this.#close(same[0]!)
    else if (this.#idle.size > maxIdleCount) this.#close([...this.#idle][0]!)
  }

  close(): void {
    for (const entry of this.#idle) this.#close(entry)
  }

  #close(entry: Idle<T>): void {
    this.#forget(entry)
    entry.session.close()
  }

  #forget(entry: Idle<T>): void {
    entry.callOff()
    this.#idle.delete(entry)
  }
}
