import { LRUCache } from 'lru-cache'
import type { HotResponses } from './hot-responses.ts'

export function createHotResponses<T extends object>(maxBytes: number): HotResponses<T> {
  const cache = new LRUCache<string, T>({ maxSize: Math.max(1, maxBytes) })
  return {
    get: (key) => cache.get(key),
    set: (key, value, sizeBytes) => {
      cache.set(key, value, { size: Math.max(1, sizeBytes) })
    },
    delete: (key) => {
      cache.delete(key)
    },
    clear: () => cache.clear(),
  }
}
