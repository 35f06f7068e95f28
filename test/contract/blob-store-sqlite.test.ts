import { SqliteBlobStore } from '../../src/store/sqlite-blob-store.ts'
import { Checkpointer } from '../../src/store/sqlite-checkpointer.ts'
import { makeStoreFolder } from '../support/store-folder.ts'
import { blobStoreContract } from './blob-store.ts'

blobStoreContract('SQLite', async () => {
  const folder = makeStoreFolder()
  const checkpointer = new Checkpointer()
  const store = new SqliteBlobStore(folder.layout.smallBlobs, checkpointer)
  return {
    store,
    end: async () => {
      await store.close()
      await checkpointer.close()
      folder.remove()
    },
  }
})
