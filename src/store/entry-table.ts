import { createEvictionPolicy } from './eviction-policies.ts'
import { capacityFor, type EvictionName, type EvictionPolicy, grown, noSlot } from './eviction-policy.ts'
import type { KeptEviction } from './eviction-snapshot.ts'
import { HashSlots, hashOfKey } from './hash-slots.ts'

/** Where keys are found again by a number. */
export interface RecordKeys {
  idOf(key: string): number | undefined
  keyAt(id: number): string | undefined
  isStored(key: string): boolean
  /** The entry is gone. */
  forget(id: number): void
}

const unitBytes = 512
const ringCount = 4096
/** More than that is not remembered while what was learnt earlier is read: it counts then as if it came before. */
const mostEarly = 1_000_000
const sliceCount = 2_000

/** The keys of the index with what eviction needs of each: about 60 bytes a key in all, and no key's text. */
export class EntryTable {
  #slots = new HashSlots()
  readonly #keys: RecordKeys
  #policy: EvictionPolicy
  #ids = new Float64Array(0)
  #units = new Uint32Array(0)
  #pinned = new Uint8Array(0)
  /** Slots that were asked for and of which the policy does not know yet. */
  readonly #touched = new Uint32Array(ringCount)
  #touchedCount = 0
  /** Asked for before what was learnt earlier is known; `undefined`: it is. */
  #early: number[] | undefined = []
  #changeCount = 0
  pinnedCount = 0

  constructor(policy: EvictionName, keys: RecordKeys) {
    this.#policy = createEvictionPolicy(policy)
    this.#keys = keys
  }

  get count(): number {
    return this.#slots.count
  }

  /** Grows with what the policy learns. */
  get changeCount(): number {
    return this.#changeCount + this.#touchedCount
  }

  /** Forgets every key: another file is in the index's place, with other numbers. What was learnt can be restored as after a start. */
  clear(): void {
    this.#slots = new HashSlots()
    this.#policy = createEvictionPolicy(this.#policy.name)
    this.#ids = new Float64Array(0)
    this.#units = new Uint32Array(0)
    this.#pinned = new Uint8Array(0)
    this.#touchedCount = 0
    this.#early = []
    this.#changeCount += 1
    this.pinnedCount = 0
  }

  /** Makes room for so many. */
  reserve(count: number): void {
    if (count <= this.#ids.length) return
    this.#slots.reserve(count)
    this.#grow(capacityFor(count - 1, this.#ids.length))
    this.#policy.reserve(count)
  }

  slotOf(key: string): number {
    return this.#slots.find(hashOfKey(key))
  }

  /** Is it in the index? */
  exists(key: string): boolean {
    return this.#keys.isStored(key)
  }

  /** A key is in the index, with what it and its content take on the disk; under the number `known`, where that is at hand. */
  record(key: string, sizeBytes: number, pinned: boolean, known?: number): void {
    this.#changeCount += 1
    const hash = hashOfKey(key)
    let slot = this.#slots.find(hash)
    const isNew = slot === noSlot
    if (isNew) {
      const id = known ?? this.#keys.idOf(key)
      // Meanwhile deleted again.
      if (id === undefined) return
      slot = this.#slots.add(hash)
      if (slot >= this.#ids.length) this.#grow(capacityFor(slot, this.#ids.length))
      this.#ids[slot] = id
      this.#pinned[slot] = 0
    }
    this.#units[slot] = Math.ceil(sizeBytes / unitBytes)
    this.#pin(slot, pinned)
    if (pinned) this.#policy.remove(slot)
    else if (!this.#policy.has(slot)) this.#policy.insert(slot, sizeBytes)
    else this.#policy.resize(slot, sizeBytes)
  }

  /** A key is in the index no more. */
  remove(key: string): void {
    const slot = this.slotOf(key)
    if (slot === noSlot) return
    this.#settle()
    this.#changeCount += 1
    this.#policy.remove(slot)
    this.#pin(slot, false)
    this.#keys.forget(this.#ids[slot]!)
    this.#slots.remove(slot)
  }

  /** It was asked for. */
  touch(slot: number): void {
    this.#touched[this.#touchedCount++] = slot
    if (this.#touchedCount === ringCount) this.#settle()
  }

  /** Takes out of the policy what goes first; the entry itself stays until it is removed. `undefined`: nothing may go. */
  evict(): { readonly key: string; readonly sizeBytes: number } | undefined {
    this.#endEarly()
    this.#settle()
    for (let slot = this.#policy.evict(); slot !== undefined; slot = this.#policy.evict()) {
      const key = this.#keys.keyAt(this.#ids[slot]!)
      if (key !== undefined) return { key, sizeBytes: this.#units[slot]! * unitBytes }
    }
    return undefined
  }

  /** What could not be evicted may go another time. */
  putBack(key: string): void {
    const slot = this.slotOf(key)
    if (slot === noSlot || this.#pinned[slot] === 1 || this.#policy.has(slot)) return
    this.#policy.insert(slot, this.#units[slot]! * unitBytes)
  }

  /** What the policy has learnt, by hashes of the keys. */
  kept(): KeptEviction {
    this.#settle()
    const { name, slots, arrays, numbers } = this.#policy.state()
    const high = new Uint32Array(slots.length)
    const low = new Uint32Array(slots.length)
    for (let at = 0; at < slots.length; at++) {
      const hash = this.#slots.hashAt(slots[at]!)
      high[at] = hash.high
      low[at] = hash.low
    }
    return { policy: name, high, low, arrays, numbers }
  }

  /**
   * Takes over what was learnt before a restart, once all that is stored is recorded and before anything is evicted. `undefined`:
   * nothing was kept. `breathe` is awaited now and then.
   */
  async restore(kept: KeptEviction | undefined, breathe: () => Promise<void>): Promise<void> {
    try {
      if (kept === undefined) return
      const { policy, high, low, arrays, numbers } = kept
      const slots = new Uint32Array(high.length)
      for (let at = 0; at < slots.length; at++) {
        slots[at] = this.#slots.find({ high: high[at]!, low: low[at]! })
        if (at % sliceCount === 0) await breathe()
      }
      this.#policy.restore({ name: policy, slots, arrays, numbers })
    } finally {
      this.#endEarly()
    }
  }

  #endEarly(): void {
    for (const slot of this.#early ?? []) this.#policy.hit(slot)
    this.#early = undefined
  }

  #settle(): void {
    this.#changeCount += this.#touchedCount
    for (let at = 0; at < this.#touchedCount; at++) {
      if (this.#early !== undefined && this.#early.length < mostEarly) this.#early.push(this.#touched[at]!)
      else this.#policy.hit(this.#touched[at]!)
    }
    this.#touchedCount = 0
  }

  #pin(slot: number, pinned: boolean): void {
    const value = pinned ? 1 : 0
    this.pinnedCount += value - this.#pinned[slot]!
    this.#pinned[slot] = value
  }

  #grow(capacity: number): void {
    this.#ids = grown(this.#ids, capacity)
    this.#units = grown(this.#units, capacity)
    this.#pinned = grown(this.#pinned, capacity)
  }
}

/** Keys of an index that has no numbers for them. */
export class InternedKeys implements RecordKeys {
  readonly #keys = new Map<number, string>()
  #last = 0

  idOf(key: string): number {
    this.#last += 1
    this.#keys.set(this.#last, key)
    return this.#last
  }

  keyAt(id: number): string | undefined {
    return this.#keys.get(id)
  }

  isStored(): boolean {
    return true
  }

  forget(id: number): void {
    this.#keys.delete(id)
  }
}
