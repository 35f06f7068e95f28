import { randomBytes } from 'node:crypto'
import { systemClock } from '../base/clock.ts'
import type { Observer } from '../base/events.ts'
import { Fault } from '../base/faults.ts'
import type { CertificateAuthority } from '../ca/certificate-authority.ts'
import { readEnvironment } from '../config/environment.ts'
import { isLoopback } from '../config/loopback.ts'
import { addressText } from '../config/setting-texts.ts'
import type { AdminAddress, HostPort, Settings } from '../config/settings.ts'
import type { MetricSources } from '../observe/metrics.ts'
import type { AdminServer } from '../server/admin-server.ts'
import type { Listener } from '../server/listener.ts'
import { MitmListener } from '../server/mitm-listener.ts'
import type { PassedSockets } from './activation.ts'
import { openAdmin } from './admin.ts'
import { type Alerting, openAlerting } from './alerting.ts'
import { type OpenedAuthority, openAuthority } from './authority.ts'
import { type Composed, composePipeline } from './compose.ts'
import { checkAddressesFree } from './free-addresses.ts'
import { IdleWatch } from './idle-watch.ts'
import { type Observation, openObservation } from './observation.ts'
import { openStores, type StoreSystem, type Stores } from './stores.ts'

/** A running Larder. */
export interface Daemon {
  readonly listening: readonly HostPort[]
  readonly admin: AdminAddress
  readonly authority: CertificateAuthority | undefined
  /** Fetches that are shared, or could be, and run now. */
  readonly flightCount: number
  /** Resolves when nothing was asked for as long as the settings say; then nobody is accepted any more. */
  readonly idle: Promise<void>
  /** Reopens the access log, after it was moved away. */
  reopenLog(): void
  /** Accepts nobody any more, waits up to 30 s for what runs, makes everything acknowledged durable. Idempotent. */
  stop(): Promise<void>
}

export interface DaemonHooks {
  /** Sees every event, beside the access log and the metrics. */
  readonly observe?: Observer
  /** These are served, and neither `listen` nor, with an admin socket among them, `admin` of the settings. */
  readonly sockets?: PassedSockets | undefined
  /** Tells people of work on the store that takes time before it can serve. */
  readonly note?: (text: string) => void
  readonly system?: StoreSystem
}

const drainMs = 30_000
/** For messages that wait when the daemon stops. */
const alertGraceMs = 2_000

/** Builds everything from `settings` and starts serving; whatever fails on the way is undone and thrown as a `Fault`. */
export async function startDaemon(settings: Settings, hooks: DaemonHooks = {}): Promise<Daemon> {
  const undo: (() => unknown)[] = []
  try {
    return await start(settings, hooks, undo)
  } catch (error) {
    for (const step of undo.reverse()) await step()
    throw error
  }
}

function both(first: Observer, second: Observer | undefined): Observer {
  if (second === undefined) return first
  return (event) => {
    first(event)
    second(event)
  }
}

/** What the metrics ask for, until there is something that answers. */
function nothingYet(): { -readonly [name in keyof MetricSources]: MetricSources[name] } {
  return { flights: () => 0, store: () => ({ kinds: {}, blobs: 0 }) }
}

async function start(settings: Settings, hooks: DaemonHooks, undo: (() => unknown)[]): Promise<Daemon> {
  const clock = systemClock
  const sources = nothingYet()
  const observation = openObservation(settings, sources)
  undo.push(() => observation.close())
  const heard = both(observation.observe, hooks.observe)
  const alerting = openAlerting({ settings, clock, observer: heard, environment: readEnvironment() })
  undo.push(() => alerting.close(0))
  const observer = both(heard, alerting.observe)
  const authority = openAuthority(settings, clock)
  if (authority !== undefined) alerting.watchCa((authority.successor?.authority ?? authority.authority).notAfterAt)
  const passed = hooks.sockets
  if (passed === undefined) await checkAddressesFree(settings.listen)
  const stores = openStores(settings, observer, { note: hooks.note, ...hooks.system })
  undo.push(() => stores.close())
  sources.store = () => stores.quota?.use() ?? nothingYet().store()
  await stores.usable
  let listener: Listener | undefined
  const composed = composePipeline({ settings, clock, observer, stores, listening: () => listener?.listening ?? [] })
  undo.push(() => composed.close())
  stores.verifying.repeat(settings.verifyEveryMs, settings.verifyBytesPerSecond, () => composed.runningCount > 0)
  sources.flights = () => composed.services.flights.count
  listener = new MitmListener(
    passed?.proxy ?? settings.listen,
    composed.listenerServices(authority),
    `${randomBytes(3).toString('hex')}-`,
  )
  await listener.start()
  const running = listener
  undo.push(() => running.stop(0))
  checkReach(running.listening, settings)
  const admin = await openAdmin({
    settings,
    passed: passed?.admin,
    stores,
    listener,
    authority,
    composed,
    observation,
    alerting,
    verifying: stores.verifying,
  })
  observation.readiness.started()
  return daemonOf({ settings, running, admin, composed, stores, alerting, observation, authority })
}

interface Watched {
  readonly settings: Settings
  readonly running: Listener
  readonly admin: AdminServer
  readonly composed: Composed
}

interface Parts extends Watched {
  readonly stores: Stores
  readonly alerting: Alerting
  readonly observation: Observation
  readonly authority: OpenedAuthority | undefined
}

/** What runs, as one thing that can be stopped. */
function daemonOf(parts: Parts): Daemon {
  const { running, admin, composed, stores, alerting, observation, authority } = parts
  let stopped: Promise<void> | undefined
  const stopAll = async (): Promise<void> => {
    watch.close()
    observation.readiness.draining()
    await running.stop(drainMs)
    await admin.close()
    await composed.close()
    await stores.close()
    await alerting.close(alertGraceMs)
    await observation.close()
  }
  const stop = (): Promise<void> => (stopped ??= stopAll())
  const idle = Promise.withResolvers<void>()
  const watch = watchIdle(parts, () => {
    void stop()
    idle.resolve()
  })
  return {
    listening: running.listening,
    admin: admin.address,
    authority: authority?.authority,
    get flightCount() {
      return composed.services.flights.count
    },
    idle: idle.promise,
    reopenLog: () => observation.reopenLog(),
    stop,
  }
}

/** `onIdle` ceases to accept while nothing is open: who connects from then on waits at a passed socket for the next daemon. */
function watchIdle({ settings, running, admin, composed }: Watched, onIdle: () => void): IdleWatch {
  return new IdleWatch({
    idleMs: settings.idleExitMs,
    elapsed: () => systemClock.elapsed(),
    activity: () => {
      const connectionCount = running.connectionCount + admin.connectionCount
      return {
        openCount: connectionCount + composed.runningCount + composed.services.flights.count,
        acceptedCount: running.acceptedCount + admin.acceptedCount,
      }
    },
    onIdle,
  })
}

/** The settings are checked before; a socket that was passed may be of any address. */
function checkReach(listening: readonly HostPort[], { allowClients }: Settings): void {
  const open = listening.find(({ host }) => !isLoopback(host))
  if (open === undefined || allowClients.length > 0) return
  const reason = 'is reachable from other machines, and allow-client does not say which of them are served'
  throw new Fault('CONFIG_CONFLICT', `the socket ${addressText(open)} ${reason}`)
}
