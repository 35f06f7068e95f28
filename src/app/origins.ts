import { randomInt } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { type Clock, systemTimers } from '../base/clock.ts'
import type { Observer } from '../base/events.ts'
import { Fault } from '../base/faults.ts'
import { readSystemRoots } from '../ca/system-roots.ts'
import type { Settings } from '../config/settings.ts'
import { createAddressRules } from '../govern/address-rules.ts'
import { fetcherByScheme } from '../upstream/by-scheme.ts'
import type { ConnectionGuard } from '../upstream/connection-guard.ts'
import type { Dialer } from '../upstream/dialer.ts'
import { createFtpFetcher } from '../upstream/ftp-origin-fetcher.ts'
import { MirrorSets } from '../upstream/mirror-sets.ts'
import { createMirroringFetcher } from '../upstream/mirroring-fetcher.ts'
import { createDialer } from '../upstream/net-dialer.ts'
import { createOfflineOrigins } from '../upstream/offline-origins.ts'
import { openConnection } from '../upstream/open-connection.ts'
import type { OriginFetcher } from '../upstream/origin-fetcher.ts'
import type { OriginHealth } from '../upstream/origin-health.ts'
import { createOriginTrust } from '../upstream/origin-trust.ts'
import { createPacedFetcher } from '../upstream/paced-fetcher.ts'
import type { ParentView } from '../upstream/parent-set.ts'
import { systemResolver } from '../upstream/resolve-host.ts'
import { createResumingFetcher } from '../upstream/resuming-fetcher.ts'
import { createRetryingFetcher } from '../upstream/retrying-fetcher.ts'
import { createHttpFetcher } from '../upstream/undici-origin-fetcher.ts'
import { ftpAccess } from './ftp-logins.ts'
import { waysByParents } from './parents.ts'
import { readingCheck, urlCheck } from './url-rules.ts'

/** The ways to origins: by request, or as a raw connection; both by the same rules. */
export interface Origins {
  readonly fetcher: OriginFetcher
  readonly dialer: Dialer
  /** How each origin that was asked lately does. */
  health(): readonly OriginHealth[]
  /** How the parent proxies do; empty: there are none. */
  parents(): readonly ParentView[]
}

export interface OriginsInput {
  readonly settings: Settings
  readonly clock: Clock
  readonly observer: Observer
  readonly selfCheck: (host: string, port: number) => Fault | undefined
}

const randomSteps = 2 ** 32

export function openOrigins({ settings, clock, observer, selfCheck }: OriginsInput): Origins {
  if (settings.offline) return { ...createOfflineOrigins(), health: () => [], parents: () => [] }
  const guard = connectionGuard(settings, selfCheck)
  const roots = originRoots(settings)
  const resolve = systemResolver()
  const { connectTimeoutMs, headTimeoutMs, idleTimeoutMs } = settings
  const shared = {
    clock,
    guard,
    observer,
    resolve,
    connectTimeoutMs,
    idleTimeoutMs,
    connectionsPerOrigin: settings.originConnections,
  }
  const trust = createOriginTrust(roots)
  const http = { ...shared, roots, headTimeoutMs }
  const access = ftpAccess(settings)
  const connect = { ...shared, trust, sessions: new Map<string, Buffer>() }
  const own = {
    fetcher: fetcherByScheme({
      http: createHttpFetcher(http),
      ftp: createFtpFetcher({ ...shared, trust, access }),
    }),
    dialer: createDialer((target, connected) => openConnection(target, connect, connected)),
  }
  const ways = waysByParents({ settings, clock, selfCheck, guard, resolve, trust, http, ftpAccess: access, own })
  const pace = { requestsPerSecond: settings.originRate, bytesPerSecond: settings.originBytesPerSecond }
  const paced = createPacedFetcher(ways.fetcher, { clock, timers: systemTimers, ...pace })
  const retrying = createRetryingFetcher(paced, {
    clock,
    timers: systemTimers,
    random: () => randomInt(randomSteps) / randomSteps,
    observer,
    maxAttemptCount: settings.retryAttempts,
    budgetShare: settings.retryBudget,
  })
  return {
    fetcher: createResumingFetcher(withMirrors(retrying, settings, selfCheck), retrying.broke.bind(retrying)),
    health: () => retrying.health(),
    dialer: ways.dialer,
    parents: () => ways.parents(),
  }
}

/** An equivalent origin is asked for nothing that a client could not ask of it. */
function withMirrors(inner: OriginFetcher, settings: Settings, selfCheck: OriginsInput['selfCheck']): OriginFetcher {
  const sets = new MirrorSets(settings.profile === 'builds' ? settings.rules : [])
  if (sets.isEmpty) return inner
  const mayRead = readingCheck(settings)
  return createMirroringFetcher(inner, {
    sets,
    mayAsk: (target) =>
      (urlCheck(target) ?? selfCheck(target.host, target.port)) === undefined &&
      (target.scheme !== 'https' || mayRead(target.host)),
  })
}

/** Every address that is about to be dialled is put to the rules and must not be ourselves. */
function connectionGuard(
  settings: Settings,
  selfCheck: (host: string, port: number) => Fault | undefined,
): ConnectionGuard {
  const rules = createAddressRules({ allow: settings.allowAddresses, deny: settings.denyAddresses })
  return (address, port) => {
    const verdict = rules(address)
    if (verdict !== 'allowed') return new Fault('ORIGIN_ADDRESS_PROHIBITED', `${address} is ${verdict}`)
    return selfCheck(address, port)
  }
}

/** What origins are verified against: the system's roots and those of --origin-ca. */
export function originRoots(settings: Settings): string[] {
  return [readSystemRoots().pem, ...settings.originCaFiles.map(readRoots)]
}

function readRoots(file: string): string {
  try {
    const pem = readFileSync(file, 'utf8')
    if (pem.includes('BEGIN CERTIFICATE')) return pem
  } catch (error) {
    throw new Fault('CONFIG_BAD_VALUE', `--origin-ca ${file}: ${(error as Error).message}`, { cause: error })
  }
  throw new Fault('CONFIG_BAD_VALUE', `--origin-ca ${file}: no certificate in PEM`)
}
