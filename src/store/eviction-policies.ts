import type { EvictionName, EvictionPolicy } from './eviction-policy.ts'
import { GdsfEviction } from './gdsf-eviction.ts'
import { LruEviction } from './lru-eviction.ts'
import { SieveEviction } from './sieve-eviction.ts'

export function createEvictionPolicy(name: EvictionName): EvictionPolicy {
  switch (name) {
    case 'gdsf':
      return new GdsfEviction()
    case 'lru':
      return new LruEviction()
    case 'sieve':
      return new SieveEviction()
  }
}
