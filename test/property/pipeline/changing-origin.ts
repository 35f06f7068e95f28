import type { Clock } from '../../../src/base/clock.ts'
import { Fault } from '../../../src/base/faults.ts'
import { parseEntityTag, parseEntityTags, strongMatch, weakMatch } from '../../../src/http/entity-tag.ts'
import { Fields } from '../../../src/http/fields.ts'
import { formatHttpDate } from '../../../src/http/http-date.ts'
import { resolveRange } from '../../../src/http/range.ts'
import type { BodySink, OriginFetcher, OriginRequest, OriginResponse } from '../../../src/upstream/origin-fetcher.ts'
import { readResponseHead } from '../../../src/upstream/response-head.ts'

/** What the origin gives all its responses. */
export const lifetimeSeconds = 5

/** How the origin tells one representation from the next. */
export type Validator = 'strong' | 'weak' | 'date' | 'none'

/** One state of the resource at the origin. */
export interface Representation {
  readonly number: number
  readonly bytes: Buffer
  readonly validator: Validator
}

/** Bytes that no other representation has at the same position. */
export function representation(number: number, sizeBytes: number, validator: Validator): Representation {
  const bytes = Buffer.from(Array.from({ length: sizeBytes }, (_, at) => (number * 31 + at * 7) & 0xff))
  return { number, bytes, validator }
}

export function tagOf({ validator, number }: Representation): string | undefined {
  if (validator === 'strong') return `"${number}"`
  return validator === 'weak' ? 'W/"same"' : undefined
}

/** One thing that the origin is about to do. */
interface Pending {
  next(): void
  cut(): void
}

/**
 * An honest origin whose one resource changes, and which does nothing unless it is told to: each `step` sends the head of a
 * response or another piece of a body. A response is about the representation that was there when its head was sent.
 */
export class ChangingOrigin implements OriginFetcher {
  readonly #clock: Clock
  readonly #pieceBytes = 7
  readonly #pending: Pending[] = []
  readonly all: Representation[] = []
  /** When each of `all` ceased to be the present one. */
  readonly #endedAt: number[] = []

  constructor(clock: Clock, first: Representation) {
    this.#clock = clock
    this.all.push(first)
  }

  get now(): Representation {
    return this.all.at(-1)!
  }

  get busy(): boolean {
    return this.#pending.length > 0
  }

  change(sizeBytes: number, validator: Validator): void {
    this.#endedAt.push(this.#clock.now())
    this.all.push(representation(this.all.length, sizeBytes, validator))
  }

  /** Was this the present representation at `at` or later? */
  wasPresentSince({ number }: Representation, at: number): boolean {
    return (this.#endedAt[number] ?? Number.POSITIVE_INFINITY) >= at
  }

  /** Goes on with one of the things under way. */
  step(which: number): void {
    if (this.busy) this.#pending[which % this.#pending.length]!.next()
  }

  /** Breaks the connection of one of the things under way. */
  cut(which: number): void {
    if (this.busy) this.#pending[which % this.#pending.length]!.cut()
  }

  fetch(request: OriginRequest): Promise<OriginResponse> {
    const requestedAt = this.#clock.now()
    return new Promise((resolve, reject) => {
      const pending: Pending = {
        next: () => {
          this.#drop(pending)
          resolve(this.#answer(request, requestedAt))
        },
        cut: () => {
          this.#drop(pending)
          reject(new Fault('ORIGIN_CONNECTION_LOST', 'cut before the head'))
        },
      }
      this.#pending.push(pending)
    })
  }

  async close(): Promise<void> {}

  #drop(pending: Pending): void {
    const at = this.#pending.indexOf(pending)
    if (at !== -1) this.#pending.splice(at, 1)
  }

  #answer(request: OriginRequest, requestedAt: number): OriginResponse {
    const { status, fields, bytes } = answerOf(this.now, new Fields(request.fields), this.#clock.now())
    const head = readResponseHead(request.method, status, fields)
    if (typeof head === 'string') throw new Error(head)
    const flow = new Flow(bytes, this.#pieceBytes, (one) => this.#drop(one))
    return {
      status,
      ...head,
      requestedAt,
      receivedAt: this.#clock.now(),
      consume: (sink) => {
        this.#pending.push(flow)
        flow.begin(sink)
      },
      resume: () => {},
      cancel: () => this.#drop(flow),
    }
  }
}

/** What the origin says to a GET with these fields (RFC 9110 sections 13 and 14). */
function answerOf(
  now: Representation,
  request: Fields,
  at: number,
): { status: number; fields: string[]; bytes: Buffer } {
  const fields = [
    'Date',
    formatHttpDate(at),
    'Cache-Control',
    `max-age=${lifetimeSeconds}`,
    'X-Number',
    String(now.number),
  ]
  const tag = tagOf(now)
  if (tag !== undefined) fields.push('ETag', tag)
  if (now.validator === 'date') fields.push('Last-Modified', formatHttpDate(Date.UTC(2020, 0, 1 + now.number)))
  const known = parseEntityTags(request.get('if-none-match') ?? '')
  const own = parseEntityTag(tag)
  if (known !== '*' && known.some((one) => weakMatch(one, own))) return { status: 304, fields, bytes: Buffer.alloc(0) }
  const since = request.get('if-modified-since')
  if (!request.has('if-none-match') && since !== undefined && since === new Fields(fields).get('last-modified')) {
    return { status: 304, fields, bytes: Buffer.alloc(0) }
  }
  const condition = request.get('if-range')
  const mayRange = condition === undefined || strongMatch(parseEntityTag(condition), own)
  const range = resolveRange(mayRange ? request.get('range') : undefined, now.bytes.length)
  if (range.kind === 'unsatisfiable') {
    return withLength(416, [...fields, 'Content-Range', `bytes */${now.bytes.length}`], Buffer.alloc(0))
  }
  if (range.kind === 'whole') return withLength(200, fields, now.bytes)
  const contentRange = `bytes ${range.first}-${range.last}/${now.bytes.length}`
  return withLength(206, [...fields, 'Content-Range', contentRange], now.bytes.subarray(range.first, range.last + 1))
}

function withLength(
  status: number,
  fields: string[],
  bytes: Buffer,
): { status: number; fields: string[]; bytes: Buffer } {
  return { status, fields: [...fields, 'Content-Length', String(bytes.length)], bytes }
}

/** A body on its way, a piece with each step. */
class Flow implements Pending {
  readonly #bytes: Buffer
  readonly #pieceBytes: number
  readonly #drop: (flow: Flow) => void
  #sentBytes = 0
  #sink: BodySink | undefined

  constructor(bytes: Buffer, pieceBytes: number, drop: (flow: Flow) => void) {
    this.#bytes = bytes
    this.#pieceBytes = pieceBytes
    this.#drop = drop
  }

  begin(sink: BodySink): void {
    this.#sink = sink
  }

  next(): void {
    if (this.#sentBytes >= this.#bytes.length) {
      this.#drop(this)
      this.#sink!.end([])
      return
    }
    const piece = this.#bytes.subarray(this.#sentBytes, this.#sentBytes + this.#pieceBytes)
    this.#sentBytes += piece.length
    this.#sink!.chunk(piece)
  }

  cut(): void {
    this.#drop(this)
    this.#sink!.fail(new Fault('ORIGIN_TRUNCATED', `cut after ${this.#sentBytes} bytes`))
  }
}
