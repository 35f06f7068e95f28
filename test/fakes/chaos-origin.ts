import { createHash } from 'node:crypto'
import type { TlsOptions } from 'node:tls'
import type { ChaosFault, ChaosRule } from './chaos-rule.ts'
import { type Door, type FaultOrigin, type Step, startFaultOrigin } from './fault-origin.ts'

/** An origin where every path is an object, and every answer may fail by a rule. */
export interface ChaosOrigin {
  readonly port: number
  readonly url: string
  /** The rule from now on. */
  rule: ChaosRule
  /** Requests for this path, and for all, so far. */
  attempts(path: string): number
  readonly attemptCount: number
  /** Answers so far that failed. */
  readonly faultCount: number
  /** Connections that are open. */
  readonly openCount: number
  /** What the object is now. */
  content(path: string): Buffer
  /** Lets what stalls under `path` go on. */
  release(path: string): void
  /** Closes its port and all connections: who connects now is refused. */
  goDown(): Promise<void>
  /** Listens on the same port again. */
  comeBack(): Promise<void>
  stop(): Promise<void>
}

export interface ChaosOptions {
  readonly tls?: TlsOptions
  /** Connections that are never answered (no TLS handshake either), or reset. */
  readonly door?: Door
  /** Largest object. */
  readonly maxBytes?: number
  /** Fields of an object besides its tag, each with its line end. */
  readonly fields?: (path: string) => string
}

/** The bytes of an object's `version`-th content; sizes differ from path to path, not from version to version. */
export function contentOf(path: string, version = 1, maxBytes = 48 * 1024): Buffer {
  const outputLength = 1 + (createHash('sha256').update(path).digest().readUInt32BE() % maxBytes)
  return createHash('shake256', { outputLength }).update(`${version} ${path}`).digest()
}

export async function startChaosOrigin(rule: ChaosRule, options: ChaosOptions = {}): Promise<ChaosOrigin> {
  const objects = new ChaosObjects(rule, options)
  const origin = await startFaultOrigin(
    (path, attempt, request) => objects.answer(path, attempt, request),
    options.tls,
    options.door,
  )
  return new Chaos(origin, objects, options.tls === undefined ? 'http://127.0.0.1' : 'https://localhost')
}

class Chaos implements ChaosOrigin {
  readonly url: string
  readonly #origin: FaultOrigin
  readonly #objects: ChaosObjects

  constructor(origin: FaultOrigin, objects: ChaosObjects, base: string) {
    this.#origin = origin
    this.#objects = objects
    this.url = `${base}:${origin.port}`
  }

  get port(): number {
    return this.#origin.port
  }

  get rule(): ChaosRule {
    return this.#objects.rule
  }

  set rule(rule: ChaosRule) {
    this.#objects.rule = rule
  }

  get attemptCount(): number {
    return this.#objects.requestCount
  }

  get faultCount(): number {
    return this.#objects.faultCount
  }

  get openCount(): number {
    return this.#origin.openCount
  }

  attempts(path: string): number {
    return this.#origin.count(path)
  }

  content(path: string): Buffer {
    return this.#objects.content(path)
  }

  release(path: string): void {
    this.#origin.release(path)
  }

  goDown(): Promise<void> {
    return this.#origin.goDown()
  }

  comeBack(): Promise<void> {
    return this.#origin.comeBack()
  }

  stop(): Promise<void> {
    return this.#origin.stop()
  }
}

interface Answer {
  readonly head: string
  readonly content: Buffer
}

/** The objects of the origin, and what becomes of each request for one. */
class ChaosObjects {
  rule: ChaosRule
  requestCount = 0
  faultCount = 0
  readonly #options: ChaosOptions
  readonly #fields: (path: string) => string
  readonly #versions = new Map<string, { readonly version: number; readonly tag: number }>()

  constructor(rule: ChaosRule, options: ChaosOptions) {
    this.rule = rule
    this.#options = options
    this.#fields = options.fields ?? (() => 'Cache-Control: max-age=3600\r\n')
  }

  content(path: string): Buffer {
    return contentOf(path, this.#version(path).version, this.#options.maxBytes)
  }

  answer(path: string, attempt: number, request: string): readonly Step[] {
    this.requestCount += 1
    const fault = this.rule(path, attempt, this.requestCount)
    if (fault === undefined) return whole(this.#answer(path, request))
    this.faultCount += 1
    if (fault.kind === 'change') this.#change(path, fault.sameTag === true)
    return failing(this.#answer(path, request), fault)
  }

  #version(path: string): { readonly version: number; readonly tag: number } {
    return this.#versions.get(path) ?? { version: 1, tag: 1 }
  }

  #change(path: string, sameTag: boolean): void {
    const { version, tag } = this.#version(path)
    this.#versions.set(path, { version: version + 1, tag: sameTag ? tag : version + 1 })
  }

  /** As RFC 9110 sections 13 and 14 have it, for one range and strong tags. */
  #answer(path: string, request: string): Answer {
    const all = this.content(path)
    const tag = `"${this.#version(path).tag}-${all.length}"`
    const common = `ETag: ${tag}\r\nAccept-Ranges: bytes\r\n${this.#fields(path)}`
    const answer = (status: string, more: string, content: Buffer): Answer => {
      const length = status.startsWith('304') ? '' : `Content-Length: ${content.length}\r\n`
      return {
        head: `HTTP/1.1 ${status}\r\n${common}${more}${length}\r\n`,
        content: request.startsWith('HEAD ') ? Buffer.alloc(0) : content,
      }
    }
    if (fieldOf(request, 'if-none-match') === tag) return answer('304 Not Modified', '', Buffer.alloc(0))
    const range = /^bytes=(\d+)-(\d*)$/.exec(fieldOf(request, 'range') ?? '')
    const mayBePart = (fieldOf(request, 'if-range') ?? tag) === tag
    if (range === null || !mayBePart) return answer('200 OK', '', all)
    const first = Number(range[1])
    if (first >= all.length) {
      return answer('416 Range Not Satisfiable', `Content-Range: bytes */${all.length}\r\n`, Buffer.alloc(0))
    }
    const last = Math.min(all.length - 1, range[2] === '' ? Infinity : Number(range[2]))
    const place = `Content-Range: bytes ${first}-${last}/${all.length}\r\n`
    return answer('206 Partial Content', place, all.subarray(first, last + 1))
  }
}

function fieldOf(request: string, name: string): string | undefined {
  return new RegExp(`\\r\\n${name}: *([^\\r\\n]*)\\r\\n`, 'i').exec(request)?.[1]
}

function whole({ head, content }: Answer): readonly Step[] {
  return [{ send: head }, { send: content }]
}

function failing(answer: Answer, fault: ChaosFault): readonly Step[] {
  const { head, content } = answer
  switch (fault.kind) {
    case 'hang-up':
      return [{ close: fault.by }]
    case 'stall':
      return [{ wait: true }, ...whole(answer)]
    case 'status':
      return [{ send: plainAnswer(fault.status, fault.retryAfter) }]
    case 'cut':
      return [{ send: head }, { send: content.subarray(0, placeIn(content, fault.share)) }, { close: fault.by }]
    case 'stall-within': {
      const at = placeIn(content, fault.share)
      return [{ send: head }, { send: content.subarray(0, at) }, { wait: true }, { send: content.subarray(at) }]
    }
    case 'length-lie': {
      const lie = head.replace(/Content-Length: \d+/, `Content-Length: ${Math.max(0, content.length + fault.byBytes)}`)
      return [{ send: lie }, { send: content }, { close: 'fin' }]
    }
    case 'change':
      return whole(answer)
  }
}

/** Always short of the end. */
function placeIn(content: Buffer, share: number): number {
  return Math.max(0, Math.min(content.length - 1, Math.floor(content.length * share)))
}

function plainAnswer(status: number, retryAfter: string | undefined): string {
  const later = retryAfter === undefined ? '' : `Retry-After: ${retryAfter}\r\n`
  return `HTTP/1.1 ${status} Not Now\r\n${later}Content-Length: 8\r\n\r\nnot now\n`
}
