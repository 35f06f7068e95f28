import { createKeyvResponseIndex } from '../../src/store/keyv-response-index.ts'
import { Checkpointer } from '../../src/store/sqlite-checkpointer.ts'
import { SqliteKeyvStorage } from '../../src/store/sqlite-keyv-storage.ts'
import { makeStoreFolder } from '../support/store-folder.ts'
import { responseIndexContract } from './response-index.ts'

responseIndexContract('Keyv in SQLite', async () => {
  const folder = makeStoreFolder()
  const checkpointer = new Checkpointer()
  const storage = new SqliteKeyvStorage(folder.layout.index, checkpointer)
  const index = createKeyvResponseIndex(storage)
  return {
    index,
    plant: async (key, text) => {
      await storage.set(key, text)
    },
    end: async () => {
      await index.close()
      await checkpointer.close()
      folder.remove()
    },
  }
})
