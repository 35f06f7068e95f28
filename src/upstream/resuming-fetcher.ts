import { type Digest, toldDigest } from '../base/digest.ts'
import { asFault, Fault } from '../base/faults.ts'
import { Fields, hasField, type RawFields } from '../http/fields.ts'
import type { TargetUri } from '../http/target-uri.ts'
import type { BodySink, Framing, OriginFetcher, OriginRequest, OriginResponse } from './origin-fetcher.ts'
import { proving } from './proven-response.ts'
import { type ResumePoint, resumePoint, strongTag } from './resume-point.ts'
import { isTransient } from './retry-schedule.ts'

/** Called when a response of an origin ends within its content for good. */
export type OnBroken = (target: TargetUri, fault: Fault) => void

/** Lets a response whose content was cut go on in another one, where both are surely of one version; else the cut stays visible. */
export function createResumingFetcher(inner: OriginFetcher, broke: OnBroken = () => {}): OriginFetcher {
  return {
    fetch: (request) => {
      if (request.method !== 'GET' || request.body !== undefined) return inner.fetch(request)
      const counted = { ...request, attempts: { count: 0, cut: undefined } }
      const resumed = (response: OriginResponse): OriginResponse =>
        canBeCut(response) ? new ResumedResponse(inner, counted, response, broke) : response
      return inner.fetch(counted).then(resumed)
    },
    close: () => inner.close(),
  }
}

function canBeCut({ status, framing }: OriginResponse): boolean {
  return (status === 200 || status === 206) && (framing === 'length' || framing === 'chunked')
}

/** What the origin says that the whole is, where no tag says of a further response that it is about the same (RFC 9530 section 3). */
function digestToProve({ status, fields }: OriginResponse): Digest | undefined {
  if (status !== 200 || !hasField(fields, 'repr-digest')) return undefined
  const told = new Fields(fields)
  return strongTag(told) === undefined ? toldDigest(told.get('repr-digest')) : undefined
}

type CountedRequest = OriginRequest & { readonly attempts: NonNullable<OriginRequest['attempts']> }

/** One response to those that read it, whose content may come in several pieces. */
class ResumedResponse implements OriginResponse {
  readonly status: number
  readonly fields: RawFields
  readonly framing: Framing
  readonly declaredBytes: number | undefined
  readonly requestedAt: number
  readonly receivedAt: number
  readonly #inner: OriginFetcher
  readonly #broke: OnBroken
  readonly #request: CountedRequest
  readonly #first: OriginResponse
  readonly #digest: Digest | undefined
  #current: OriginResponse
  #sink: BodySink | undefined
  #hadBytes = 0
  #skipBytes = 0
  /** What all pieces have together, once a further one has told. */
  #totalBytes: number | undefined
  #cancelled = false

  constructor(inner: OriginFetcher, request: CountedRequest, response: OriginResponse, broke: OnBroken) {
    this.status = response.status
    this.fields = response.fields
    this.framing = response.framing
    this.declaredBytes = response.declaredBytes
    this.requestedAt = response.requestedAt
    this.receivedAt = response.receivedAt
    this.#inner = inner
    this.#broke = broke
    this.#request = request
    this.#first = response
    this.#digest = digestToProve(response)
    this.#current = response
  }

  consume(sink: BodySink): void {
    this.#sink = this.#digest === undefined ? sink : proving(sink, this.#digest, this.#unlike)
    this.#read(this.#current)
  }

  resume(): void {
    this.#current.resume()
  }

  cancel(): void {
    this.#cancelled = true
    this.#current.cancel()
  }

  get #unlike(): string {
    return `${this.#request.target.authority}: the content has not the digest that was told before it`
  }

  #read(response: OriginResponse): void {
    response.consume({
      chunk: (bytes) => this.#take(bytes),
      end: (trailers) => this.#end(trailers),
      fail: (fault) => void this.#goOn(fault),
    })
  }

  #take(bytes: Buffer): boolean {
    const skipped = Math.min(this.#skipBytes, bytes.length)
    this.#skipBytes -= skipped
    if (skipped === bytes.length) return true
    this.#hadBytes += bytes.length - skipped
    return this.#sink!.chunk(skipped === 0 ? bytes : bytes.subarray(skipped))
  }

  #end(trailers: RawFields): void {
    if (this.#totalBytes === undefined || this.#totalBytes === this.#hadBytes) return this.#sink!.end(trailers)
    const text = `${this.#hadBytes} bytes came in all, not ${this.#totalBytes}`
    this.#sink!.fail(new Fault('ORIGIN_TRUNCATED', `${this.#request.target.authority}: ${text}`))
  }

  async #goOn(cut: Fault): Promise<void> {
    const next = await this.#further(cut)
    if (this.#cancelled) {
      if (!(next instanceof Fault)) next.cancel()
    } else if (next instanceof Fault) this.#sink!.fail(next)
    else {
      this.#current = next
      this.#read(next)
    }
  }

  /** The response that goes on after the cut, or the fault with which it all ends. */
  async #further(cut: Fault): Promise<OriginResponse | Fault> {
    if (!isTransient(cut)) return this.#broken(cut, 'another attempt would meet the same')
    const point = resumePoint(this.#request, this.#first, this.#hadBytes, this.#digest !== undefined)
    if (typeof point === 'string') return this.#broken(cut, point)
    const { attempts, isWanted } = this.#request
    attempts.cut = cut
    let next: OriginResponse
    try {
      next = await this.#inner.fetch({
        ...this.#request,
        fields: point.requestFields,
        isWanted: () => !this.#cancelled && isWanted?.() !== false,
      })
    } catch (error) {
      return asFault(error)
    }
    const fitting = this.#fitting(point, next)
    if (typeof fitting === 'string') {
      next.cancel()
      return this.#broken(cut, fitting)
    }
    this.#skipBytes = fitting.skipBytes
    this.#totalBytes = fitting.totalBytes
    return next
  }

  #fitting(point: ResumePoint, next: OriginResponse): ReturnType<ResumePoint['fits']> {
    const fitting = point.fits(next)
    if (typeof fitting === 'string' || this.#totalBytes === undefined) return fitting
    return fitting.totalBytes === this.#totalBytes ? fitting : 'its length changed once more'
  }

  #broken(cut: Fault, reason: string): Fault {
    const fault = new Fault(cut.code, `${cut.message}; it could not go on: ${reason}`, { cause: cut })
    this.#broke(this.#request.target, fault)
    return fault
  }
}
