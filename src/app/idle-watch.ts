/** What tells whether a daemon is in use. */
export interface Activity {
  /** Connections, and exchanges whose client may have left. */
  readonly openCount: number
  /** Connections since the start; it grows. */
  readonly acceptedCount: number
}

export interface IdleWatchOptions {
  readonly idleMs: number
  /** Milliseconds of a clock that never jumps. */
  readonly elapsed: () => number
  readonly activity: () => Activity
  /** Called once. Whatever it closes before it returns, it closes while nothing is open. */
  readonly onIdle: () => void
}

const looksPerPeriod = 10
const longestStepMs = 10_000
/** Between two looks the event loop has accepted who waited: a daemon that was started by a connection sees it. */
const fewestQuietLooks = 2

/** Looks now and then whether nothing was open for `idleMs`: nothing is done for a request. */
export class IdleWatch {
  readonly #options: IdleWatchOptions
  readonly #timer: NodeJS.Timeout | undefined
  #busyAtMs: number
  #acceptedCount: number
  #quietLookCount = 0

  constructor(options: IdleWatchOptions) {
    this.#options = options
    this.#busyAtMs = options.elapsed()
    this.#acceptedCount = options.activity().acceptedCount
    if (!Number.isFinite(options.idleMs)) return
    const stepMs = Math.min(Math.ceil(options.idleMs / looksPerPeriod), longestStepMs)
    this.#timer = setInterval(() => this.look(), stepMs).unref()
  }

  look(): void {
    const { idleMs, elapsed, activity, onIdle } = this.#options
    const { openCount, acceptedCount } = activity()
    const nowMs = elapsed()
    if (openCount > 0 || acceptedCount !== this.#acceptedCount) {
      this.#busyAtMs = nowMs
      this.#quietLookCount = 0
    } else this.#quietLookCount++
    this.#acceptedCount = acceptedCount
    if (this.#quietLookCount < fewestQuietLooks || nowMs - this.#busyAtMs < idleMs) return
    this.close()
    onIdle()
  }

  close(): void {
    clearInterval(this.#timer)
  }
}
