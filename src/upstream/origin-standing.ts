import type { Clock } from '../base/clock.ts'
import type { Observer, OriginFailureCode } from '../base/events.ts'
import { Fault } from '../base/faults.ts'
import type { TargetUri } from '../http/target-uri.ts'
import { OriginCircuit } from './origin-circuit.ts'
import type { OriginResponse } from './origin-fetcher.ts'
import { RetryBudget } from './retry-budget.ts'

/** Origins that are remembered; beyond, those that were asked longest ago are forgotten. */
const maxOriginCount = 2_000
const msPerSecond = 1_000

/** How a request failed, in a form that may be shown to everybody. */
export interface OriginFailure {
  readonly code: OriginFailureCode
  readonly detail: string
}

/** How an origin has done lately, for all requests to it. */
export class OriginStanding {
  /** `https://example.org` */
  readonly name: string
  readonly circuit: OriginCircuit
  readonly budget: RetryBudget
  /** Until when the origin asked to be left alone, on the monotonic clock. */
  pausedUntilMs = 0
  readonly #observer: Observer

  constructor(name: string, clock: Clock, budgetShare: number, observer: Observer) {
    this.name = name
    this.circuit = new OriginCircuit(clock)
    this.budget = new RetryBudget(clock, budgetShare)
    this.#observer = observer
  }

  /** An attempt showed that the origin works. */
  worked(): void {
    const openForMs = this.circuit.openForMs
    if (!this.circuit.succeeded()) return
    const detail = `it answers again, after ${Math.round(openForMs / msPerSecond)} s`
    this.#observer({ kind: 'circuit-closed', origin: this.name, detail })
  }

  /** An attempt failed by the origin's doing. */
  failed(end: OriginResponse | Fault): void {
    if (!this.circuit.failed()) return
    const { code, detail } = failureOf(end, this.name)
    this.#observer({ kind: 'circuit-opened', origin: this.name, detail: `${code}: ${detail}` })
  }

  /** A request failed, and no attempt will follow. Faults that concern nobody but the client are not told. */
  gaveUp(end: OriginResponse | Fault): void {
    if (end instanceof Fault && (!end.code.startsWith('ORIGIN_') || end.row.alert === 'none')) return
    this.#observer({ kind: 'origin-failed', origin: this.name, ...failureOf(end, this.name) })
  }
}

/** Answers have nothing to say but their status. Messages of faults may name a URL, whose query and user are left out (CORRECTNESS I8). */
function failureOf(end: OriginResponse | Fault, name: string): OriginFailure {
  if (!(end instanceof Fault)) return { code: `status-${end.status}`, detail: `${name} answered ${end.status}` }
  return { code: end.code, detail: end.message.replace(/\?\S*/g, '?…').replace(/\/\/[^/\s]*@/g, '//') }
}

export class OriginStandings {
  readonly #clock: Clock
  readonly #budgetShare: number
  readonly #observer: Observer
  /** In the order of their last request. */
  readonly #origins = new Map<string, OriginStanding>()

  constructor(clock: Clock, budgetShare: number, observer: Observer) {
    this.#clock = clock
    this.#budgetShare = budgetShare
    this.#observer = observer
  }

  of({ scheme, authority }: TargetUri): OriginStanding {
    const name = `${scheme}://${authority}`
    const known = this.#origins.get(name)
    const standing = known ?? new OriginStanding(name, this.#clock, this.#budgetShare, this.#observer)
    if (known !== undefined) this.#origins.delete(name)
    else if (this.#origins.size >= maxOriginCount) this.#origins.delete(this.#origins.keys().next().value!)
    this.#origins.set(name, standing)
    return standing
  }

  /** The origins whose circuit is not closed, by name. */
  get leftAlone(): readonly string[] {
    return [...this.#origins.values()].filter(({ circuit }) => circuit.state !== 'closed').map(({ name }) => name)
  }
}
