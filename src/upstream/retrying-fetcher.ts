import type { Clock, Timers } from '../base/clock.ts'
import type { Observer } from '../base/events.ts'
import { asFault, Fault } from '../base/faults.ts'
import { bearsCredentials } from '../http/credentials.ts'
import { Fields } from '../http/fields.ts'
import { retryAfterMs } from '../http/retry-after.ts'
import type { TargetUri } from '../http/target-uri.ts'
import {
  type BodySink,
  mayBeRepeated,
  type OriginFetcher,
  type OriginRequest,
  type OriginResponse,
} from './origin-fetcher.ts'
import { type OriginStanding, OriginStandings } from './origin-standing.ts'
import { backOffMs, isTransient, judgeStatus, type Random, showsLife } from './retry-schedule.ts'

export interface RetryOptions {
  readonly clock: Clock
  readonly timers: Timers
  readonly random: Random
  /** Hears of circuits and of requests that failed for good. */
  readonly observer: Observer
  /** Attempts in all; 1: no retries. */
  readonly maxAttemptCount: number
  /** Retries at one origin, as a share of its requests of the last minute. */
  readonly budgetShare: number
}

/** Fetches in as many attempts as a request may have, and knows which origins are left alone. */
export interface RetryingFetcher extends OriginFetcher {
  readonly leftAlone: readonly string[]
  /** To be told of responses that broke within their content for good. */
  broke(target: TargetUri, fault: Fault): void
}

/** No attempt begins later than this after the request. */
const maxRequestMs = 90_000
/** A Retry-After beyond this is the client's to obey: it gets the answer at once. */
const maxPauseMs = 20_000
/** Beyond this, the rest of an answer that nobody gets costs more than another connection. */
const maxDroppedBytes = 16 * 1024
const nowhere: BodySink = { chunk: () => true, end: () => {}, fail: () => {} }

/** How an attempt ended: with a final answer, or with one (or a fault) by which it failed, which `mayPass` with another attempt. */
type Outcome =
  | { readonly kind: 'answered'; readonly response: OriginResponse }
  | { readonly kind: 'failed'; readonly end: OriginResponse | Fault; readonly mayPass: boolean }

/** Repeats what failed before the head of a response, where that is safe (CORRECTNESS T31). */
export function createRetryingFetcher(inner: OriginFetcher, options: RetryOptions): RetryingFetcher {
  return new Retrying(inner, options)
}

class Retrying implements RetryingFetcher {
  readonly #inner: OriginFetcher
  readonly #options: RetryOptions
  readonly #standings: OriginStandings
  readonly #waiting = new Set<() => void>()
  #isClosed = false

  constructor(inner: OriginFetcher, options: RetryOptions) {
    this.#inner = inner
    this.#options = options
    this.#standings = new OriginStandings(options.clock, options.budgetShare, options.observer)
  }

  get leftAlone(): readonly string[] {
    return this.#standings.leftAlone
  }

  broke(target: TargetUri, fault: Fault): void {
    if (!this.#isClosed) this.#standings.of(target).gaveUp(fault)
  }

  async fetch(request: OriginRequest): Promise<OriginResponse> {
    const origin = this.#standings.of(request.target)
    const outcome = await this.#ask(request, origin)
    if (outcome.kind === 'answered') return outcome.response
    if (!this.#isClosed) origin.gaveUp(outcome.end)
    // The last answer goes on as it came.
    if (outcome.end instanceof Fault) throw outcome.end
    return outcome.end
  }

  async #ask(request: OriginRequest, origin: OriginStanding): Promise<Outcome> {
    const { cut } = request.attempts ?? {}
    if (cut !== undefined) return this.#repeat(request, origin, { kind: 'failed', end: cut, mayPass: true })
    origin.budget.noteRequest()
    const mayRepeat = mayBeRepeated(request)
    const pauseMs = this.#pauseMs(origin)
    if (pauseMs > 0 && mayRepeat) await this.#wait(pauseMs + backOffMs(2, this.#options.random))
    if (!origin.circuit.admits()) {
      return {
        kind: 'failed',
        end: new Fault('ORIGIN_CIRCUIT_OPEN', `${origin.name} failed again and again`),
        mayPass: false,
      }
    }
    if (!mayRepeat) return this.#attempt(request, origin)
    if (request.attempts !== undefined) request.attempts.count += 1
    return this.#repeat(request, origin, await this.#attempt(counting(request, origin), origin))
  }

  async close(): Promise<void> {
    this.#isClosed = true
    for (const wake of this.#waiting) wake()
    await this.#inner.close()
  }

  /** Goes on after `outcome`. An attempt that the circuit does not admit counts, but waits for the next: the origin may be back by then. */
  async #repeat(request: OriginRequest, origin: OriginStanding, outcome: Outcome): Promise<Outcome> {
    const { clock, random, maxAttemptCount } = this.#options
    const lastMs = clock.elapsed() + maxRequestMs
    const attempts = request.attempts ?? { count: 1, cut: undefined }
    let last = outcome
    while (last.kind === 'failed' && last.mayPass && attempts.count < maxAttemptCount && origin.budget.hasRoom) {
      attempts.count += 1
      const waitMs = this.#pauseMs(origin) + backOffMs(attempts.count, random)
      if (clock.elapsed() + waitMs > lastMs) break
      await this.#wait(waitMs)
      if (this.#isClosed || request.isWanted?.() === false || !origin.budget.hasRoom) break
      if (!origin.circuit.admits()) continue
      drop(last.end)
      origin.budget.noteRetry()
      last = await this.#attempt(counting(request, origin), origin)
    }
    return last
  }

  async #attempt(request: OriginRequest, origin: OriginStanding): Promise<Outcome> {
    let response: OriginResponse
    try {
      response = await this.#inner.fetch(request)
    } catch (error) {
      return faulted(asFault(error), origin)
    }
    const verdict = judgeStatus(request, response.status)
    if (verdict === 'works') origin.worked()
    if (verdict === 'works' || verdict === 'unclear') return { kind: 'answered', response }
    return this.#answeredBadly(request, response, verdict, origin)
  }

  /** Who says when to come back is alive: its circuit stays as it is. */
  #answeredBadly(
    request: OriginRequest,
    response: OriginResponse,
    verdict: 'failed' | 'too-many',
    origin: OriginStanding,
  ): Outcome {
    const { clock } = this.#options
    const asked = response.status === 503 || verdict === 'too-many' ? this.#askedMs(response) : 0
    if (verdict === 'too-many') origin.worked()
    else if (asked === 0) origin.failed(response)
    if (asked > maxPauseMs) return { kind: 'failed', end: response, mayPass: false }
    // The limit that a user has reached is not that of the others.
    const isOfAll = verdict === 'failed' || !bearsCredentials(new Fields(request.fields))
    if (isOfAll) origin.pausedUntilMs = Math.max(origin.pausedUntilMs, clock.elapsed() + asked)
    else if (asked > 0) return { kind: 'answered', response }
    return { kind: 'failed', end: response, mayPass: true }
  }

  #askedMs({ fields }: OriginResponse): number {
    return retryAfterMs(new Fields(fields).get('retry-after'), this.#options.clock.now()) ?? 0
  }

  #pauseMs(origin: OriginStanding): number {
    return Math.max(0, origin.pausedUntilMs - this.#options.clock.elapsed())
  }

  #wait(ms: number): Promise<void> {
    if (this.#isClosed) return Promise.resolve()
    return new Promise((resolve) => {
      const wake = (): void => {
        callOff()
        this.#waiting.delete(wake)
        resolve()
      }
      const callOff = this.#options.timers.after(ms, wake)
      this.#waiting.add(wake)
    })
  }
}

/** A connection that is replaced at once costs the origin a retry as well. */
function counting(request: OriginRequest, origin: OriginStanding): OriginRequest {
  return { ...request, onRepeat: () => origin.budget.noteRetry() }
}

/** Faults that are ours or the client's say nothing of the origin. */
function faulted(fault: Fault, origin: OriginStanding): Outcome {
  if (showsLife(fault)) origin.worked()
  const mayPass = isTransient(fault)
  if (mayPass) origin.failed(fault)
  return { kind: 'failed', end: fault, mayPass }
}

/** A short answer is read to its end, so that its connection can be used again. */
function drop(end: OriginResponse | Fault): void {
  if (end instanceof Fault) return
  if (end.framing === 'none' || (end.declaredBytes ?? Infinity) <= maxDroppedBytes) end.consume(nowhere)
  else end.cancel()
}
