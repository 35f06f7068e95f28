import type { Settings } from '../config/settings.ts'
import type { CachedResponse } from '../pipeline/cached-response.ts'
import type { BlobStore } from '../store/blob-store.ts'
import { createFsBlobStore } from '../store/fs-blob-store.ts'
import type { HotResponses } from '../store/hot-responses.ts'
import { createKeyvResponseIndex } from '../store/keyv-response-index.ts'
import { layoutOf } from '../store/layout.ts'
import { createHotResponses } from '../store/lru-hot-responses.ts'
import { prepareFolder } from '../store/prepare-folder.ts'
import type { ResponseIndex } from '../store/response-index.ts'
import { SizedBlobStore } from '../store/sized-blob-store.ts'
import { SqliteBlobStore } from '../store/sqlite-blob-store.ts'
import { Checkpointer } from '../store/sqlite-checkpointer.ts'
import { SqliteKeyvStorage } from '../store/sqlite-keyv-storage.ts'
import { acquireStoreLock } from '../store/store-lock.ts'

/** What is kept: content, records, and the hottest of both in memory. */
export interface Stores {
  readonly blobs: BlobStore
  readonly index: ResponseIndex
  readonly hot: HotResponses<readonly CachedResponse[]>
  close(): Promise<void>
}

/** Opens the stores of the data folder, which this process then owns. */
export function openStores(settings: Settings): Stores {
  const layout = layoutOf(settings.dataFolder)
  const lock = acquireStoreLock(layout)
  try {
    prepareFolder(layout)
    const checkpointer = new Checkpointer()
    const blobs = new SizedBlobStore(new SqliteBlobStore(layout.smallBlobs, checkpointer), createFsBlobStore(layout))
    const storage = settings.index === 'memory:' ? new Map() : new SqliteKeyvStorage(layout.index, checkpointer)
    const index = createKeyvResponseIndex(storage)
    return {
      blobs,
      index,
      hot: createHotResponses(settings.memoryBytes),
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
