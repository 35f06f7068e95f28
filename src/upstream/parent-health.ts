import type { Clock } from '../base/clock.ts'

/** Origins, all failing in a row through one parent, that make the parent the likely cause. */
const originsToSetAside = 3
const firstPauseMs = 1_000
const longestPauseMs = 60_000
/** How long another way is preferred to an origin that a parent failed for. */
const detourMs = 10_000
const maxDetourCount = 1_000

/** What is thought of a parent: the better it does, the higher its score. One that has lost it all is set aside for a growing while. */
export class ParentHealth {
  readonly #clock: Clock
  /** Origins that it failed for since it last worked. */
  readonly #failedFor = new Set<string>()
  /** Until when other ways to an origin are preferred, in the order of their end. */
  readonly #detours = new Map<string, number>()
  #pauseMs = 0
  /** When it may be tried again; `undefined`: it is not set aside. */
  #nextProbeMs: number | undefined
  #isProbing = false
  /** How it failed last. */
  reason: string | undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** 100: nothing failed since it last worked; 0: it is set aside. */
  get score(): number {
    if (this.isSetAside) return 0
    return Math.round((100 * (originsToSetAside - this.#failedFor.size)) / originsToSetAside)
  }

  get isSetAside(): boolean {
    return this.#nextProbeMs !== undefined
  }

  /** May a request go to it now? While it is set aside, `true` makes the request the probe. */
  admits(): boolean {
    if (this.#nextProbeMs === undefined) return true
    const now = this.#clock.elapsed()
    if (now < this.#nextProbeMs) return false
    this.#nextProbeMs = now + this.#pauseMs
    this.#isProbing = true
    return true
  }

  /** Has it lately failed for this origin? */
  isTroubledFor(origin: string): boolean {
    const until = this.#detours.get(origin)
    if (until === undefined) return false
    if (this.#clock.elapsed() < until) return true
    this.#detours.delete(origin)
    return false
  }

  worked(origin: string): void {
    this.#failedFor.clear()
    this.#detours.delete(origin)
    this.#pauseMs = 0
    this.#nextProbeMs = undefined
    this.#isProbing = false
    this.reason = undefined
  }

  /** It failed for one origin, which may be that origin's doing. */
  failedFor(origin: string, reason: string): void {
    this.#detours.delete(origin)
    if (this.#detours.size >= maxDetourCount) this.#detours.delete(this.#detours.keys().next().value!)
    this.#detours.set(origin, this.#clock.elapsed() + detourMs)
    this.#failedFor.add(origin)
    this.reason = reason
    if (this.#failedFor.size >= originsToSetAside) this.broke(reason)
  }

  /** It failed, whatever the origin. What was sent before it was set aside and fails now makes the pause no longer. */
  broke(reason: string): void {
    this.reason = reason
    if (this.isSetAside && !this.#isProbing) return
    this.#isProbing = false
    this.#failedFor.clear()
    this.#pauseMs = Math.min(longestPauseMs, Math.max(firstPauseMs, this.#pauseMs * 2))
    this.#nextProbeMs = this.#clock.elapsed() + this.#pauseMs
  }
}
