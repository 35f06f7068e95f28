import type { Clock } from '../base/clock.ts'

export type CircuitState = 'closed' | 'open' | 'half-open'

/** So many failures in a row happen by chance only to an origin that is hardly of use. */
const failuresToOpen = 16
/** One request in this time shows whether the origin is back. */
const probeEveryMs = 1_000

/** Whether an origin is tried at all. After failures without a success between them it is left alone, but for one probe a second. */
export class OriginCircuit {
  readonly #clock: Clock
  #failureCount = 0
  /** When the next probe may go; `undefined`: closed. */
  #nextProbeMs: number | undefined
  #isProbing = false
  #openedMs = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get state(): CircuitState {
    if (this.#nextProbeMs === undefined) return 'closed'
    return this.#isProbing || this.#clock.elapsed() >= this.#nextProbeMs ? 'half-open' : 'open'
  }

  /** Failures since the last success. */
  get failureCount(): number {
    return this.#failureCount
  }

  /** How long it has not been closed; 0: it is. */
  get openForMs(): number {
    return this.#nextProbeMs === undefined ? 0 : this.#clock.elapsed() - this.#openedMs
  }

  /** How long until a probe may go; 0: it may now, or none is needed. */
  get nextProbeInMs(): number {
    return this.#nextProbeMs === undefined ? 0 : Math.max(0, this.#nextProbeMs - this.#clock.elapsed())
  }

  /** May a request go to the origin now? While half-open, `true` makes it the probe; one that hangs does not keep the next from going. */
  admits(): boolean {
    if (this.#nextProbeMs === undefined) return true
    const now = this.#clock.elapsed()
    if (now < this.#nextProbeMs) return false
    this.#nextProbeMs = now + probeEveryMs
    this.#isProbing = true
    return true
  }

  /** Answers whether it closed by this. */
  succeeded(): boolean {
    const wasOpen = this.#nextProbeMs !== undefined
    this.#failureCount = 0
    this.#nextProbeMs = undefined
    this.#isProbing = false
    return wasOpen
  }

  /** Answers whether it opened by this. What was sent before it opened and fails now does not put the next probe off. */
  failed(): boolean {
    this.#failureCount += 1
    this.#isProbing = false
    if (this.#nextProbeMs !== undefined || this.#failureCount < failuresToOpen) return false
    this.#nextProbeMs = this.#clock.elapsed() + probeEveryMs
    this.#openedMs = this.#clock.elapsed()
    return true
  }
}
