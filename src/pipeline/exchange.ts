import type { Fault } from '../base/faults.ts'
import type { Result, Stored } from '../base/results.ts'
import type { Fields, RawFields } from '../http/fields.ts'
import type { Scheme, TargetUri } from '../http/target-uri.ts'
import type { RequestBody } from '../upstream/origin-fetcher.ts'
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
}

/** How the length of a response is told to the client. */
export interface ResponseHead {
  readonly status: number
  /** All fields to send but framing ones (Content-Length, Transfer-Encoding, Connection). */
  readonly fields: RawFields
  /** Content-Length; `undefined`: chunked. `close`: ended by closing the connection. `none`: no content and no length. */
  readonly length: number | undefined | 'close' | 'none'
}

/** The client's side of an exchange; knows no server library. */
export interface ClientResponse {
  readonly headSent: boolean
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

/** One request and its response: our unit of work and of logging. Steps fill it in as they go. */
export class Exchange {
  readonly id: string
  readonly request: ReceivedRequest
  readonly response: ClientResponse
  /** Milliseconds since the epoch, and on the monotonic clock. */
  readonly receivedAt: number
  readonly startedMs: number
  readonly trail: StepName[] = []

  target: TargetUri | undefined
  result: Result = 'failed'
  stored: Stored | undefined
  fault: Fault | undefined
  rule = 'rfc'
  firstByteMs = -1
  originBytes = 0
  savedMs = 0

  constructor(id: string, request: ReceivedRequest, response: ClientResponse, receivedAt: number, startedMs: number) {
    this.id = id
    this.request = request
    this.response = response
    this.receivedAt = receivedAt
    this.startedMs = startedMs
  }
}
