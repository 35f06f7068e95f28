import type { Clock } from '../base/clock.ts'

/** The one that goes first may take this long; then another goes. */
const turnMs = 1_000

/** The time for which an origin asked to be left alone. When it is over one request goes first, so that not all come back at once to hear the same. */
export class OriginPause {
  readonly #clock: Clock
  #untilMs = 0
  /** When the next one may go first; `undefined`: all may go. */
  #nextTurnMs: number | undefined
  #isTrying = false

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get remainingMs(): number {
    return Math.max(0, this.#untilMs - this.#clock.elapsed())
  }

  get hasTurn(): boolean {
    return this.#nextTurnMs === undefined || this.#clock.elapsed() >= this.#nextTurnMs
  }

  /** A request goes to the origin. */
  begin(): true {
    if (this.#nextTurnMs !== undefined) {
      this.#nextTurnMs = this.#clock.elapsed() + turnMs
      this.#isTrying = true
    }
    return true
  }

  /** The origin asks to be left alone for `ms`; answers whether it says so to the one that went first. */
  askedAgain(ms: number): boolean {
    const isAgain = this.#isTrying
    this.#untilMs = Math.max(this.#untilMs, this.#clock.elapsed() + ms)
    this.#nextTurnMs = this.#untilMs
    this.#isTrying = false
    return isAgain
  }

  /** An attempt ended in another way. What was under way when the pause began says nothing of its end. */
  answered(): void {
    if (this.remainingMs > 0) return
    this.#nextTurnMs = undefined
    this.#isTrying = false
  }
}
