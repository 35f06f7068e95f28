import type { Timers } from '../base/clock.ts'
import type { FtpSession } from './ftp-session.ts'

/** Servers allow few connections from one address, so few are kept, and not for long. */
const maxIdlePerServer = 4
const maxIdleCount = 64
const maxIdleMs = 5_000

interface Idle {
  readonly server: string
  readonly session: FtpSession
  readonly callOff: () => void
}

/** Control connections that are logged in and have nothing to do, by server, user and manner of TLS. */
export class FtpPool {
  readonly #timers: Timers
  /** Oldest first. */
  readonly #idle = new Set<Idle>()

  constructor(timers: Timers) {
    this.#timers = timers
  }

  /** The one used last; it may have died without a word. */
  take(server: string): FtpSession | undefined {
    for (const entry of [...this.#idle].reverse()) {
      if (entry.server !== server) continue
      this.#forget(entry)
      if (!entry.session.closed) return entry.session
    }
    return undefined
  }

  put(server: string, session: FtpSession): void {
    if (session.closed) return
    const entry = { server, session, callOff: this.#timers.after(maxIdleMs, () => this.#close(entry)) }
    this.#idle.add(entry)
    const same = [...this.#idle].filter((one) => one.server === server)
    if (same.length > maxIdlePerServer) this.#close(same[0]!)
    else if (this.#idle.size > maxIdleCount) this.#close([...this.#idle][0]!)
  }

  close(): void {
    for (const entry of this.#idle) this.#close(entry)
  }

  #close(entry: Idle): void {
    this.#forget(entry)
    entry.session.close()
  }

  #forget(entry: Idle): void {
    entry.callOff()
    this.#idle.delete(entry)
  }
}
