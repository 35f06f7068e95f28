import type { Clock, Timers } from '../base/clock.ts'
import { Fault } from '../base/faults.ts'
import type { RawFields } from '../http/fields.ts'
import type { TargetUri } from '../http/target-uri.ts'
import type { BodySink, Framing, OriginFetcher, OriginRequest, OriginResponse } from './origin-fetcher.ts'
import { TokenBucket, TokenQueue } from './token-bucket.ts'

export interface PaceOptions {
  readonly clock: Clock
  readonly timers: Timers
  /** Requests to one origin; Infinity: no limit. */
  readonly requestsPerSecond: number
  /** Content from one origin; Infinity: no limit. */
  readonly bytesPerSecond: number
}

/** Requests that wait for their turn at one origin; more are answered with `ORIGIN_BUSY`. */
const maxWaitingCount = 1_000
/** Who would wait longer is told at once. */
const longestWaitMs = 60_000
/** Origins that are remembered; beyond, one that nobody waits for is forgotten. */
const maxOriginCount = 2_000

/** The pace of one origin. */
interface Pace {
  readonly bucket: TokenBucket
  readonly requests: TokenQueue
  readonly content: { readonly bucket: TokenBucket; readonly queue: TokenQueue }
}

/** Keeps requests to each origin, and content from it, to a rate. Without any rate it is not there at all. */
export function createPacedFetcher(inner: OriginFetcher, options: PaceOptions): OriginFetcher {
  if (options.requestsPerSecond === Infinity && options.bytesPerSecond === Infinity) return inner
  return new PacedFetcher(inner, options)
}

class PacedFetcher implements OriginFetcher {
  readonly #inner: OriginFetcher
  readonly #options: PaceOptions
  readonly #paces = new Map<string, Pace>()
  readonly #refusals = new Set<() => void>()
  #isClosed = false

  constructor(inner: OriginFetcher, options: PaceOptions) {
    this.#inner = inner
    this.#options = options
  }

  async fetch(request: OriginRequest): Promise<OriginResponse> {
    const pace = this.#paceOf(request.target)
    const { requestsPerSecond, bytesPerSecond } = this.#options
    if (requestsPerSecond < Infinity) await this.#turn(pace, request)
    // A connection that is replaced at once costs the origin a request as well.
    const onRepeat = (): void => {
      pace.bucket.take(1)
      request.onRepeat?.()
    }
    const response = await this.#inner.fetch(requestsPerSecond < Infinity ? { ...request, onRepeat } : request)
    if (bytesPerSecond === Infinity || response.framing === 'none') return response
    return new PacedResponse(response, pace.content)
  }

  async close(): Promise<void> {
    this.#isClosed = true
    for (const refuse of this.#refusals) refuse()
    await this.#inner.close()
  }

  /** Resolves when the request may go; rejects with `ORIGIN_BUSY`. */
  #turn({ bucket, requests }: Pace, { target, isWanted }: OriginRequest): Promise<void> {
    const busy = (reason: string): Fault => new Fault('ORIGIN_BUSY', `${target.authority}: ${reason}`)
    if (requests.waitingCount >= maxWaitingCount) return Promise.reject(busy(`${maxWaitingCount} requests wait`))
    const { waitMs } = requests
    if (waitMs === 0 && !this.#isClosed) return new Promise((resolve) => requests.enter(resolve))
    if (waitMs > longestWaitMs || this.#isClosed) {
      return Promise.reject(busy(`its rate would let this request go in ${waitMs} ms`))
    }
    return new Promise((resolve, reject) => {
      let leave = (): void => {}
      const refuse = (): void => {
        leave()
        this.#refusals.delete(refuse)
        reject(busy('nobody waits for this request any more'))
      }
      this.#refusals.add(refuse)
      leave = requests.enter(() => {
        this.#refusals.delete(refuse)
        if (isWanted?.() !== false) return resolve()
        bucket.take(-1)
        refuse()
      })
    })
  }

  #paceOf({ scheme, authority }: TargetUri): Pace {
    const name = `${scheme}://${authority}`
    const known = this.#paces.get(name)
    if (known !== undefined) return known
    if (this.#paces.size >= maxOriginCount) this.#forgetOne()
    const { clock, timers, requestsPerSecond, bytesPerSecond } = this.#options
    const bucket = new TokenBucket(clock, requestsPerSecond)
    const bytes = new TokenBucket(clock, bytesPerSecond)
    const content = { bucket: bytes, queue: new TokenQueue(bytes, timers, 0) }
    const pace = { bucket, requests: new TokenQueue(bucket, timers, 1), content }
    this.#paces.set(name, pace)
    return pace
  }

  #forgetOne(): void {
    for (const [name, { requests, content }] of this.#paces) {
      if (requests.waitingCount + content.queue.waitingCount > 0) continue
      this.#paces.delete(name)
      return
    }
  }
}

/** A response that is paused while its origin has sent more than its rate. */
class PacedResponse implements OriginResponse {
  readonly status: number
  readonly fields: RawFields
  readonly framing: Framing
  readonly declaredBytes: number | undefined
  readonly requestedAt: number
  readonly receivedAt: number
  readonly #inner: OriginResponse
  readonly #pace: Pace['content']
  /** Leaves the queue; `undefined`: not in it. */
  #leave: (() => void) | undefined
  #isFull = false
  #isOver = false

  constructor(inner: OriginResponse, pace: Pace['content']) {
    this.status = inner.status
    this.fields = inner.fields
    this.framing = inner.framing
    this.declaredBytes = inner.declaredBytes
    this.requestedAt = inner.requestedAt
    this.receivedAt = inner.receivedAt
    this.#inner = inner
    this.#pace = pace
  }

  consume(sink: BodySink): void {
    this.#inner.consume({
      chunk: (bytes) => this.#take(bytes, sink),
      end: (trailers) => {
        this.#finish()
        sink.end(trailers)
      },
      fail: (fault) => {
        this.#finish()
        sink.fail(fault)
      },
    })
  }

  resume(): void {
    this.#isFull = false
    if (this.#leave === undefined) this.#inner.resume()
  }

  cancel(): void {
    this.#finish()
    this.#inner.cancel()
  }

  #take(bytes: Buffer, sink: BodySink): boolean {
    const { bucket, queue } = this.#pace
    bucket.take(bytes.length)
    this.#isFull = !sink.chunk(bytes)
    if (this.#isOver || bucket.waitMs(0) === 0) return !this.#isFull
    this.#leave ??= queue.enter(() => {
      this.#leave = undefined
      if (!this.#isFull) this.#inner.resume()
    })
    return false
  }

  #finish(): void {
    this.#isOver = true
    this.#leave?.()
    this.#leave = undefined
  }
}
