import { capacityFor, grown, noSlot } from './eviction-policy.ts'

const emptyBucket = 0
const busyShare = 0.6
const bucketsPerSlot = 2

/** 64 bits as two halves. */
export interface Hash64 {
  high: number
  low: number
}

/** Finds the slot of a 64-bit hash: open addressing over typed arrays, 16 bytes a slot. Slots that are given back are used again. */
export class HashSlots {
  #high = new Uint32Array(0)
  /** Of a free slot: the next free one. */
  #low = new Uint32Array(0)
  /** Slot + 1. */
  #buckets = new Uint32Array(0)
  #firstFree = noSlot
  #end = 0
  count = 0

  /** Slots that were ever used are below this. */
  get end(): number {
    return this.#end
  }

  /** Makes room for so many at once: arrays that grow step by step leave holes in memory as large as they are. */
  reserve(count: number): void {
    if (count > this.#low.length) this.#grow(capacityFor(count - 1, this.#low.length))
    if (this.#buckets.length < this.#low.length * bucketsPerSlot) this.#rehash()
  }

  /** `noSlot`: it is not there. */
  find({ high, low }: Hash64): number {
    if (this.count === 0) return noSlot
    const mask = this.#buckets.length - 1
    for (let at = low & mask; ; at = (at + 1) & mask) {
      const bucket = this.#buckets[at]!
      if (bucket === emptyBucket) return noSlot
      const slot = bucket - 1
      if (this.#low[slot] === low && this.#high[slot] === high) return slot
    }
  }

  has(hash: Hash64): boolean {
    return this.find(hash) !== noSlot
  }

  /** The slots that are used, as they are now. */
  used(): readonly number[] {
    const slots: number[] = []
    for (const bucket of this.#buckets) if (bucket !== emptyBucket) slots.push(bucket - 1)
    return slots
  }

  /** The hash of a slot that is used. */
  hashAt(slot: number): Hash64 {
    return { high: this.#high[slot]!, low: this.#low[slot]! }
  }

  /** A slot for a hash that is not there. */
  add({ high, low }: Hash64): number {
    const slot = this.#takeSlot()
    this.#high[slot] = high
    this.#low[slot] = low
    this.count += 1
    if (this.count > this.#buckets.length * busyShare) this.#rehash()
    this.#place(slot)
    return slot
  }

  /** Gives `slot` back. */
  remove(slot: number): void {
    const mask = this.#buckets.length - 1
    let hole = this.#low[slot]! & mask
    while (this.#buckets[hole] !== slot + 1) hole = (hole + 1) & mask
    // What was pushed past the hole moves back, so that no search ends too early.
    for (let at = (hole + 1) & mask; this.#buckets[at] !== emptyBucket; at = (at + 1) & mask) {
      const home = this.#low[this.#buckets[at]! - 1]! & mask
      if (((at - home) & mask) < ((at - hole) & mask)) continue
      this.#buckets[hole] = this.#buckets[at]!
      hole = at
    }
    this.#buckets[hole] = emptyBucket
    this.#low[slot] = this.#firstFree
    this.#firstFree = slot
    this.count -= 1
  }

  #takeSlot(): number {
    const free = this.#firstFree
    if (free !== noSlot) {
      this.#firstFree = this.#low[free]!
      return free
    }
    const slot = this.#end++
    if (slot >= this.#low.length) this.#grow(capacityFor(slot, this.#low.length))
    return slot
  }

  #grow(capacity: number): void {
    this.#high = grown(this.#high, capacity)
    this.#low = grown(this.#low, capacity)
  }

  #place(slot: number): void {
    const mask = this.#buckets.length - 1
    let at = this.#low[slot]! & mask
    while (this.#buckets[at] !== emptyBucket) at = (at + 1) & mask
    this.#buckets[at] = slot + 1
  }

  #rehash(): void {
    const before = this.#buckets
    this.#buckets = new Uint32Array(this.#low.length * bucketsPerSlot)
    for (const bucket of before) if (bucket !== emptyBucket) this.#place(bucket - 1)
  }
}

const factors = [0x9e3779b1, 0x85ebca77] as const

/** 64 bits that all depend on every character. Two keys with the same are taken for one; among a million keys that is less likely than one in ten million. */
export function hashOfKey(key: string): Hash64 {
  let high = key.length
  let low = ~key.length
  for (let i = 0; i < key.length; i++) {
    const code = key.charCodeAt(i)
    high = Math.imul(high ^ code, factors[0])
    high ^= high >>> 15
    low = Math.imul(low ^ code, factors[1])
    low ^= low >>> 13
  }
  return { high: high >>> 0, low: low >>> 0 }
}

/** The first 64 bits of a digest. */
export function hashOfDigest(digest: string): Hash64 {
  return { high: Number.parseInt(digest.slice(0, 8), 16), low: Number.parseInt(digest.slice(8, 16), 16) }
}
