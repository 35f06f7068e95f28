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
import type { OriginHealth } from './origin-health.ts'
import type { OriginStanding } from './origin-standing.ts'
import { OriginStandings } from './origin-standings.ts'
import { backOffMs, isTransient, judgeStatus, type Random, showsLife } from './retry-schedule.ts'
import { Waits } from './waits.ts'

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
  health(): readonly OriginHealth[]
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
  readonly #waits: Waits

  constructor(inner: OriginFetcher, options: RetryOptions) {
    this.#inner = inner
    this.#options = options
    this.#waits = new Waits(options.timers)
    this.#standings = new OriginStandings(options.clock, options.budgetShare, options.observer)
  }

  health(): readonly OriginHealth[] {
    return this.#standings.health()
  }

  broke(target: TargetUri, fault: Fault): void {
    if (!this.#waits.isClosed) this.#standings.of(target).gaveUp(fault)
  }

  /** Without a promise more than it takes where the first answer is final: all misses pass here. */
  fetch(request: OriginRequest): Promise<OriginResponse> {
    const origin = this.#standings.of(request.target)
    const cut = request.attempts?.cut
    if (cut !== undefined) {
      const outcome = this.#repeat(request, origin, { kind: 'failed', end: cut, mayPass: true })
      return outcome.then((last) => this.#concluded(last, origin))
    }
    origin.budget.noteRequest()
    const mayRepeat = mayBeRepeated(request)
    if (mayRepeat ? origin.admits() : origin.admitsAtOnce()) return this.#ask(request, origin, mayRepeat)
    if (!mayRepeat) return Promise.reject(this.#leftAlone(origin))
    return this.#getsTurn(request, origin).then((itDoes) => {
      if (!itDoes) throw this.#leftAlone(origin)
      return this.#ask(request, origin, true)
    })
  }

  #ask(request: OriginRequest, origin: OriginStanding, mayRepeat: boolean): Promise<OriginResponse> {
    if (mayRepeat && request.attempts !== undefined) request.attempts.count += 1
    const ended = (first: Outcome): OriginResponse | Promise<OriginResponse> => {
      if (first.kind === 'answered' || !mayRepeat) return this.#concluded(first, origin)
      return this.#repeat(request, origin, first).then((last) => this.#concluded(last, origin))
    }
    return this.#answer(mayRepeat ? counting(request, origin) : request).then(
      (response) => ended(this.#judged(request, response, origin)),
      (error) => ended(faulted(asFault(error), origin)),
    )
  }

  /** The last answer goes on as it came; throws the last fault. */
  #concluded(outcome: Outcome, origin: OriginStanding): OriginResponse {
    if (outcome.kind === 'answered') return outcome.response
    if (!this.#waits.isClosed) origin.gaveUp(outcome.end)
    if (outcome.end instanceof Fault) throw outcome.end
    return outcome.end
  }

  #leftAlone(origin: OriginStanding): Fault {
    const fault = leftAlone(origin)
    if (!this.#waits.isClosed) origin.gaveUp(fault)
    return fault
  }

  /** Waits until an origin may be asked that may not be now; `false`: that will not be soon. */
  async #getsTurn(request: OriginRequest, origin: OriginStanding): Promise<boolean> {
    const { clock, random, maxAttemptCount } = this.#options
    const lastMs = clock.elapsed() + maxRequestMs
    for (let waits = 0; ; waits += 1) {
      const waitMs = origin.waitMs + backOffMs(waits + 2, random)
      if (origin.isGivenUp || waits >= maxAttemptCount || clock.elapsed() + waitMs > lastMs) return false
      await this.#waits.wait(waitMs)
      if (this.#waits.isClosed || request.isWanted?.() === false) return false
      if (origin.admits()) return true
    }
  }

  async close(): Promise<void> {
    this.#waits.close()
    await this.#inner.close()
  }

  /** Goes on after `outcome`. An attempt that the origin's standing does not admit counts, but waits for the next: the origin may be back by then. */
  async #repeat(request: OriginRequest, origin: OriginStanding, outcome: Outcome): Promise<Outcome> {
    const { clock, random, maxAttemptCount } = this.#options
    const lastMs = clock.elapsed() + maxRequestMs
    const attempts = request.attempts ?? { count: 1, cut: undefined }
    let last = outcome
    while (last.kind === 'failed' && last.mayPass && attempts.count < maxAttemptCount && origin.budget.hasRoom) {
      attempts.count += 1
      const waitMs = origin.waitMs + backOffMs(attempts.count, random)
      if (clock.elapsed() + waitMs > lastMs) break
      await this.#waits.wait(waitMs)
      if (this.#waits.isClosed || request.isWanted?.() === false || !origin.budget.hasRoom) break
      if (!origin.admits()) continue
      drop(last.end)
      origin.budget.noteRetry()
      last = await this.#attempt(counting(request, origin), origin)
    }
    return last
  }

  #attempt(request: OriginRequest, origin: OriginStanding): Promise<Outcome> {
    return this.#answer(request).then(
      (response) => this.#judged(request, response, origin),
      (error) => faulted(asFault(error), origin),
    )
  }

  /** Never throws: what an origin was admitted for must be told how it ended. */
  #answer(request: OriginRequest): Promise<OriginResponse> {
    try {
      return this.#inner.fetch(request)
    } catch (error) {
      return Promise.reject(error)
    }
  }

  #judged(request: OriginRequest, response: OriginResponse, origin: OriginStanding): Outcome {
    const verdict = judgeStatus(request, response.status)
    if (verdict === 'works') origin.worked()
    if (verdict === 'unclear') origin.tried()
    if (verdict === 'works' || verdict === 'unclear') return { kind: 'answered', response }
    return this.#answeredBadly(request, response, verdict, origin)
  }

  /** Who says when to come back is alive: its circuit stays as it is, unless it says so again and again. */
  #answeredBadly(
    request: OriginRequest,
    response: OriginResponse,
    verdict: 'failed' | 'too-many',
    origin: OriginStanding,
  ): Outcome {
    const asked = response.status === 503 || verdict === 'too-many' ? this.#askedMs(response) : 0
    // The limit that a user has reached is not that of the others.
    const isOfOne = verdict === 'too-many' && bearsCredentials(new Fields(request.fields))
    if (isOfOne && asked > 0) {
      origin.worked()
      return { kind: 'answered', response }
    }
    if (asked > 0 && asked <= maxPauseMs) origin.askedToWait(response, asked)
    else if (verdict === 'too-many') origin.worked()
    else if (asked === 0) origin.failed(response)
    return { kind: 'failed', end: response, mayPass: asked <= maxPauseMs }
  }

  #askedMs({ fields }: OriginResponse): number {
    return retryAfterMs(new Fields(fields).get('retry-after'), this.#options.clock.now()) ?? 0
  }
}

function leftAlone({ name, isLeftAlone }: OriginStanding): Fault {
  const reason = isLeftAlone ? 'failed again and again' : 'asks again and again to be left alone for a while'
  return new Fault('ORIGIN_CIRCUIT_OPEN', `${name} ${reason}`)
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
  else origin.tried()
  return { kind: 'failed', end: fault, mayPass }
}

/** A short answer is read to its end, so that its connection can be used again. */
function drop(end: OriginResponse | Fault): void {
  if (end instanceof Fault) return
  if (end.framing === 'none' || (end.declaredBytes ?? Infinity) <= maxDroppedBytes) end.consume(nowhere)
  else end.cancel()
}
