import { readFileSync } from 'node:fs'
import type { Clock } from '../base/clock.ts'
import type { Observer } from '../base/events.ts'
import { Fault } from '../base/faults.ts'
import { LeafContexts } from '../ca/leaf-contexts.ts'
import { readSystemRoots } from '../ca/system-roots.ts'
import type { HostPort, Settings } from '../config/settings.ts'
import { createAddressRules } from '../govern/address-rules.ts'
import { createClientRules } from '../govern/client-rules.ts'
import { createSelfCheck } from '../govern/self-addresses.ts'
import { createTargetParser } from '../http/target-uri.ts'
import type { Exchange } from '../pipeline/exchange.ts'
import type { FlightOutcome } from '../pipeline/flight-outcome.ts'
import { run } from '../pipeline/pipeline.ts'
import type { Services } from '../pipeline/services.ts'
import { StoreHealth } from '../pipeline/store-health.ts'
import type { ListenerServices } from '../server/listener.ts'
import { fetcherByScheme } from '../upstream/by-scheme.ts'
import type { ConnectionGuard } from '../upstream/connection-guard.ts'
import { Flights } from '../upstream/flights.ts'
import { createFtpFetcher } from '../upstream/ftp-origin-fetcher.ts'
import { createDialer } from '../upstream/net-dialer.ts'
import { createOriginTrust } from '../upstream/origin-trust.ts'
import { systemResolver } from '../upstream/resolve-host.ts'
import { createHttpFetcher } from '../upstream/undici-origin-fetcher.ts'
import type { OpenedAuthority } from './authority.ts'
import type { Stores } from './stores.ts'
import { connectPortCheck, hostMatches, urlCheck } from './url-rules.ts'

export interface ComposeInput {
  readonly settings: Settings
  readonly clock: Clock
  readonly observer: Observer
  readonly stores: Stores
  readonly listening: () => readonly HostPort[]
}

/** The pipeline with all that it uses. */
export interface Composed {
  readonly services: Services
  listenerServices(opened: OpenedAuthority | undefined): ListenerServices
  close(): Promise<void>
}

const connectionsPerOrigin = 32

/** The object graph between the listener and the stores. */
export function composePipeline(input: ComposeInput): Composed {
  const { settings, clock, observer, stores, listening } = input
  const selfCheck = createSelfCheck(listening)
  const guard = connectionGuard(settings, selfCheck)
  const roots = originRoots(settings)
  const resolve = systemResolver()
  const { connectTimeoutMs, headTimeoutMs, idleTimeoutMs } = settings
  const timeouts = { connectTimeoutMs, headTimeoutMs, idleTimeoutMs }
  const origins = fetcherByScheme({
    http: createHttpFetcher({ clock, guard, roots, observer, resolve, connectionsPerOrigin, ...timeouts }),
    ftp: createFtpFetcher({ clock, guard, observer, resolve, connectTimeoutMs, idleTimeoutMs }),
  })
  const services: Services = {
    clock,
    observer,
    profile: settings.profile,
    blobs: stores.blobs,
    index: stores.index,
    storeHealth: new StoreHealth(observer),
    hot: stores.hot,
    flights: new Flights<FlightOutcome>(),
    origins,
    parseTarget: createTargetParser(),
    selfCheck,
    urlCheck,
  }
  const dialer = createDialer({
    guard,
    resolve,
    trust: createOriginTrust(roots),
    connectTimeoutMs,
    sessions: new Map(),
  })
  const portCheck = connectPortCheck(settings.connectPorts)
  return {
    services,
    listenerServices: (opened) => ({
      clock,
      observer,
      run: (exchange: Exchange) => void run(exchange, services),
      parseTarget: services.parseTarget,
      leaves: opened && new LeafContexts({ ...opened, clock, observer }),
      intercepts: (host) =>
        !hostMatches(settings.splice, host) &&
        (settings.intercept.length === 0 || hostMatches(settings.intercept, host)),
      connectCheck: (host, port) => portCheck(port) ?? selfCheck(host, port),
      urlCheck: (target) => urlCheck(target) ?? selfCheck(target.host, target.port),
      clientAllowed: createClientRules(settings.allowClients),
      dialer,
      caPem: opened?.authority.certificatePem,
    }),
    close: () => origins.close(),
  }
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
function originRoots(settings: Settings): string[] {
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
