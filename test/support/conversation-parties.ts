import type { Clock } from '../../src/base/clock.ts'
import { Fault } from '../../src/base/faults.ts'
import type { RawFields } from '../../src/http/fields.ts'
import type { ClientResponse, ResponseHead } from '../../src/pipeline/exchange.ts'
import type { BodySink, OriginFetcher, OriginRequest, OriginResponse } from '../../src/upstream/origin-fetcher.ts'
import { readResponseHead } from '../../src/upstream/response-head.ts'
import { type Line, startAt, withDates } from './conversation-script.ts'

/** A clock that stands still until it is moved. */
export class StillClock implements Clock {
  #nowMs = startAt
  now = (): number => this.#nowMs
  elapsed = (): number => this.#nowMs - startAt
  pass(ms: number): void {
    this.#nowMs += ms
  }
}

type Answer = Extract<Line, { who: 'origin' }>
type Interim = Extract<Line, { who: 'origin interim' }>

/** An origin that says what the script has it say, one answer a request, and knows nothing else. */
export class ScriptedOrigin implements OriginFetcher {
  readonly #clock: StillClock
  readonly #answers: { readonly answer: Answer; readonly interims: readonly Interim[] }[] = []
  readonly requests: OriginRequest[] = []
  /** Requests for which the script had no answer. */
  readonly unexpected: OriginRequest[] = []
  /** Answers wait for it. */
  readyToSpeak: Promise<void> = Promise.resolve()

  constructor(clock: StillClock) {
    this.#clock = clock
  }

  get leftCount(): number {
    return this.#answers.length
  }

  willAnswer(answer: Answer, interims: readonly Interim[]): void {
    this.#answers.push({ answer, interims })
  }

  async fetch(request: OriginRequest): Promise<OriginResponse> {
    this.requests.push(request)
    for await (const _ of request.body?.chunks ?? []);
    const next = this.#answers.shift()
    if (next === undefined) {
      this.unexpected.push(request)
      throw new Fault('ORIGIN_CONNECT_REFUSED', 'the script has no answer for this request')
    }
    const requestedAt = this.#clock.now()
    await this.readyToSpeak
    for (const interim of next.interims) request.onInterim?.(interim.status, interim.parts.fields)
    this.#clock.pass(next.answer.delayMs)
    const { status } = next.answer
    if (typeof status === 'string') throw new Fault(status, 'origin.test fails')
    return this.#response(request, next.answer, status, requestedAt)
  }

  #response(request: OriginRequest, { parts }: Answer, status: number, requestedAt: number): OriginResponse {
    const receivedAt = this.#clock.now()
    const fields = parts.fields.map((text) => withDates(text, receivedAt))
    const content = Buffer.from(parts.body ?? '')
    const has = (name: string): boolean => fields.some((text, i) => i % 2 === 0 && text.toLowerCase() === name)
    if (!has('date') && !parts.absent.includes('date')) fields.push('Date', withDates('<now>', receivedAt))
    if (parts.framing === 'chunked') fields.push('Transfer-Encoding', 'chunked')
    else if (parts.framing === 'length' && request.method !== 'HEAD' && status !== 204 && status !== 304) {
      if (!has('content-length')) fields.push('Content-Length', String(content.length))
    }
    const head = readResponseHead(request.method, status, fields)
    if (typeof head === 'string') throw new Fault('ORIGIN_RESPONSE_INVALID', head)
    const sent = parts.cutBytes === undefined ? content : content.subarray(0, parts.cutBytes)
    const flow = (sink: BodySink): void => {
      if (sent.length > 0 && head.framing !== 'none') sink.chunk(sent)
      if (parts.cutBytes === undefined) sink.end(parts.trailers)
      else sink.fail(new Fault('ORIGIN_TRUNCATED', `cut after ${parts.cutBytes} bytes`))
    }
    // As from a socket: content never comes in the turn in which it is asked for.
    const consume = (sink: BodySink): void => void setImmediate(() => flow(sink))
    return { status, ...head, requestedAt, receivedAt, consume, resume: () => {}, cancel: () => {} }
  }

  async close(): Promise<void> {}
}

/** What a client got. */
export class RecordingClient implements ClientResponse {
  readonly interims: { readonly status: number; readonly fields: RawFields }[] = []
  head: ResponseHead | undefined
  trailers: RawFields = []
  complete = false
  aborted = false
  readonly #chunks: Buffer[] = []
  readonly #listeners: (() => void)[] = []
  readonly #isHead: boolean

  constructor(method: string) {
    this.#isHead = method === 'HEAD'
  }

  get headSent(): boolean {
    return this.head !== undefined
  }

  get status(): number {
    return this.head?.status ?? 0
  }

  get closed(): boolean {
    return this.complete || this.aborted
  }

  get content(): Buffer {
    return Buffer.concat(this.#chunks)
  }

  get sentBytes(): number {
    return this.content.length
  }

  sendWhole(head: ResponseHead, content: Buffer): void {
    this.sendHead(head)
    this.#take(content)
    this.end()
  }

  sendHead(head: ResponseHead): void {
    if (this.head !== undefined) throw new Error('a second head')
    this.head = head
  }

  write(chunk: Buffer, flushed: () => void): void {
    this.#take(chunk)
    setImmediate(flushed)
  }

  end(trailers: RawFields = []): void {
    this.trailers = trailers
    this.complete = true
    this.#settle()
  }

  sendInterim(status: number, fields: RawFields): void {
    this.interims.push({ status, fields })
  }

  /** Breaks the connection; the client may do so as well. */
  destroy(): void {
    if (this.complete) return
    this.aborted = true
    this.#settle()
  }

  onClose(listener: () => void): void {
    if (this.closed) listener()
    else this.#listeners.push(listener)
  }

  /** As the servers do it: what answers HEAD has no content. */
  #take(bytes: Buffer): void {
    if (!this.#isHead) this.#chunks.push(Buffer.from(bytes))
  }

  #settle(): void {
    for (const listener of this.#listeners.splice(0)) listener()
  }
}
