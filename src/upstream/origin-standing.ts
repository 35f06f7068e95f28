import type { Clock } from '../base/clock.ts'
import type { TargetUri } from '../http/target-uri.ts'
import { OriginCircuit } from './origin-circuit.ts'
import { RetryBudget } from './retry-budget.ts'

/** Origins that are remembered; beyond, those that were asked longest ago are forgotten. */
const maxOriginCount = 2_000

/** How an origin has done lately, for all requests to it. */
export interface OriginStanding {
  /** `https://example.org` */
  readonly name: string
  readonly circuit: OriginCircuit
  readonly budget: RetryBudget
  /** Until when the origin asked to be left alone, on the monotonic clock. */
  pausedUntilMs: number
}

export class OriginStandings {
  readonly #clock: Clock
  readonly #budgetShare: number
  /** In the order of their last request. */
  readonly #origins = new Map<string, OriginStanding>()

  constructor(clock: Clock, budgetShare: number) {
    this.#clock = clock
    this.#budgetShare = budgetShare
  }

  of({ scheme, authority }: TargetUri): OriginStanding {
    const name = `${scheme}://${authority}`
    const known = this.#origins.get(name)
    const standing = known ?? this.#begin(name)
    if (known !== undefined) this.#origins.delete(name)
    else if (this.#origins.size >= maxOriginCount) this.#origins.delete(this.#origins.keys().next().value!)
    this.#origins.set(name, standing)
    return standing
  }

  /** The origins whose circuit is not closed, by name. */
  get leftAlone(): readonly string[] {
    return [...this.#origins.values()].filter(({ circuit }) => circuit.state !== 'closed').map(({ name }) => name)
  }

  #begin(name: string): OriginStanding {
    return {
      name,
      circuit: new OriginCircuit(this.#clock),
      budget: new RetryBudget(this.#clock, this.#budgetShare),
      pausedUntilMs: 0,
    }
  }
}
