import { type WaysByParents, waysByParents } from '../../src/app/parents.ts'
import { type Clock, systemClock } from '../../src/base/clock.ts'
import type { Settings } from '../../src/config/settings.ts'
import type { ConnectionGuard } from '../../src/upstream/connection-guard.ts'
import { anonymousAccess, type FtpAccessRule } from '../../src/upstream/ftp-access.ts'
import { createDialer } from '../../src/upstream/net-dialer.ts'
import { openConnection } from '../../src/upstream/open-connection.ts'
import { createOriginTrust } from '../../src/upstream/origin-trust.ts'
import type { Ways } from '../../src/upstream/parent-set.ts'
import { testSettings } from './larder.ts'
import { httpFetcher } from './origin-fetching.ts'

export interface WaysInput {
  readonly settings: Partial<Settings>
  readonly guard?: ConnectionGuard
  readonly roots?: readonly string[]
  readonly clock?: Clock
  readonly ftpAccess?: FtpAccessRule
}

/** The ways to origins by the parents of the settings. Every name leads to loopback. */
export function waysThrough(input: WaysInput): WaysByParents {
  const { guard = () => undefined, roots = [], clock = systemClock, ftpAccess = anonymousAccess } = input
  const resolve = async () => [{ address: '127.0.0.1', family: 4 }]
  const settings = testSettings('/nowhere', input.settings)
  const trust = createOriginTrust(roots)
  const { connectTimeoutMs, headTimeoutMs, idleTimeoutMs } = settings
  const http = { clock, guard, roots, resolve, connectTimeoutMs, headTimeoutMs, idleTimeoutMs, observer: () => {} }
  const connect = { guard, resolve, trust, connectTimeoutMs, sessions: new Map<string, Buffer>() }
  const own: Ways = {
    fetcher: httpFetcher(http),
    dialer: createDialer((target, connected) => openConnection(target, connect, connected)),
  }
  return waysByParents({ settings, clock, selfCheck: () => undefined, guard, resolve, trust, http, ftpAccess, own })
}

export function parentAt(port: number, tls = false): Settings['parents'][number] {
  return { tls, host: tls ? 'proxy.test' : '127.0.0.1', port }
}
