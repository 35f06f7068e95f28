import { createKeyvResponseIndex } from '../../src/store/keyv-response-index.ts'
import { responseIndexContract } from './response-index.ts'

responseIndexContract('Keyv in memory', async () => {
  const storage = new Map<string, string>()
  return {
    index: createKeyvResponseIndex(storage),
    plant: async (key, text) => {
      storage.set(key, text)
    },
    end: async () => {},
  }
})
