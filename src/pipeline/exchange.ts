import type { Fault } from '../base/faults.ts'
import type { Result, Stored } from '../base/results.ts'
import type { ClassRule } from '../ecosystem/class-rule.ts'
import type { Fields, RawFields } from '../http/fields.ts'
import type { BytePart } from '../http/range.ts'
import type { Scheme, TargetUri } from '../http/target-uri.ts'
import type { ByteSource } from '../store/blob-store.ts'
import type { Flight } from '../upstream/flights.ts'
import type { OriginResponse, RequestBody } from '../upstream/origin-fetcher.ts'
import type { CachedResponse } from './cached-response.ts'
import type { Deliverable } from './deliverable.ts'
import type { FlightOutcome } from './flight-outcome.ts'
import type { StepName } from './transitions.ts'

/** Who asks. */
export interface ClientIdentity {
  readonly address: string
  readonly userAgent: string | undefined
}

/** The server that a tunnel was opened to; every request inside must be for it (CORRECTNESS T09). */
export interface TunnelTarget {
  readonly scheme: Scheme
  readonly host: string
  readonly port: number
}

/** A request as it was read from the wire, before any judgement. */
export interface ReceivedRequest {
  readonly method: string
  /** The request target as sent: absolute-form, or origin-form inside a tunnel. */
  readonly requestTarget: string
  readonly httpVersion: '1.0' | '1.1' | string
  readonly fields: Fields
  /** Content, when the request has some; not read before the framing gate passed. */
  readonly body: RequestBody | undefined
  readonly client: ClientIdentity
  readonly tunnel: TunnelTarget | undefined
  /** No client waits: a background validation. */
  readonly background?: boolean
}

/** How the length of a response is told to the client. */
export interface ResponseHead {
  readonly status: number
  /** All fields to send but framing ones (Content-Length, Transfer-Encoding, Connection). */
  readonly fields: RawFields
  /** Content-Length; `undefined`: chunked. `close`: ended by closing the connection. `none`: no content and no length. */
  readonly length: number | undefined | 'close' | 'none'
  /** Close the client's connection after this response (CORRECTNESS T15). */
  readonly closeAfter?: boolean
}

/** The client's side of an exchange; knows no server library. */
export interface ClientResponse {
  readonly headSent: boolean
  /** Status sent; 0 before. */
  readonly status: number
  /** The connection went away before the response was complete. */
  readonly aborted: boolean
  /** The client left, or the connection was destroyed. */
  readonly closed: boolean
  /** Bytes of content handed over so far. */
  readonly sentBytes: number
  /** Sends head and whole content in one go. */
  sendWhole(head: ResponseHead, content: Buffer): void
  sendHead(head: ResponseHead): void
  /** Hands a chunk over; `flushed` is called once it left this process (or the connection is gone). */
  write(chunk: Buffer, flushed: () => void): void
  /** Ends a complete response. */
  end(trailers?: RawFields): void
  sendInterim(status: number, fields: RawFields): void
  /** Breaks the connection visibly: what was sent must not look complete (CORRECTNESS M1). */
  destroy(): void
  /** Calls back once, when the response is fully sent or the connection is gone. */
  onClose(listener: () => void): void
}

/** A fill that an exchange began, and that may go on when its client has everything. */
export interface Filling {
  /** Calls back once, when the fill is over; with `yes` only after the commit. */
  onStored(listener: (stored: Stored) => void): void
}

/** One request and its response: our unit of work and of logging. Steps fill it in as they go. */
export class Exchange {
  readonly id: string
  readonly request: ReceivedRequest
  readonly response: ClientResponse
  /** Milliseconds since the epoch, and on the monotonic clock. */
  readonly receivedAt: number
  readonly startedMs: number
  readonly trail: StepName[] = []

  // receive
  target: TargetUri | undefined = undefined
  // classify
  rule: ClassRule | undefined = undefined
  key = ''
  /** Is the origin asked for uncoded content, whatever this client accepts? Then all clients share it. */
  uncoded = false
  /** The target without a signature that everybody may have; `undefined`: the target as it is. */
  recordUrl: string | undefined = undefined
  // lookup
  /** All stored variants under the key. */
  variants: readonly CachedResponse[] = []
  /** The stored response that fits the request but must be validated. */
  candidate: CachedResponse | undefined = undefined
  flightKey = ''
  /** Invalidations, of whatever key, before the origin was asked. */
  invalidationCount = 0
  // fetch, revalidate
  /** The flight that this exchange leads; `undefined`: it fetches for itself alone. */
  flight: Flight<FlightOutcome> | undefined = undefined
  upstream: OriginResponse | undefined = undefined
  /** The origin that answered in place of the asked one, such as `mirror.example.org`. */
  mirror: string | undefined = undefined
  upstreamFields: Fields | undefined = undefined
  /** What the origin's response brings, when it is a part to be stored. */
  part: BytePart | undefined = undefined
  /** Is the whole fetched of which `part` came first? */
  wantsWhole = false
  // what deliver sends
  delivery: Deliverable | undefined = undefined
  source: ByteSource | undefined = undefined
  ttlSeconds: number | undefined = undefined
  // what finish reports
  result: Result = 'failed'
  filled: Filling | undefined = undefined
  stored: Stored | undefined = undefined
  fault: Fault | undefined = undefined
  firstByteMs = -1
  originBytes = 0
  savedMs = 0
  /** Nothing more will happen, its fill included. */
  isOver = false
  #listeners: (() => void)[] | undefined

  constructor(id: string, request: ReceivedRequest, response: ClientResponse, receivedAt: number, startedMs: number) {
    this.id = id
    this.request = request
    this.response = response
    this.receivedAt = receivedAt
    this.startedMs = startedMs
  }

  /** Calls back once, when it is over. */
  onOver(listener: () => void): void {
    if (this.isOver) return listener()
    this.#listeners ??= []
    this.#listeners.push(listener)
  }

  /** For the pipeline: it is over. */
  over(): void {
    this.isOver = true
    const listeners = this.#listeners
    if (listeners === undefined) return
    this.#listeners = undefined
    for (const listener of listeners) listener()
  }
}
