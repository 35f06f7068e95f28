import type { Clock } from '../base/clock.ts'
import type { Observer } from '../base/events.ts'
import { LeafContexts } from '../ca/leaf-contexts.ts'
import type { HostPort, Settings } from '../config/settings.ts'
import { createClientRules } from '../govern/client-rules.ts'
import { createSelfCheck } from '../govern/self-addresses.ts'
import { createTargetParser } from '../http/target-uri.ts'
import { UserRuleSet } from '../key/user-rule-set.ts'
import type { Exchange } from '../pipeline/exchange.ts'
import { Fills } from '../pipeline/fills.ts'
import type { FlightOutcome } from '../pipeline/flight-outcome.ts'
import { run } from '../pipeline/pipeline.ts'
import { RecentExchanges } from '../pipeline/recent-exchanges.ts'
import type { Services } from '../pipeline/services.ts'
import { SignedGrants } from '../pipeline/signed-grants.ts'
import { leavingLimits } from '../policy/leaving.ts'
import { sparseLimits } from '../policy/sparse.ts'
import type { ListenerServices } from '../server/listener.ts'
import { type Refusal, TrustRefusals } from '../server/trust-refusals.ts'
import { Flights } from '../upstream/flights.ts'
import type { OriginHealth } from '../upstream/origin-health.ts'
import type { ParentView } from '../upstream/parent-set.ts'
import type { OpenedAuthority } from './authority.ts'
import { type Origins, openOrigins } from './origins.ts'
import { RunningExchanges } from './running-exchanges.ts'
import type { Stores } from './stores.ts'
import { connectPortCheck, readingCheck, urlCheck } from './url-rules.ts'

export interface ComposeInput {
  readonly settings: Settings
  readonly clock: Clock
  readonly observer: Observer
  readonly stores: Omit<Stores, 'verifying' | 'upkeep' | 'usable'>
  readonly listening: () => readonly HostPort[]
  /** Other origins than those of the network. */
  readonly origins?: Origins
}

/** The pipeline with all that it uses. */
export interface Composed {
  readonly services: Services
  /** Takes an exchange through the pipeline. */
  run(exchange: Exchange): void
  /** Exchanges that are not over, those included whose client has left. */
  readonly runningCount: number
  /** Clients that did not take our certificate, the latest last. */
  refusals(): readonly Refusal[]
  listenerServices(opened: OpenedAuthority | undefined): ListenerServices
  /** How each origin that was asked lately does. */
  originHealth(): readonly OriginHealth[]
  /** How the parent proxies do. */
  parents(): readonly ParentView[]
  close(): Promise<void>
}

/** How long content that has arrived may take to become durable when the daemon stops. */
const settleMs = 5_000

/** The object graph between the listener and the stores. */
export function composePipeline(input: ComposeInput): Composed {
  const { settings, clock, observer, listening } = input
  const selfCheck = createSelfCheck(listening)
  const origins = input.origins ?? openOrigins({ settings, clock, observer, selfCheck })
  const running = new RunningExchanges()
  const services: Services = {
    ...servicesOf(input, selfCheck),
    origins: origins.fetcher,
    runLater: (exchange) => {
      run(exchange, services, 'lookup')
      running.track(exchange)
    },
  }
  const runTracked = (exchange: Exchange): void => {
    run(exchange, services)
    running.track(exchange)
  }
  const refusals = new TrustRefusals({ clock, observer, isStrict: settings.strictTrust })
  return {
    services,
    listenerServices: (opened) => ({
      ...admission(input, selfCheck),
      ...interception(input, services, opened),
      observer: noting(services.recent, observer),
      run: runTracked,
      parseTarget: services.parseTarget,
      refusals,
      dialer: origins.dialer,
    }),
    run: runTracked,
    get runningCount() {
      return running.count
    },
    refusals: () => refusals.list(),
    originHealth: () => origins.health(),
    parents: () => origins.parents(),
    close: async () => {
      await running.settled(settleMs)
      await origins.fetcher.close()
      // What was cut off by that is kept as a part.
      await running.settled(settleMs)
    },
  }
}

/** Who is served, and what may be asked for. */
function admission(
  { settings }: ComposeInput,
  selfCheck: Services['selfCheck'],
): Pick<ListenerServices, 'connectCheck' | 'urlCheck' | 'clientAllowed'> {
  const portCheck = connectPortCheck(settings.connectPorts)
  return {
    connectCheck: (host, port) => portCheck(port) ?? selfCheck(host, port),
    urlCheck: (target) => urlCheck(target) ?? selfCheck(target.host, target.port),
    clientAllowed: createClientRules(settings.allowClients),
  }
}

/** What is opened, with which certificates. */
function interception(
  { clock, observer }: ComposeInput,
  { mayRead }: Services,
  opened: OpenedAuthority | undefined,
): Pick<ListenerServices, 'clock' | 'leaves' | 'intercepts' | 'caPem'> {
  const leaves = opened && new LeafContexts({ ...opened, clock, observer })
  return {
    clock,
    leaves,
    // Clients would refuse what the CA is not good for.
    intercepts: (host) => mayRead(host) && leaves?.permits(host) !== false,
    caPem: opened?.trustedPem,
  }
}

/** What the pipeline uses that needs neither origins nor the exchanges under way. */
function servicesOf(
  { settings, clock, observer, stores }: ComposeInput,
  selfCheck: Services['selfCheck'],
): Omit<Services, 'origins' | 'runLater'> {
  return {
    clock,
    observer,
    recent: new RecentExchanges(),
    profile: settings.profile,
    isOffline: settings.offline,
    blobs: stores.blobs,
    index: stores.index,
    storeHealth: stores.health,
    hot: stores.hot,
    touch: stores.touch,
    flights: new Flights<FlightOutcome>(),
    fills: new Fills(),
    leaving: leavingLimits,
    sparse: sparseLimits,
    keyTerms: { profile: settings.profile, userRules: new UserRuleSet(settings.rules) },
    grants: new SignedGrants(),
    parseTarget: createTargetParser(),
    selfCheck,
    mayRead: readingCheck(settings),
    urlCheck,
  }
}

/** An observer that also remembers what does not pass the pipeline. */
function noting(recent: RecentExchanges, observer: Observer): Observer {
  return (event) => {
    if (event.kind === 'exchange') recent.addTunnel(event)
    observer(event)
  }
}
