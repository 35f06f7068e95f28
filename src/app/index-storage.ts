import { readFileSync } from 'node:fs'
import { systemClock, type Timers } from '../base/clock.ts'
import type { Observer } from '../base/events.ts'
import { Fault } from '../base/faults.ts'
import { readSystemRoots } from '../ca/system-roots.ts'
import type { IndexServer } from '../config/index-url.ts'
import type { Settings } from '../config/settings.ts'
import type { StoreHealth } from '../pipeline/store-health.ts'
import { ownSecret, readSharedSecret } from '../store/index-secret.ts'
import { GuardedKeyvStorage } from '../store/keyv-guarded-storage.ts'
import type { Layout } from '../store/layout.ts'
import { MemcachedStorage } from '../store/memcached-remote-storage.ts'
import { PostgresStorage } from '../store/postgres-remote-storage.ts'
import { PurgeMemory } from '../store/purge-memory.ts'
import { RecordSeal } from '../store/record-seal.ts'
import { RedisStorage } from '../store/redis-remote-storage.ts'
import type { RemoteStorage } from '../store/remote-storage.ts'

/** Whom the stores tell of what happens to them outside of any request. */
export interface StoreReports {
  readonly observer: Observer
  readonly health: StoreHealth
  readonly timers: Timers
}

/** The storage of an index on a server. Connects by itself; throws `CONFIG_BAD_VALUE` when a file it needs cannot be read. */
export function openServerStorage(
  server: IndexServer,
  settings: Settings,
  layout: Layout,
  { observer, health, timers }: StoreReports,
): GuardedKeyvStorage {
  const { indexKeyFile } = settings
  const secret = indexKeyFile === undefined ? ownSecret(layout.indexSecret) : readSharedSecret(indexKeyFile)
  return new GuardedKeyvStorage({
    remote: remoteStorage(server, settings),
    seal: new RecordSeal(secret, server.prefix),
    purges: new PurgeMemory(layout.indexPurges),
    clock: systemClock,
    timers,
    watcher: {
      down: (reason) =>
        health.indexIsAway(new Fault('STORE_INDEX_DOWN', `${server.medium} at ${server.host}: ${reason}`)),
      up: () => health.indexAnswers(),
      rejected: (reason) => observer({ kind: 'index-rejected', reason }),
    },
  })
}

function remoteStorage(server: IndexServer, settings: Settings): RemoteStorage {
  const { host, port, prefix, user, database } = server
  if (server.medium === 'memcached') return new MemcachedStorage({ host, port, prefix })
  const password = server.password ?? passwordOf(settings.indexPasswordFile)
  const roots = server.tls ? rootsOf(settings.indexCaFile) : undefined
  const login = { host, port, prefix, user, password, roots }
  if (server.medium === 'postgres') return new PostgresStorage({ ...login, database })
  return new RedisStorage({ ...login, database: Number(database) })
}

function passwordOf(file: string | undefined): string | undefined {
  return file === undefined ? undefined : readOption('index-password-file', file).split(/\r?\n/)[0]
}

function rootsOf(file: string | undefined): string {
  const { pem } = readSystemRoots()
  if (file === undefined) return pem
  const own = readOption('index-ca', file)
  if (!own.includes('BEGIN CERTIFICATE')) throw new Fault('CONFIG_BAD_VALUE', `index-ca ${file}: no certificate in PEM`)
  return `${pem}\n${own}`
}

function readOption(name: string, file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    throw new Fault('CONFIG_BAD_VALUE', `${name} ${file}: ${code ?? message}`, { cause: error })
  }
}
