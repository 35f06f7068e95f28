import type { SecureContext } from 'node:tls'
import { type Clock, systemTimers, type Timers } from '../base/clock.ts'
import type { Observer } from '../base/events.ts'
import { asFault } from '../base/faults.ts'
import type { ConnectionGuard } from './connection-guard.ts'
import { anonymousAccess, type FtpAccess, type FtpAccessRule } from './ftp-access.ts'
import { type FtpConnectOptions, openFtpSession, showsEnd } from './ftp-connecting.ts'
import { FtpExchange } from './ftp-exchange.ts'
import type { FtpPath } from './ftp-path.ts'
import { FtpPool } from './ftp-pool.ts'
import { checkFtpRequest } from './ftp-request.ts'
import type { FtpSession } from './ftp-session.ts'
import type { OriginFetcher, OriginRequest, OriginResponse } from './origin-fetcher.ts'
import { type ResolveHost, systemResolver } from './resolve-host.ts'
import { Turns } from './turns.ts'

export interface FtpFetcherOptions {
  readonly clock: Clock
  readonly guard: ConnectionGuard
  readonly resolve?: ResolveHost
  /** What servers with TLS are verified against. */
  readonly trust: SecureContext
  /** Logins and TLS; without it, anonymous. */
  readonly access?: FtpAccessRule
  readonly timers?: Timers
  readonly connectTimeoutMs: number
  /** Longest wait for a reply, and longest silence within the content. */
  readonly idleTimeoutMs: number
  readonly connectionsPerOrigin?: number
  readonly observer: Observer
}

/** One request with what its turn at the server needs. */
interface Asking {
  readonly request: OriginRequest
  readonly path: FtpPath
  readonly access: FtpAccess
  /** Names the connections that may be used for it. */
  readonly server: string
  readonly giveBack: () => void
}

/** Fetches files and listings by FTP (RFC 959, RFC 2428, RFC 3659), with TLS where the access says so (RFC 4217). */
export function createFtpFetcher(options: FtpFetcherOptions): OriginFetcher {
  return new FtpFetcher(options)
}

class FtpFetcher implements OriginFetcher {
  readonly #options: FtpFetcherOptions
  readonly #connecting: FtpConnectOptions
  readonly #access: FtpAccessRule
  readonly #turns: Turns
  readonly #pool: FtpPool<FtpSession>
  /** Those that work or are being opened; the idle ones are in the pool. */
  readonly #working = new Set<FtpSession>()
  #isClosed = false

  constructor(options: FtpFetcherOptions) {
    this.#options = options
    this.#connecting = { ...options, resolve: options.resolve ?? systemResolver() }
    this.#access = options.access ?? anonymousAccess
    this.#turns = new Turns(options.connectionsPerOrigin ?? 8)
    this.#pool = new FtpPool(options.timers ?? systemTimers)
  }

  async fetch(request: OriginRequest): Promise<OriginResponse> {
    const { observer } = this.#options
    try {
      const path = checkFtpRequest(request)
      const response = await this.#ask(request, path, this.#access(request.target))
      observer({ kind: 'origin-attempt', outcome: 'response' })
      return response
    } catch (error) {
      const fault = asFault(error)
      observer({ kind: 'origin-attempt', outcome: fault.code })
      throw fault
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.#pool.close()
    for (const session of this.#working) session.close()
  }

  /** On a connection from before; when that has died meanwhile, at once on a new one. */
  async #ask(request: OriginRequest, path: FtpPath, access: FtpAccess): Promise<OriginResponse> {
    const { host, port } = request.target
    const server = [host, port, access.tls, access.user, access.password].join('\n')
    const asking = { request, path, access, server, giveBack: await this.#turns.take(`${host}:${port}`) }
    try {
      const kept = this.#pool.take(server)
      if (kept !== undefined) {
        this.#working.add(kept)
        const response = await this.#exchange(asking, kept).catch(deathOnly)
        if (response !== undefined) return response
        request.onRepeat?.()
      }
      return await this.#exchange(asking, await this.#open(asking))
    } catch (error) {
      asking.giveBack()
      throw error
    }
  }

  #open({ request, access }: Asking): Promise<FtpSession> {
    return openFtpSession(request.target, access, this.#connecting, this.#working)
  }

  async #exchange(asking: Asking, session: FtpSession): Promise<OriginResponse> {
    let hasResponse = false
    let isOver = false
    const over = (isReusable: boolean): void => {
      if (isOver) return
      isOver = true
      this.#working.delete(session)
      if (isReusable && !this.#isClosed) this.#pool.put(asking.server, session)
      else session.close()
      if (hasResponse) asking.giveBack()
    }
    const elsewhere = async (act: (session: FtpSession) => Promise<void>): Promise<void> => {
      const other = await this.#open(asking)
      await act(other).finally(() => {
        this.#working.delete(other)
        other.close()
      })
    }
    const { clock } = this.#options
    const response = await new FtpExchange(asking.request, asking.path, session, { clock, over, elsewhere }).run()
    hasResponse = true
    if (isOver) asking.giveBack()
    return response
  }
}

/** Passes over the faults by which a connection shows that it had ended before it was used again. */
function deathOnly(error: unknown): undefined {
  const fault = asFault(error)
  if (!showsEnd(fault)) throw fault
}
