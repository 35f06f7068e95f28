import { createEvictionPolicy } from './eviction-policies.ts'
import type { EvictionName } from './eviction-policy.ts'

/** Requests in the order in which they came: which object, and how large it was. */
export interface Trace {
  /** Numbers of objects, from 0 on. */
  readonly objects: Uint32Array
  /** Bytes of content; 0: nothing was sent. */
  readonly sizes: Float64Array
  readonly objectCount: number
  /** Bytes of all objects together, each as it was at last: a cache of that size holds everything. */
  readonly footprintBytes: number
}

/** What a cache of one size would have done. Shares are of 1. */
export interface SimulatedRatio {
  readonly policy: EvictionName
  readonly quotaBytes: number
  readonly hitRatio: number
  readonly byteHitRatio: number
  /** Share of the waiting that hits would have saved: a round trip, and the transfer. */
  readonly savedRatio: number
  readonly evictedCount: number
}

/** Transfer that takes as long as a round trip to the origin. */
const roundTripBytes = 1_000_000

/** Replays `trace` on a cache of `quotaBytes` with the very policy of the store. */
export function simulateEviction(trace: Trace, policyName: EvictionName, quotaBytes: number): SimulatedRatio {
  const policy = createEvictionPolicy(policyName)
  const held = new Float64Array(trace.objectCount)
  const total = { count: 0, bytes: 0, cost: 0 }
  const hit = { count: 0, bytes: 0, cost: 0 }
  let usedBytes = 0
  let evictedCount = 0
  for (let i = 0; i < trace.objects.length; i++) {
    const object = trace.objects[i]!
    const sizeBytes = trace.sizes[i]!
    if (sizeBytes === 0) continue
    add(total, sizeBytes)
    if (policy.has(object)) {
      policy.hit(object)
      add(hit, sizeBytes)
      continue
    }
    if (sizeBytes > quotaBytes) continue
    while (usedBytes + sizeBytes > quotaBytes) {
      usedBytes -= held[policy.evict()!]!
      evictedCount += 1
    }
    held[object] = sizeBytes
    usedBytes += sizeBytes
    policy.insert(object, sizeBytes)
  }
  return {
    policy: policyName,
    quotaBytes,
    hitRatio: share(hit.count, total.count),
    byteHitRatio: share(hit.bytes, total.bytes),
    savedRatio: share(hit.cost, total.cost),
    evictedCount,
  }
}

function add(sum: { count: number; bytes: number; cost: number }, sizeBytes: number): void {
  sum.count += 1
  sum.bytes += sizeBytes
  sum.cost += roundTripBytes + sizeBytes
}

function share(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole
}
