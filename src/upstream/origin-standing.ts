import type { Clock } from '../base/clock.ts'
import type { Observer } from '../base/events.ts'
import { Fault } from '../base/faults.ts'
import { OriginCircuit } from './origin-circuit.ts'
import { concernsOrigin, failureOf, type OriginFailure } from './origin-failure.ts'
import type { OriginResponse } from './origin-fetcher.ts'
import type { OriginHealth } from './origin-health.ts'
import { OriginPause } from './origin-pause.ts'
import { RetryBudget } from './retry-budget.ts'

const msPerSecond = 1_000
/** An origin that restarts is back soon: for so long requests wait for it, and builds notice nothing. */
const patienceMs = 5_000

/** How an origin has done lately, for all requests to it. */
export class OriginStanding {
  /** `https://example.org` */
  readonly name: string
  readonly budget: RetryBudget
  readonly #clock: Clock
  readonly #observer: Observer
  readonly #circuit: OriginCircuit
  readonly #pause: OriginPause
  #lastFailure: (OriginFailure & { readonly at: number }) | undefined

  constructor(name: string, clock: Clock, budgetShare: number, observer: Observer) {
    this.name = name
    this.budget = new RetryBudget(clock, budgetShare)
    this.#clock = clock
    this.#observer = observer
    this.#circuit = new OriginCircuit(clock)
    this.#pause = new OriginPause(clock)
  }

  /** Did it fail so often that it is only asked now and then? */
  get isLeftAlone(): boolean {
    return this.#circuit.state !== 'closed'
  }

  /** Is it left alone for so long that requests need not even wait for it? */
  get isGivenUp(): boolean {
    return this.#circuit.openForMs >= patienceMs
  }

  /** How long at least until a request may go to it. */
  get waitMs(): number {
    return Math.max(this.#pause.remainingMs, this.#circuit.nextProbeInMs)
  }

  /** May a request go to it now? `true` may make this request the one by which the others see how it is. */
  admits(): boolean {
    return this.#pause.remainingMs === 0 && this.#pause.hasTurn && this.#circuit.admits() && this.#pause.begin()
  }

  /** As `admits`, for requests that no pause of others holds up. */
  admitsAtOnce(): boolean {
    return this.#circuit.admits()
  }

  /** An attempt ended, which says nothing of the origin but that nobody need wait for it. */
  tried(): void {
    this.#pause.answered()
  }

  /** An attempt showed that the origin works. */
  worked(): void {
    this.#pause.answered()
    const { openForMs } = this.#circuit
    if (!this.#circuit.succeeded()) return
    const detail = `it answers again, after ${Math.round(openForMs / msPerSecond)} s`
    this.#observer({ kind: 'circuit-closed', origin: this.name, detail })
  }

  /** An attempt failed by the origin's doing. */
  failed(end: OriginResponse | Fault): void {
    this.#pause.answered()
    this.#failedAgain(this.#note(end))
  }

  /** It answered that it wants to be left alone for so long. Only who comes when that is over and hears it again counts as a failure. */
  askedToWait(end: OriginResponse, ms: number): void {
    const failure = this.#note(end)
    if (this.#pause.askedAgain(ms)) this.#failedAgain(failure)
  }

  /** A request failed, and no attempt will follow. */
  gaveUp(end: OriginResponse | Fault): void {
    if (end instanceof Fault && !concernsOrigin(end)) return
    this.#observer({ kind: 'origin-failed', origin: this.name, ...failureOf(end, this.name) })
  }

  health(): OriginHealth {
    const at = (ms: number): number => Math.round(this.#clock.now() + ms)
    const { state, openForMs, nextProbeInMs, failureCount } = this.#circuit
    const pauseMs = this.#pause.remainingMs
    return {
      origin: this.name,
      circuit: state,
      openedAt: state === 'closed' ? undefined : at(-openForMs),
      nextProbeAt: state === 'closed' ? undefined : at(Math.max(nextProbeInMs, pauseMs)),
      pausedUntilAt: pauseMs === 0 ? undefined : at(pauseMs),
      failedInRowCount: failureCount,
      lastFailure: this.#lastFailure,
      ...this.budget.counts,
    }
  }

  #note(end: OriginResponse | Fault): OriginFailure {
    this.#lastFailure = { ...failureOf(end, this.name), at: this.#clock.now() }
    return this.#lastFailure
  }

  #failedAgain({ code, detail }: OriginFailure): void {
    if (!this.#circuit.failed()) return
    this.#observer({ kind: 'circuit-opened', origin: this.name, detail: `${code}: ${detail}` })
  }
}
