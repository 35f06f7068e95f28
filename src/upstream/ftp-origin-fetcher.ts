import type { Clock } from '../base/clock.ts'
import type { Observer } from '../base/events.ts'
import { asFault, Fault } from '../base/faults.ts'
import type { ConnectionGuard } from './connection-guard.ts'
import { FtpExchange } from './ftp-exchange.ts'
import { type FtpPath, ftpPath } from './ftp-path.ts'
import type { FtpSession } from './ftp-session.ts'
import type { OriginFetcher, OriginRequest } from './origin-fetcher.ts'
import { type ResolveHost, systemResolver } from './resolve-host.ts'
import { Turns } from './turns.ts'

export interface FtpFetcherOptions {
  readonly clock: Clock
  readonly guard: ConnectionGuard
  readonly resolve?: ResolveHost
  readonly connectTimeoutMs: number
  /** Longest wait for a reply, and longest silence within the content. */
  readonly idleTimeoutMs: number
  readonly connectionsPerOrigin?: number
  readonly observer: Observer
}

/** Fetches files and listings by anonymous FTP (RFC 959, RFC 2428, RFC 3659), over one control connection a request. */
export function createFtpFetcher(options: FtpFetcherOptions): OriginFetcher {
  const turns = new Turns(options.connectionsPerOrigin ?? 8)
  const sessions = new Set<FtpSession>()
  const settings = { ...options, resolve: options.resolve ?? systemResolver() }
  return {
    async fetch(request) {
      try {
        const path = checkedPath(request)
        const giveBack = await turns.take(`${request.target.host}:${request.target.port}`)
        const exchange = new FtpExchange(request, path, settings, sessions, giveBack)
        const response = await exchange.run()
        options.observer({ kind: 'origin-attempt', outcome: 'response' })
        return response
      } catch (error) {
        const fault = asFault(error)
        options.observer({ kind: 'origin-attempt', outcome: fault.code })
        throw fault
      }
    },
    async close() {
      for (const session of sessions) session.close()
    },
  }
}

function checkedPath({ method, target }: OriginRequest): FtpPath {
  if (method === 'GET' || method === 'HEAD') return ftpPath(target.path)
  throw new Fault('CLIENT_URL_DENIED', `${method} ${target.href}: only GET and HEAD are served for ftp URLs`)
}
