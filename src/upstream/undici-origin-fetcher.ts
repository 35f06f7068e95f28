import type { Dispatcher } from 'undici'
import type { Clock } from '../base/clock.ts'
import type { Observer } from '../base/events.ts'
import { Fault } from '../base/faults.ts'
import type { RawFields } from '../http/fields.ts'
import type { TargetUri } from '../http/target-uri.ts'
import type { ConnectionGuard } from './connection-guard.ts'
import { type OpenConnection, openConnection } from './open-connection.ts'
import {
  mayBeRepeated,
  type OriginFetcher,
  type OriginRequest,
  type OriginResponse,
  type RequestBody,
} from './origin-fetcher.ts'
import { createOriginTrust } from './origin-trust.ts'
import { type ResolveHost, systemResolver } from './resolve-host.ts'
import { askAlone } from './server-wide.ts'
import { Attempt } from './undici-attempt.ts'
import { type LineOptions, openOnce, openPool } from './undici-origin-line.ts'

export interface HttpFetcherOptions {
  readonly clock: Clock
  readonly guard: ConnectionGuard
  /** PEM certificates, the only ones trusted. */
  readonly roots: readonly string[]
  readonly connectTimeoutMs: number
  /** From the request being sent to the response head. */
  readonly headTimeoutMs: number
  /** Longest silence within the content. */
  readonly idleTimeoutMs: number
  readonly connectionsPerOrigin?: number
  readonly observer: Observer
  readonly resolve?: ResolveHost
  /** All goes through this proxy. */
  readonly parent?: ParentWay
}

/** How origins are reached through a parent proxy. */
export interface ParentWay {
  /** For TLS a connection to the origin, through a tunnel; else one to the parent, which is given the whole URL (RFC 9112 section 3.2.2). */
  readonly open: OpenConnection
  /** For the parent alone: they stand in no request that it only tunnels. */
  readonly fields: RawFields
}

/** Requests that wait for a connection to one origin; more are answered with `ORIGIN_BUSY`. */
const maxWaitingCount = 1000
/** Origins whose connections are kept. */
const maxOriginCount = 1000

interface Origin {
  readonly name: string
  readonly pool: Dispatcher
  activeCount: number
}

/** Fetches from http and https origins over HTTP/1.1. */
export function createHttpFetcher(options: HttpFetcherOptions): OriginFetcher {
  return new HttpFetcher(options)
}

class HttpFetcher implements OriginFetcher {
  readonly #options: HttpFetcherOptions
  readonly #lines: LineOptions
  readonly #origins = new Map<string, Origin>()

  constructor(options: HttpFetcherOptions) {
    this.#options = options
    const { headTimeoutMs, idleTimeoutMs, connectionsPerOrigin = 8 } = options
    const open = options.parent?.open ?? ownConnections(options)
    this.#lines = { open, headTimeoutMs, idleTimeoutMs, connectionsPerOrigin }
  }

  fetch(request: OriginRequest): Promise<OriginResponse> {
    const { parent, clock } = this.#options
    const seen = parent !== undefined && request.target.scheme !== 'https'
    const told = seen ? { ...request, fields: [...request.fields, ...parent.fields] } : request
    const requestTarget = requestTargetOf(request.target, seen)
    if (request.target.path === '*' || !request.target.scheme.startsWith('http')) {
      return askAlone(told, requestTarget, this.#lines, clock.now)
    }
    return new Promise((resolve, reject) => {
      const origin = this.#originOf(request)
      if (origin.activeCount >= this.#lines.connectionsPerOrigin + maxWaitingCount) {
        return reject(new Fault('ORIGIN_BUSY', `${maxWaitingCount} requests wait for ${origin.name}`))
      }
      this.#send(told, requestTarget, origin, resolve, reject, false)
    })
  }

  async close(): Promise<void> {
    await Promise.all([...this.#origins.values()].map(({ pool }) => pool.destroy()))
    this.#origins.clear()
  }

  #send(
    request: OriginRequest,
    requestTarget: string,
    origin: Origin,
    resolve: (response: OriginResponse) => void,
    reject: (fault: Fault) => void,
    again: boolean,
  ): void {
    const { clock, observer } = this.#options
    const once = again ? openOnce(origin.name, this.#lines) : undefined
    origin.activeCount += 1
    const attempt = new Attempt(request, clock.now, {
      resolve: (response) => {
        observer({ kind: 'origin-attempt', outcome: 'response' })
        resolve(response)
      },
      reject: (fault, stale) => {
        observer({ kind: 'origin-attempt', outcome: fault.code })
        if (!stale || again || !mayBeRepeated(request)) return reject(fault)
        request.onRepeat?.()
        this.#send(request, requestTarget, origin, resolve, reject, true)
      },
      over: () => {
        origin.activeCount -= 1
        void once?.close()
      },
    })
    ;(once ?? origin.pool).dispatch(dispatchOptions(request, requestTarget), attempt)
  }

  #originOf({ target }: OriginRequest): Origin {
    const name = `${target.scheme}://${target.authority}`
    const known = this.#origins.get(name)
    if (known !== undefined) return known
    if (this.#origins.size >= maxOriginCount) this.#closeAnIdleOne()
    const origin = { name, pool: openPool(name, this.#lines), activeCount: 0 }
    this.#origins.set(name, origin)
    return origin
  }

  #closeAnIdleOne(): void {
    for (const { name, pool, activeCount } of this.#origins.values()) {
      if (activeCount > 0) continue
      this.#origins.delete(name)
      void pool.close()
      return
    }
  }
}

function ownConnections(options: HttpFetcherOptions): OpenConnection {
  const connect = {
    guard: options.guard,
    resolve: options.resolve ?? systemResolver(),
    trust: createOriginTrust(options.roots),
    connectTimeoutMs: options.connectTimeoutMs,
    sessions: new Map<string, Buffer>(),
  }
  return (target, connected) => openConnection(target, connect, connected)
}

/** The origin is told the path, a parent that sees the request the whole URL; without its path when it is for the whole server. */
function requestTargetOf({ scheme, authority, path, href }: TargetUri, isAbsolute: boolean): string {
  if (!isAbsolute) return path
  return path === '*' ? `${scheme}://${authority}` : href
}

/** Fields go out as they are; undici writes Host first, in lower case, and adds Connection and the framing. */
function dispatchOptions({ method, target, fields, body }: OriginRequest, path: string): Dispatcher.DispatchOptions {
  const headers = [...fields, 'Host', target.authority]
  const length = body?.sizeBytes
  if (length !== undefined) headers.push('Content-Length', String(length))
  const content =
    body === undefined || length === 0 ? null : (chunksOf(body) as unknown as Dispatcher.DispatchOptions['body'])
  // Where one side may err about the end of the content, nothing comes after it (CORRECTNESS T15).
  return { method, path, headers, body: content as null, reset: content !== null }
}

/** The client's content, where any trouble of the client's is told from trouble with the origin. */
async function* chunksOf(body: RequestBody): AsyncGenerator<Buffer> {
  try {
    yield* body.chunks
  } catch (error) {
    if (error instanceof Fault) throw error
    const reason = error instanceof Error ? error.message : String(error)
    throw new Fault('CLIENT_REQUEST_INVALID', `the content of the request broke off: ${reason}`, { cause: error })
  }
}
