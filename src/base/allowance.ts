import type { Clock } from './clock.ts'

export interface AllowanceOptions {
  readonly clock: Clock
  /** So many at once. */
  readonly most: number
  /** Milliseconds after which one more is granted. */
  readonly everyMs: number
}

/** What is dear and can be gone without: granted some times at once and then one each while, never saved beyond that. */
export class Allowance {
  readonly #options: AllowanceOptions
  /** When all are to be had again; milliseconds as `Clock.elapsed`. */
  #fullAt = 0

  constructor(options: AllowanceOptions) {
    this.#options = options
  }

  take(): boolean {
    const { clock, most, everyMs } = this.#options
    const now = clock.elapsed()
    const fullAt = Math.max(this.#fullAt, now) + everyMs
    if (fullAt - now > most * everyMs) return false
    this.#fullAt = fullAt
    return true
  }
}
