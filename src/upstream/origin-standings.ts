import type { Clock } from '../base/clock.ts'
import type { Observer } from '../base/events.ts'
import type { TargetUri } from '../http/target-uri.ts'
import type { OriginHealth } from './origin-health.ts'
import { OriginStanding } from './origin-standing.ts'

/** Origins that are remembered; beyond, those that were asked longest ago are forgotten. */
const maxOriginCount = 2_000

/** The standing of each origin that was asked lately. */
export class OriginStandings {
  readonly #clock: Clock
  readonly #budgetShare: number
  readonly #observer: Observer
  /** In the order of their last request. */
  readonly #origins = new Map<string, OriginStanding>()
  #last: OriginStanding | undefined

  constructor(clock: Clock, budgetShare: number, observer: Observer) {
    this.#clock = clock
    this.#budgetShare = budgetShare
    this.#observer = observer
  }

  of({ scheme, authority }: TargetUri): OriginStanding {
    const name = `${scheme}://${authority}`
    // Nearly always the one before: a map from which its only entry goes, and comes again, is made anew each time.
    if (this.#last?.name === name) return this.#last
    const known = this.#origins.get(name)
    const standing = known ?? new OriginStanding(name, this.#clock, this.#budgetShare, this.#observer)
    if (known !== undefined) this.#origins.delete(name)
    else if (this.#origins.size >= maxOriginCount) this.#forgetOne()
    this.#origins.set(name, standing)
    this.#last = standing
    return standing
  }

  /** What is left alone is in the mind of people: it is forgotten last. */
  #forgetOne(): void {
    const known = [...this.#origins.values()]
    const { name } = known.find(({ isLeftAlone }) => !isLeftAlone) ?? known[0]!
    this.#origins.delete(name)
  }

  /** Those that were asked last come first. */
  health(): readonly OriginHealth[] {
    return [...this.#origins.values()].map((origin) => origin.health()).reverse()
  }
}
