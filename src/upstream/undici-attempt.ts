import type { Dispatcher } from 'undici'
import { Fault } from '../base/faults.ts'
import type { RawFields } from '../http/fields.ts'
import type { OriginRequest, OriginResponse } from './origin-fetcher.ts'
import { isMalformed, responseFault } from './response-faults.ts'
import { ResponseFlow } from './response-flow.ts'
import { readResponseHead } from './response-head.ts'
import type { Line, LineAware } from './undici-origin-line.ts'

/** Interim responses beyond this are an attack or an error. */
const maxInterimCount = 100

export interface AttemptOutcome {
  resolve(response: OriginResponse): void
  /** `stale`: a connection kept from before died without a byte of response, so the request may be sent again. */
  reject(fault: Fault, stale: boolean): void
  /** Called once, when nothing more will happen on the connection. */
  over(): void
}

/** One request on one connection, from being sent to the end of its response. */
export class Attempt implements Dispatcher.DispatchHandler, LineAware {
  line: () => Line | undefined = () => undefined
  readonly #request: OriginRequest
  readonly #now: () => number
  readonly #outcome: AttemptOutcome
  #controller: Dispatcher.DispatchController | undefined
  #requestedAt = 0
  #reused = false
  #answered = false
  #interimCount = 0
  #flow: ResponseFlow | undefined
  #arrivedBytes = 0
  /** The piece that completes the declared length: held back until nothing can stand behind it. */
  #last: Buffer | undefined

  constructor(request: OriginRequest, now: () => number, outcome: AttemptOutcome) {
    this.#request = request
    this.#now = now
    this.#outcome = outcome
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    this.#requestedAt = this.#now()
    const line = this.line()
    if (line === undefined) return
    this.#reused = ++line.requestCount > 1
    line.awaitsHead = true
  }

  onResponseStarted(): void {
    this.#answered = true
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number): void {
    const raw = textOf(controller.rawHeaders)
    if (status < 200) return this.#interim(status, raw)
    const { method, target } = this.#request
    const head = readResponseHead(method, status, raw)
    if (typeof head === 'string') {
      return controller.abort(new Fault('ORIGIN_RESPONSE_INVALID', `${target.authority}: ${head}`))
    }
    this.#flow = new ResponseFlow(status, head, this.#requestedAt, this.#now(), {
      pause: () => controller.pause(),
      // Later, as undici must not be resumed from inside another connection's parser.
      resume: () => queueMicrotask(() => controller.resume()),
      abort: () => controller.abort(new Fault('ORIGIN_CONNECTION_LOST', 'given up')),
    })
    this.#outcome.resolve(this.#flow)
  }

  onResponseData(_controller: Dispatcher.DispatchController, bytes: Buffer): void {
    const flow = this.#flow!
    this.#arrivedBytes += bytes.length
    if (this.#arrivedBytes === flow.declaredBytes) this.#last = bytes
    else flow.take(bytes)
  }

  /** The response looks complete; whether it is, shows when the rest of what was read has been parsed. */
  onResponseEnd(controller: Dispatcher.DispatchController): void {
    const line = this.line()
    // Two steps, so that it comes after undici's own: then the connection is free again for a request made at once.
    queueMicrotask(() =>
      setImmediate(() => {
        this.#conclude(textOf(controller.rawTrailers), line)
        this.#outcome.over()
      }),
    )
  }

  onResponseError(_controller: Dispatcher.DispatchController | null, error: Error): void {
    const fault = responseFault(error, this.#flow === undefined ? 'head' : 'content', this.#request.target.authority)
    if (this.#flow !== undefined) this.#flow.break(fault)
    else {
      const lost = fault.code === 'ORIGIN_CONNECTION_LOST'
      this.#outcome.reject(fault, lost && this.#reused && !this.#answered)
    }
    this.#outcome.over()
  }

  #interim(status: number, fields: RawFields): void {
    if (++this.#interimCount > maxInterimCount) {
      const message = `${this.#request.target.authority}: more than ${maxInterimCount} interim responses`
      this.#controller!.abort(new Fault('ORIGIN_RESPONSE_INVALID', message))
    } else this.#request.onInterim?.(status, fields)
  }

  /** CORRECTNESS M11: content behind a declared end makes the response malformed; a reset is no clean close. */
  #conclude(trailers: RawFields, line: Line | undefined): void {
    const flow = this.#flow!
    const error = line?.socket.errored
    const peer = this.#request.target.authority
    if (flow.framing === 'close' && error && (error as NodeJS.ErrnoException).code === 'ECONNRESET') {
      return flow.break(new Fault('ORIGIN_TRUNCATED', `${peer}: the connection was reset`))
    }
    const declared = flow.framing === 'length' || flow.framing === 'chunked'
    if (declared && (line?.excess || isMalformed(error))) {
      return flow.break(new Fault('ORIGIN_RESPONSE_INVALID', `${peer}: bytes stand behind the end of the response`))
    }
    if (this.#last !== undefined) flow.take(this.#last)
    flow.finish(trailers)
  }
}

/** undici gives the fields of HTTP/1.1 as byte strings, one octet a character. */
function textOf(raw: Dispatcher.DispatchController['rawHeaders']): string[] {
  if (!Array.isArray(raw)) return []
  const text: string[] = new Array(raw.length)
  for (let i = 0; i < raw.length; i++) {
    const part = raw[i]!
    text[i] = typeof part === 'string' ? part : part.toString('latin1')
  }
  return text
}
