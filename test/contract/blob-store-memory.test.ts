import { MemoryBlobStore } from '../../src/store/memory-blob-store.ts'
import { blobStoreContract } from './blob-store.ts'

blobStoreContract('memory', async () => ({ store: new MemoryBlobStore(), end: async () => {} }))
