import { systemClock, systemTimers, type Timers } from '../base/clock.ts'
import type { Observer } from '../base/events.ts'
import { Fault } from '../base/faults.ts'
import { isServer } from '../config/index-url.ts'
import type { Settings } from '../config/settings.ts'
import type { CachedResponse } from '../pipeline/cached-response.ts'
import { StoreHealth } from '../pipeline/store-health.ts'
import type { BlobStore } from '../store/blob-store.ts'
import { type Disk, systemDisk } from '../store/disk.ts'
import { createFsBlobStore } from '../store/fs-blob-store.ts'
import type { HotResponses } from '../store/hot-responses.ts'
import { createKeyvResponseIndex } from '../store/keyv-response-index.ts'
import { type Layout, layoutOf } from '../store/layout.ts'
import { createHotResponses } from '../store/lru-hot-responses.ts'
import { prepareFolder } from '../store/prepare-folder.ts'
import { probeFolder } from '../store/probe-folder.ts'
import { Quarantine } from '../store/quarantine.ts'
import type { ResponseIndex } from '../store/response-index.ts'
import { SizedBlobStore } from '../store/sized-blob-store.ts'
import { Checkpointer } from '../store/sqlite-checkpointer.ts'
import { acquireStoreLock } from '../store/store-lock.ts'
import { setCleanMark, takeCleanMark } from '../store/suspects.ts'
import { VerifyPass } from '../store/verify-pass.ts'
import { EmbeddedStores, type Healing } from './embedded-stores.ts'
import { openServerStorage, type StoreReports } from './index-storage.ts'

/** What is kept: content, records, and the hottest of both in memory. */
export interface Stores {
  readonly blobs: BlobStore
  readonly index: ResponseIndex
  readonly hot: HotResponses<readonly CachedResponse[]>
  readonly health: StoreHealth
  /** Reads all content again. */
  readonly verifying: VerifyPass
  /** An index on a server has answered, or is said to be down; one that was lost is made again. Never rejects. */
  readonly opened: Promise<void>
  close(): Promise<void>
}

/** What of the system the stores use; tests put faults between. */
export interface StoreSystem {
  readonly disk?: Disk
  readonly timers?: Timers
  /** Tells people of work that takes time before the stores can be used. */
  readonly note?: ((text: string) => void) | undefined
}

/** Opens the stores of the data folder, which this process then owns. */
export function openStores(
  settings: Settings,
  observer: Observer = () => {},
  { disk = systemDisk, timers = systemTimers, note = () => {} }: StoreSystem = {},
): Stores {
  const layout = layoutOf(settings.dataFolder)
  const lock = acquireStoreLock(layout)
  try {
    const found = prepareFolder(layout)
    const suspects = takeCleanMark(layout)
    const healing: Healing[] = []
    const health = new StoreHealth(observer, isServer(settings.index), {
      timers,
      mend: () => mend(layout, disk, healing),
    })
    const checkpointer = new Checkpointer()
    const quarantine = new Quarantine(layout, (report) => observer({ kind: 'blob-damaged', ...report }))
    const { isUnclean } = suspects
    const embedded = new EmbeddedStores({ layout, disk, checkpointer, quarantine, health, isUnclean, found, note })
    const { small, side } = embedded
    const large = createFsBlobStore(layout, { disk, quarantine, suspects, sums: side })
    const blobs = new SizedBlobStore(small, large)
    const { index, opened, file } = openIndex(settings, layout, embedded, { observer, health })
    healing.push(small, side, ...(file === undefined ? [] : [file]))
    tellSetAside(healing, health)
    const now = (): number => systemClock.now()
    const verifying = new VerifyPass({ stores: [small, large], stateFile: layout.verifyState, now })
    return {
      verifying,
      blobs,
      index,
      hot: createHotResponses(settings.memoryBytes),
      health,
      opened,
      close: async () => {
        await verifying.close()
        await health.close()
        await index.close()
        await blobs.close()
        await side.close()
        await checkpointer.close()
        setCleanMark(layout)
        lock.release()
      },
    }
  } catch (error) {
    lock.release()
    throw error
  }
}

/** Rejects with a store fault while something cannot be written. */
async function mend(layout: Layout, disk: Disk, files: readonly Healing[]): Promise<void> {
  await probeFolder(layout, disk)
  for (const file of files) await file.heal()
}

/** What was damaged before the start is told of, and over. */
function tellSetAside(files: readonly Healing[], health: StoreHealth): void {
  for (const { asideAs } of files) {
    if (asideAs !== undefined) health.failed(new Fault('STORE_IO', `a damaged file was set aside as ${asideAs}`))
  }
}

interface OpenedIndex extends Pick<Stores, 'index' | 'opened'> {
  /** `undefined`: it is not in a file. */
  readonly file: Healing | undefined
}

function openIndex(settings: Settings, layout: Layout, embedded: EmbeddedStores, reports: StoreReports): OpenedIndex {
  const { index: url } = settings
  if (isServer(url)) {
    embedded.withoutIndex()
    const storage = openServerStorage(url, settings, layout, reports)
    return { index: createKeyvResponseIndex(storage, true), opened: storage.opened, file: undefined }
  }
  if (url.medium === 'memory') {
    embedded.withoutIndex()
    return { index: createKeyvResponseIndex(new Map()), opened: Promise.resolve(), file: undefined }
  }
  const { storage, opened, healing } = embedded.openIndex()
  return { index: createKeyvResponseIndex(storage), opened, file: healing }
}
