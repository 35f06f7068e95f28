import type { Clock, Timers } from '../base/clock.ts'

const msPerSecond = 1_000

/** Fills evenly, up to what a second brings and at least one; what is taken is at most that and what has come since. */
export class TokenBucket {
  readonly #clock: Clock
  readonly #perSecond: number
  readonly #most: number
  #tokens: number
  #countedMs: number

  constructor(clock: Clock, perSecond: number) {
    this.#clock = clock
    this.#perSecond = perSecond
    this.#most = Math.max(1, perSecond)
    this.#tokens = this.#most
    this.#countedMs = clock.elapsed()
  }

  /** How long until there will be `count` tokens, if none is taken meanwhile; 0: now. Of 0 tokens: until no debt is left. */
  waitMs(count: number): number {
    const now = this.#clock.elapsed()
    this.#tokens = Math.min(this.#most, this.#tokens + ((now - this.#countedMs) * this.#perSecond) / msPerSecond)
    this.#countedMs = now
    return this.#tokens >= count ? 0 : Math.ceil(((count - this.#tokens) * msPerSecond) / this.#perSecond)
  }

  /** Takes tokens, also those that are not there yet; a negative count gives back. */
  take(count: number): void {
    this.waitMs(0)
    this.#tokens -= count
  }
}

/** Lets those who wait for tokens pass, in the order in which they came. */
export class TokenQueue {
  readonly #bucket: TokenBucket
  readonly #timers: Timers
  /** Tokens that one who passes takes. */
  readonly #price: number
  readonly #waiting = new Set<() => void>()
  #callOff: (() => void) | undefined
  #isServing = false

  constructor(bucket: TokenBucket, timers: Timers, price: number) {
    this.#bucket = bucket
    this.#timers = timers
    this.#price = price
  }

  get waitingCount(): number {
    return this.#waiting.size
  }

  /** How long one who comes now will wait. */
  get waitMs(): number {
    return this.#bucket.waitMs(this.#price * (this.#waiting.size + 1))
  }

  /** Calls `pass` once: at once, when nobody waits and there are tokens, or later. Answers the function that leaves. */
  enter(pass: () => void): () => void {
    this.#waiting.add(pass)
    if (this.#callOff === undefined && !this.#isServing) this.#serve()
    return () => {
      this.#waiting.delete(pass)
      if (this.#waiting.size > 0) return
      this.#callOff?.()
      this.#callOff = undefined
    }
  }

  #serve(): void {
    this.#callOff = undefined
    this.#isServing = true
    try {
      this.#letPass()
    } finally {
      this.#isServing = false
    }
  }

  #letPass(): void {
    // Those who come while others pass are met by this loop, too.
    for (const pass of this.#waiting) {
      const waitMs = this.#bucket.waitMs(this.#price)
      if (waitMs > 0) {
        this.#callOff = this.#timers.after(waitMs, () => this.#serve())
        return
      }
      this.#waiting.delete(pass)
      this.#bucket.take(this.#price)
      pass()
    }
  }
}
