import { createFsBlobStore } from '../../src/store/fs-blob-store.ts'
import { SizedBlobStore } from '../../src/store/sized-blob-store.ts'
import { SqliteBlobStore } from '../../src/store/sqlite-blob-store.ts'
import { Checkpointer } from '../../src/store/sqlite-checkpointer.ts'
import { makeStoreFolder } from '../support/store-folder.ts'
import { blobStoreContract } from './blob-store.ts'

blobStoreContract('SQLite for small blobs, files for large ones', async () => {
  const folder = makeStoreFolder()
  const checkpointer = new Checkpointer()
  const small = new SqliteBlobStore(folder.layout.smallBlobs, checkpointer)
  const store = new SizedBlobStore(small, createFsBlobStore(folder.layout))
  return {
    store,
    end: async () => {
      await store.close()
      await checkpointer.close()
      folder.remove()
    },
  }
})
