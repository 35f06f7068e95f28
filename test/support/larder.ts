import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Daemon, startDaemon } from '../../src/app/daemon.ts'
import type { StoreSystem } from '../../src/app/stores.ts'
import { systemClock } from '../../src/base/clock.ts'
import type { ExchangeEvent, LarderEvent } from '../../src/base/events.ts'
import { createAuthority } from '../../src/ca/certificate-authority.ts'
import { ForgeCertificateBuilder } from '../../src/ca/forge-certificate-builder.ts'
import { readIndexUrl } from '../../src/config/index-url.ts'
import type { Settings } from '../../src/config/settings.ts'

/** A daemon of the test's own: temporary folders, a free port on loopback, loopback origins allowed. */
export interface TestLarder {
  readonly port: number
  readonly folder: string
  readonly daemon: Daemon
  readonly settings: Settings
  readonly events: readonly LarderEvent[]
  /** Waits for the next event that `wanted` accepts, those that already came included. */
  event<T extends LarderEvent>(wanted: (event: LarderEvent) => event is T): Promise<T>
  /** Waits until `count` exchanges for a URL ending in `suffix` were reported, and answers them. */
  exchanges(suffix: string, count: number): Promise<readonly ExchangeEvent[]>
  /** Stops the daemon and starts another one on the same folders. */
  restart(system?: StoreSystem): Promise<TestLarder>
  stop(): Promise<void>
}

export function testSettings(folder: string, overrides: Partial<Settings> = {}): Settings {
  return {
    listen: [{ host: '127.0.0.1', port: 0 }],
    admin: { path: join(folder, 'run', 'admin.sock') },
    dataFolder: join(folder, 'data'),
    caFolder: join(folder, 'ca'),
    store: 'fs:',
    index: readIndexUrl('sqlite:')!,
    indexPasswordFile: undefined,
    indexKeyFile: undefined,
    indexCaFile: undefined,
    quotaBytes: 10 * 1024 * 1024 * 1024,
    highWater: 0.8,
    lowWater: 0.7,
    eviction: 'gdsf',
    verifyEveryMs: Number.POSITIVE_INFINITY,
    verifyBytesPerSecond: 10_000_000,
    memoryBytes: 64 * 1024 * 1024,
    intercept: [],
    splice: [],
    connectPorts: Array.from({ length: 0 }),
    allowAddresses: ['127.0.0.0/8', '::1/128'],
    denyAddresses: [],
    allowClients: [],
    originCaFiles: [],
    ftpCredentialFiles: [],
    ftpTls: [],
    parents: [],
    parentCredentialFiles: [],
    noProxy: [],
    // Of a busy machine, too; tests of what waits in vain ask for less.
    connectTimeoutMs: 30_000,
    headTimeoutMs: 30_000,
    idleTimeoutMs: 30_000,
    originConnections: 32,
    originRate: Infinity,
    originBytesPerSecond: Infinity,
    // Tests of what failing origins do see each failure; those of retries ask for more.
    retryAttempts: 1,
    retryBudget: 1,
    strictTrust: false,
    offline: false,
    idleExitMs: Number.POSITIVE_INFINITY,
    alerts: [],
    alertWindowMs: 300_000,
    alertSecretFile: undefined,
    accessLog: 'none',
    profile: 'builds',
    rules: [],
    ...overrides,
  }
}

export async function startLarder(
  overrides: Partial<Settings> = {},
  withCa = true,
  system: StoreSystem = {},
): Promise<TestLarder> {
  const folder = mkdtempSync(join(tmpdir(), 'larder-test-'))
  const settings = testSettings(folder, overrides)
  if (withCa) createAuthority({ folder: settings.caFolder, builder: new ForgeCertificateBuilder(), clock: systemClock })
  return start(folder, settings, system)
}

async function start(folder: string, settings: Settings, system: StoreSystem = {}): Promise<TestLarder> {
  const events: LarderEvent[] = []
  const waiting = new Set<() => void>()
  const daemon = await startDaemon(settings, {
    system,
    observe: (event) => {
      events.push(event)
      for (const wake of waiting) wake()
    },
  })
  const until = <T>(look: () => T | undefined): Promise<T> =>
    new Promise((resolve) => {
      const wake = (): void => {
        const found = look()
        if (found === undefined) return
        waiting.delete(wake)
        resolve(found)
      }
      waiting.add(wake)
      wake()
    })
  return {
    port: daemon.listening[0]!.port,
    folder,
    daemon,
    settings,
    events,
    event: (wanted) => until(() => events.find(wanted)),
    exchanges: (suffix, count) =>
      until(() => {
        const found = events.filter((event) => event.kind === 'exchange' && event.url.endsWith(suffix))
        // A fill is reported when it is stored, which may be after a hit that came later.
        return found.length >= count ? (found as ExchangeEvent[]).sort(byArrival) : undefined
      }),
    restart: async (another) => {
      await daemon.stop()
      return start(folder, settings, another)
    },
    stop: async () => {
      await daemon.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

function byArrival(a: ExchangeEvent, b: ExchangeEvent): number {
  return a.at - b.at || a.id.length - b.id.length || (a.id < b.id ? -1 : 1)
}
