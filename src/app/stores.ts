import type { Observer } from '../base/events.ts'
import { isServer } from '../config/index-url.ts'
import type { Settings } from '../config/settings.ts'
import type { CachedResponse } from '../pipeline/cached-response.ts'
import { StoreHealth } from '../pipeline/store-health.ts'
import type { BlobStore } from '../store/blob-store.ts'
import { createFsBlobStore } from '../store/fs-blob-store.ts'
import type { HotResponses } from '../store/hot-responses.ts'
import { createKeyvResponseIndex } from '../store/keyv-response-index.ts'
import { type Layout, layoutOf } from '../store/layout.ts'
import { createHotResponses } from '../store/lru-hot-responses.ts'
import { prepareFolder } from '../store/prepare-folder.ts'
import type { ResponseIndex } from '../store/response-index.ts'
import { SizedBlobStore } from '../store/sized-blob-store.ts'
import { SqliteBlobStore } from '../store/sqlite-blob-store.ts'
import { Checkpointer } from '../store/sqlite-checkpointer.ts'
import { SqliteKeyvStorage } from '../store/sqlite-keyv-storage.ts'
import { acquireStoreLock } from '../store/store-lock.ts'
import { openServerStorage, type StoreReports } from './index-storage.ts'

/** What is kept: content, records, and the hottest of both in memory. */
export interface Stores {
  readonly blobs: BlobStore
  readonly index: ResponseIndex
  readonly hot: HotResponses<readonly CachedResponse[]>
  readonly health: StoreHealth
  /** An index on a server has answered, or is said to be down; never rejects. */
  readonly opened: Promise<void>
  close(): Promise<void>
}

/** Opens the stores of the data folder, which this process then owns. */
export function openStores(settings: Settings, observer: Observer = () => {}): Stores {
  const layout = layoutOf(settings.dataFolder)
  const lock = acquireStoreLock(layout)
  try {
    prepareFolder(layout)
    const health = new StoreHealth(observer, isServer(settings.index))
    const checkpointer = new Checkpointer()
    const blobs = new SizedBlobStore(new SqliteBlobStore(layout.smallBlobs, checkpointer), createFsBlobStore(layout))
    const { index, opened } = openIndex(settings, layout, checkpointer, { observer, health })
    return {
      blobs,
      index,
      hot: createHotResponses(settings.memoryBytes),
      health,
      opened,
      close: async () => {
        await index.close()
        await blobs.close()
        await checkpointer.close()
        lock.release()
      },
    }
  } catch (error) {
    lock.release()
    throw error
  }
}

function openIndex(
  settings: Settings,
  layout: Layout,
  checkpointer: Checkpointer,
  reports: StoreReports,
): Pick<Stores, 'index' | 'opened'> {
  const { index: url } = settings
  if (isServer(url)) {
    const storage = openServerStorage(url, settings, layout, reports)
    return { index: createKeyvResponseIndex(storage, true), opened: storage.opened }
  }
  const storage = url.medium === 'memory' ? new Map() : new SqliteKeyvStorage(layout.index, checkpointer)
  return { index: createKeyvResponseIndex(storage), opened: Promise.resolve() }
}
