import { systemClock, systemTimers, type Timers } from '../base/clock.ts'
import type { Observer } from '../base/events.ts'
import type { Fault } from '../base/faults.ts'
import { blockingThreadCount } from '../config/environment.ts'
import { isServer } from '../config/index-url.ts'
import type { Settings } from '../config/settings.ts'
import type { CachedResponse } from '../pipeline/cached-response.ts'
import { StoreHealth } from '../pipeline/store-health.ts'
import type { BlobStore } from '../store/blob-store.ts'
import { BoundedDisk } from '../store/bounded-disk.ts'
import { type Disk, systemDisk } from '../store/disk.ts'
import { InternedKeys, type RecordKeys } from '../store/entry-table.ts'
import { mostOnFilesystem } from '../store/filesystem-room.ts'
import { createFsBlobStore, type FsBlobStore, type FsBlobStoreOptions } from '../store/fs-blob-store.ts'
import type { HotResponses } from '../store/hot-responses.ts'
import { KeptFolder } from '../store/kept-folder.ts'
import { createKeyvResponseIndex, type IndexWatcher } from '../store/keyv-response-index.ts'
import { type Layout, layoutOf } from '../store/layout.ts'
import type { StoredRecords } from '../store/learn-stored.ts'
import { createHotResponses } from '../store/lru-hot-responses.ts'
import { prepareFolder } from '../store/prepare-folder.ts'
import { type DamageReport, Quarantine } from '../store/quarantine.ts'
import type { Quota } from '../store/quota.ts'
import type { ResponseIndex } from '../store/response-index.ts'
import { SizedBlobStore } from '../store/sized-blob-store.ts'
import { Checkpointer } from '../store/sqlite-checkpointer.ts'
import { storeFault } from '../store/store-fault.ts'
import { acquireStoreLock } from '../store/store-lock.ts'
import type { DatabaseRoom } from '../store/store-use.ts'
import { setCleanMark, setSoundMark, takeCleanMark } from '../store/suspects.ts'
import type { Upkeep } from '../store/upkeep.ts'
import { VerifyPass } from '../store/verify-pass.ts'
import { EmbeddedStores, type Healing } from './embedded-stores.ts'
import { openServerStorage, type StoreReports } from './index-storage.ts'
import { StoreMender } from './store-mender.ts'
import { createLedger, logBytesOf, openStoreQuota, quarantineLimits, type StoreQuota } from './store-quota.ts'

/** What is kept: content, records, and the hottest of both in memory. */
export interface Stores {
  readonly blobs: BlobStore
  readonly index: ResponseIndex
  readonly hot: HotResponses<readonly CachedResponse[]>
  readonly health: StoreHealth
  /** Reads all content again. */
  readonly verifying: VerifyPass
  /** `undefined`: as much is stored as comes. */
  readonly quota: Quota | undefined
  /** Counts again, and removes what nobody names. */
  readonly upkeep: Upkeep
  /** Counts for eviction that a response was asked for; answers the number of its entry, to be given next time. */
  touch(key: string, slot: number): number
  /** An index on a server has answered, or is said to be down; an older layout is ours. Never rejects. */
  readonly usable: Promise<void>
  /** Beside that, an index that was lost is made again. Never rejects. */
  readonly opened: Promise<void>
  close(): Promise<void>
}

/** What of the system the stores use; tests put faults between. */
export interface StoreSystem {
  readonly disk?: Disk
  /** For the pauses after which something is tried or looked at again. How long the disk may take is always real time. */
  readonly timers?: Timers
  /** Tells people of work that takes time before the stores can be used. */
  readonly note?: ((text: string) => void) | undefined
}

/** How often it is seen that the data folder is where it was. */
const lookEveryMs = 10_000

/** Opens the stores of the data folder, which this process then owns. */
export function openStores(settings: Settings, observer: Observer = () => {}, system: StoreSystem = {}): Stores {
  const layout = layoutOf(settings.dataFolder)
  const lock = acquireStoreLock(layout)
  try {
    const found = prepareFolder(layout)
    // Logs and what is set aside are shares of the quota: on a small filesystem, of that.
    const quotaBytes = Math.min(settings.quotaBytes, mostOnFilesystem(layout.root))
    return openLocked({ settings: { ...settings, quotaBytes }, layout, lock, found, observer, system })
  } catch (error) {
    lock.release()
    throw error
  }
}

interface LockedFolder {
  readonly settings: Settings
  readonly layout: Layout
  readonly lock: ReturnType<typeof acquireStoreLock>
  readonly found: ReturnType<typeof prepareFolder>
  readonly observer: Observer
  readonly system: StoreSystem
}

function openLocked({ settings, layout, lock, found, observer, system }: LockedFolder): Stores {
  const { timers = systemTimers, note = () => {} } = system
  const disk = openDisk(system, (fault) => health.failed(fault))
  const suspects = takeCleanMark(layout)
  const folder = new KeptFolder(layout, lock)
  const health = new StoreHealth(observer, isServer(settings.index), {
    timers,
    mend: () => mending.mend(),
  })
  const checkpointer = new Checkpointer((folding) => disk.watch(folding))
  const quarantine = openQuarantine(settings, layout, observer)
  const shared = { layout, disk, checkpointer, quarantine, health, logBytes: logBytesOf(settings) }
  const embedded = new EmbeddedStores({ ...shared, ...suspects, found, note })
  const { small, side } = embedded
  const storage = openStorage(settings, layout, embedded, { observer, health, timers })
  const files = [small, side, ...storage.files]
  const mending = new StoreMender({ folder, layout, disk, files, health, onRenewed: () => renew() })
  mending.tellSetAside()
  setSoundMark(layout)
  const claim: FsBlobStoreOptions['claim'] = (digest) => limited.quota.claim(digest)
  const large = createFsBlobStore(layout, { disk, quarantine, suspects, sums: side.sums, claim })
  const verifying = new VerifyPass({
    stores: [small, large],
    stateFile: layout.verifyState,
    clock: systemClock,
    timers,
  })
  const hot: Stores['hot'] = createHotResponses(settings.memoryBytes)
  const watching = watchFolder(folder, health, timers)
  const limited = limit({ settings, layout, embedded, large, storage, hot, health, observer, quarantine, timers, note })
  const renew = (): void => {
    hot.clear()
    void limited.renew()
  }
  return {
    verifying,
    ...limited,
    hot,
    health,
    close: async () => {
      watching.close()
      for (const part of [verifying, health, embedded, limited, limited.index, limited.blobs, side, checkpointer])
        await part.close()
      disk.stopWatching()
      setCleanMark(layout)
      folder.close()
    },
  }
}

/** A disk that hangs must leave a thread for looking up names: clients are served by relay. */
function openDisk({ disk = systemDisk }: StoreSystem, onUnanswered: (fault: Fault) => void): BoundedDisk {
  const mostAtOnce = Math.max(1, blockingThreadCount() - 1)
  return new BoundedDisk({ disk, timers: systemTimers, mostAtOnce, onUnanswered })
}

function openQuarantine(settings: Settings, layout: Layout, observer: Observer): Quarantine {
  const report = (damage: DamageReport): void => observer({ kind: 'blob-damaged', ...damage })
  return new Quarantine(layout, report, quarantineLimits(settings))
}

interface LimitInput {
  readonly settings: Settings
  readonly layout: Layout
  readonly embedded: EmbeddedStores
  readonly large: FsBlobStore
  readonly storage: OpenedStorage
  readonly hot: Stores['hot']
  readonly health: StoreHealth
  readonly observer: Observer
  readonly quarantine: Quarantine
  readonly timers: Timers
  readonly note: (text: string) => void
}

/** Blobs and index with the quota over them. */
function limit(input: LimitInput): StoreQuota & Pick<Stores, 'index' | 'touch' | 'usable' | 'opened'> {
  const { settings, embedded, large, storage, hot, health } = input
  const { small, side } = embedded
  const ledger = createLedger(settings, storage.keys)
  const index = storage.openIndex((...change) => guarded(() => ledger.changed(...change), health))
  const limited = openStoreQuota({
    ...input,
    ledger,
    blobs: new SizedBlobStore(small, large),
    smallBlobs: small,
    index,
    storedRecords: storage.stored,
    databases: [...storage.records, side.room],
    failed: (error) => health.failed(error),
    onEvict: (key) => hot.delete(key),
    opened: storage.opened,
    knowsRecords: () => settings.index.medium === 'sqlite' && embedded.isWhole,
  })
  const { usable, opened } = storage
  return { ...limited, index, usable, opened, touch: (key, slot) => ledger.touch(key, slot) }
}

/** What is stored into files that are open goes on without an error when their folder is gone. */
function watchFolder(folder: KeptFolder, health: StoreHealth, timers: Timers): { close(): void } {
  let callOff = (): void => {}
  const watch = (): void => {
    callOff = timers.after(lookEveryMs, () => {
      try {
        folder.check()
      } catch (error) {
        health.failed(storeFault('the data folder', error))
      }
      watch()
    })
  }
  watch()
  return { close: () => callOff() }
}

/** What is counted wrongly is found at the next start; the change itself is made. */
function guarded(count: () => void, health: StoreHealth): void {
  try {
    count()
  } catch (error) {
    health.failed(error)
  }
}

interface OpenedStorage {
  readonly openIndex: (watcher: IndexWatcher) => ResponseIndex
  readonly keys: RecordKeys
  /** None: it is not in a file. */
  readonly files: readonly Healing[]
  readonly records: readonly DatabaseRoom[]
  /** `undefined`: they are not in this process's own file. */
  readonly stored: StoredRecords | undefined
  readonly usable: Promise<void>
  readonly opened: Promise<void>
}

function openStorage(
  settings: Settings,
  layout: Layout,
  embedded: EmbeddedStores,
  reports: StoreReports,
): OpenedStorage {
  const { index: url } = settings
  const now = { usable: Promise.resolve(), opened: Promise.resolve() }
  const elsewhere = { keys: new InternedKeys(), files: [], records: [], stored: undefined, ...now }
  if (isServer(url)) {
    embedded.withoutIndex()
    const storage = openServerStorage(url, settings, layout, reports)
    const openIndex = (watcher: IndexWatcher): ResponseIndex => createKeyvResponseIndex(storage, true, watcher)
    return { ...elsewhere, openIndex, usable: storage.opened, opened: storage.opened }
  }
  if (url.medium === 'memory') {
    embedded.withoutIndex()
    return { ...elsewhere, openIndex: (watcher) => createKeyvResponseIndex(new Map(), false, watcher) }
  }
  const { storage, healing, ...when } = embedded.openIndex()
  const openIndex = (watcher: IndexWatcher): ResponseIndex => createKeyvResponseIndex(storage, false, watcher)
  return { openIndex, keys: storage, files: [healing], records: [storage.room], stored: storage, ...when }
}
