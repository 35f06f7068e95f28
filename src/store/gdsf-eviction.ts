import { capacityFor, type EvictionPolicy, grown, noSlot, type PolicyState } from './eviction-policy.ts'

/** What an origin could have sent in the time until its first byte: the fixed part of what a miss costs. */
const roundTripBytes = 1_000_000
const mostCount = 255

/**
 * GreedyDual-Size-Frequency with what a miss costs: a round trip and the transfer. The entry with the lowest priority
 * `L + frequency · (1 MB + size) / size` goes, and `L` becomes its priority: so those that nobody asks for age. A heap keeps
 * them in order.
 */
export class GdsfEviction implements EvictionPolicy {
  readonly name = 'gdsf'
  #priority = new Float64Array(0)
  /** Bytes, which the priority is made of. */
  #size = new Float64Array(0)
  #frequency = new Uint8Array(0)
  /** Where in the heap each slot is. */
  #place = new Uint32Array(0)
  #heap = new Uint32Array(0)
  #floor = 0
  count = 0

  has(slot: number): boolean {
    return slot < this.#place.length && this.#place[slot] !== noSlot
  }

  reserve(count: number): void {
    if (count > this.#place.length) this.#grow(capacityFor(count - 1, this.#place.length))
  }

  insert(slot: number, sizeBytes: number): void {
    if (slot >= this.#place.length) this.#grow(capacityFor(slot, this.#place.length))
    this.#size[slot] = Math.max(1, sizeBytes)
    this.#frequency[slot] = 1
    this.#priority[slot] = this.#worth(slot)
    this.#put(this.count++, slot)
    this.#rise(slot)
  }

  hit(slot: number): void {
    if (!this.has(slot)) return
    if (this.#frequency[slot]! < mostCount) this.#frequency[slot] = this.#frequency[slot]! + 1
    this.#priority[slot] = this.#worth(slot)
    this.#sink(slot)
  }

  resize(slot: number, sizeBytes: number): void {
    if (!this.has(slot)) return
    this.#size[slot] = Math.max(1, sizeBytes)
    this.#priority[slot] = this.#worth(slot)
    this.#rise(slot)
    this.#sink(slot)
  }

  remove(slot: number): void {
    if (!this.has(slot)) return
    const place = this.#place[slot]!
    const last = this.#heap[--this.count]!
    this.#place[slot] = noSlot
    if (last === slot) return
    this.#put(place, last)
    this.#rise(last)
    this.#sink(last)
  }

  evict(): number | undefined {
    if (this.count === 0) return undefined
    const slot = this.#heap[0]!
    this.#floor = this.#priority[slot]!
    this.remove(slot)
    return slot
  }

  state(): PolicyState {
    const slots = this.#heap.slice(0, this.count)
    const priority = new Float64Array(slots.length)
    const frequency = new Uint8Array(slots.length)
    for (let at = 0; at < slots.length; at++) {
      priority[at] = this.#priority[slots[at]!]!
      frequency[at] = this.#frequency[slots[at]!]!
    }
    return { name: this.name, slots, arrays: [priority, frequency], numbers: [this.#floor] }
  }

  restore({ name, slots, arrays, numbers }: PolicyState): boolean {
    if (name !== this.name) return false
    const [priority, frequency] = arrays as [Float64Array, Uint8Array]
    this.#floor = numbers[0]!
    // What came since was worth so much above nothing.
    for (let place = 0; place < this.count; place++) {
      const slot = this.#heap[place]!
      this.#priority[slot] = this.#priority[slot]! + this.#floor
    }
    for (let at = 0; at < slots.length; at++) {
      const slot = slots[at]!
      if (!this.has(slot)) continue
      const asked = this.#frequency[slot]! - 1
      this.#frequency[slot] = Math.min(mostCount, asked + frequency[at]!)
      this.#priority[slot] = asked > 0 ? this.#worth(slot) : priority[at]!
    }
    for (let place = (this.count >> 1) - 1; place >= 0; place--) this.#sink(this.#heap[place]!)
    return true
  }

  #worth(slot: number): number {
    const size = this.#size[slot]!
    return this.#floor + (this.#frequency[slot]! * (roundTripBytes + size)) / size
  }

  #put(place: number, slot: number): void {
    this.#heap[place] = slot
    this.#place[slot] = place
  }

  #rise(slot: number): void {
    const priority = this.#priority[slot]!
    let place = this.#place[slot]!
    while (place > 0) {
      const above = (place - 1) >> 1
      const other = this.#heap[above]!
      if (this.#priority[other]! <= priority) break
      this.#put(place, other)
      place = above
    }
    this.#put(place, slot)
  }

  #sink(slot: number): void {
    const priority = this.#priority[slot]!
    let place = this.#place[slot]!
    for (;;) {
      let below = 2 * place + 1
      if (below >= this.count) break
      const right = below + 1
      if (right < this.count && this.#priority[this.#heap[right]!]! < this.#priority[this.#heap[below]!]!) below = right
      const other = this.#heap[below]!
      if (this.#priority[other]! >= priority) break
      this.#put(place, other)
      place = below
    }
    this.#put(place, slot)
  }

  #grow(capacity: number): void {
    this.#priority = grown(this.#priority, capacity)
    this.#size = grown(this.#size, capacity)
    this.#frequency = grown(this.#frequency, capacity)
    this.#place = grown(this.#place, capacity, noSlot)
    this.#heap = grown(this.#heap, capacity)
  }
}
