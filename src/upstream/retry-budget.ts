import type { Clock } from '../base/clock.ts'

const slotMs = 5_000
const slotCount = 12
/** Retries that an origin with few requests may have in a minute all the same: what was on all its connections when it broke off, once. */
const floorCount = 32

/** Limits the retries at one origin to a share of its requests of the last minute: when it fails for all, they hardly add to its load. */
export class RetryBudget {
  readonly #clock: Clock
  readonly #share: number
  readonly #requests: LastMinute
  readonly #retries: LastMinute

  /** `share`: 0.5 allows one retry for two requests. */
  constructor(clock: Clock, share: number) {
    this.#clock = clock
    this.#share = share
    this.#requests = new LastMinute()
    this.#retries = new LastMinute()
  }

  get hasRoom(): boolean {
    const now = this.#clock.elapsed()
    const allowed = this.#share === 0 ? 0 : Math.max(floorCount, this.#share * this.#requests.count(now))
    return this.#retries.count(now) + 1 <= allowed
  }

  /** Of the last minute. */
  get counts(): { readonly requestCount: number; readonly retryCount: number } {
    const now = this.#clock.elapsed()
    return { requestCount: this.#requests.count(now), retryCount: this.#retries.count(now) }
  }

  noteRequest(): void {
    this.#requests.add(this.#clock.elapsed())
  }

  noteRetry(): void {
    this.#retries.add(this.#clock.elapsed())
  }
}

/** Counts what happened in the last minute, to five seconds. */
class LastMinute {
  readonly #slots = new Uint32Array(slotCount)
  #newest = 0

  add(nowMs: number): void {
    this.#turnTo(nowMs)
    const place = this.#newest % slotCount
    this.#slots[place] = this.#slots[place]! + 1
  }

  count(nowMs: number): number {
    this.#turnTo(nowMs)
    return this.#slots.reduce((sum, one) => sum + one, 0)
  }

  /** Empties the slots whose time is over. */
  #turnTo(nowMs: number): void {
    const slot = Math.floor(nowMs / slotMs)
    const passed = Math.min(slot - this.#newest, slotCount)
    for (let i = 0; i < passed; i++) this.#slots[(slot - i) % slotCount] = 0
    this.#newest = Math.max(slot, this.#newest)
  }
}
