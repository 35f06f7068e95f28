import { createFsBlobStore } from '../../src/store/fs-blob-store.ts'
import { makeStoreFolder } from '../support/store-folder.ts'
import { blobStoreContract } from './blob-store.ts'

blobStoreContract('files', async () => {
  const folder = makeStoreFolder()
  const store = createFsBlobStore(folder.layout)
  return {
    store,
    end: async () => {
      await store.close()
      folder.remove()
    },
  }
})
