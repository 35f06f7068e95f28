import type { Digest } from '../base/digest.ts'
import type { Fault } from '../base/faults.ts'
import type { RawFields } from '../http/fields.ts'
import type { TargetUri } from '../http/target-uri.ts'

/** Content flowing toward the origin; pulled by the fetcher, so that a slow origin slows the client. */
export interface RequestBody {
  /** Declared length; `undefined`: chunked. */
  readonly sizeBytes: number | undefined
  readonly chunks: AsyncIterable<Buffer>
}

export interface OriginRequest {
  readonly method: string
  readonly target: TargetUri
  /** End-to-end fields; no Host, no hop-by-hop or framing field. */
  readonly fields: RawFields
  readonly body?: RequestBody
  /** Called for each interim (1xx, but 101) response. */
  readonly onInterim?: (status: number, fields: RawFields) => void
  /** Called when a connection kept from before died without a word, and the request is sent again on a new one. */
  readonly onRepeat?: () => void
  /** Does anybody still wait for the response? Asked before each further attempt; without it, somebody does. */
  readonly isWanted?: () => boolean
  /** Where attempts are counted that are made for one response, however many requests they take. */
  readonly attempts?: Attempts
  /** On which terms may equivalent origins answer in place of the asked one? Without, or when it answers nothing, on none. */
  readonly mirrors?: () => MirrorTerms | undefined
}

export interface MirrorTerms {
  /** What is stored for the request: another origin's answer must be about the same version; `undefined`: nothing is. */
  readonly stored: StoredVersion | undefined
  /** Called with the authority of an origin that answers in place of the asked one. */
  readonly onMirror: (authority: string) => void
}

/** What tells a stored response from other versions. */
export interface StoredVersion {
  readonly fields: RawFields
  readonly sizeBytes: number
  /** Of the content as it is stored, codings included. */
  readonly digest: Digest | undefined
}

export interface Attempts {
  count: number
  /** What cut the response that this request goes on with; `undefined`: it is the first request. */
  cut: Fault | undefined
}

const idempotent = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE'])

/** Is the request safe to send twice (RFC 9110 section 9.2.2), when nothing was answered? Content may be gone by then. */
export function mayBeRepeated({ method, body }: OriginRequest): boolean {
  return body === undefined && idempotent.has(method)
}

/** Where a response's content goes. */
export interface BodySink {
  /** Takes a chunk that will not change afterwards. Answers `false` to pause the origin until `resume`. */
  chunk(bytes: Buffer): boolean
  /** The content is complete: declared length met, or last chunk seen, or the connection closed cleanly. */
  end(trailers: RawFields): void
  /** The content will never be complete. */
  fail(fault: Fault): void
}

/** How the end of the content is known. Only `length`, `chunked` and `none` prove completeness (CORRECTNESS M11). */
export type Framing = 'length' | 'chunked' | 'close' | 'none'

export interface OriginResponse {
  readonly status: number
  /** All fields but hop-by-hop ones, case and order kept. */
  readonly fields: RawFields
  readonly framing: Framing
  /** Declared length of the content in bytes, with framing `length`. */
  readonly declaredBytes: number | undefined
  /** Milliseconds since the epoch: when the request went out, when this head arrived. */
  readonly requestedAt: number
  readonly receivedAt: number
  /** Starts the flow into `sink`; called exactly once unless `cancel` is. Nothing is lost before it. */
  consume(sink: BodySink): void
  /** Goes on after a `false` from the sink. */
  resume(): void
  /** Gives up: the connection is closed, the sink hears nothing more. */
  cancel(): void
}

/** Gets one response from an origin, in one attempt. */
export interface OriginFetcher {
  /** Resolves at the final response head; rejects with a `Fault` of the ORIGIN family (or `CLIENT_LOOP`). */
  fetch(request: OriginRequest): Promise<OriginResponse>
  close(): Promise<void>
}
