import { capacityFor, grown, noSlot } from './eviction-policy.ts'

/** A list of slots in two typed arrays, oldest first; a slot that is in it stands once. */
export class SlotList {
  /** Of each slot; of one that is not in the list the next is itself. */
  previous = new Uint32Array(0)
  next = new Uint32Array(0)
  oldest = noSlot
  newest = noSlot
  count = 0

  has(slot: number): boolean {
    return slot < this.next.length && this.next[slot] !== slot
  }

  /** Makes room for so many; answers whether the arrays grew. */
  reserve(count: number): boolean {
    const grows = count > this.next.length
    if (grows) this.#grow(capacityFor(count - 1, this.next.length))
    return grows
  }

  /** Adds a slot that is not in the list as the newest; answers whether the arrays grew. */
  push(slot: number): boolean {
    const grows = slot >= this.next.length
    if (grows) this.#grow(capacityFor(slot, this.next.length))
    this.previous[slot] = this.newest
    this.next[slot] = noSlot
    if (this.newest === noSlot) this.oldest = slot
    else this.next[this.newest] = slot
    this.newest = slot
    this.count += 1
    return grows
  }

  /** Takes out a slot that is in the list. */
  remove(slot: number): void {
    const before = this.previous[slot]!
    const after = this.next[slot]!
    if (before === noSlot) this.oldest = after
    else this.next[before] = after
    if (after === noSlot) this.newest = before
    else this.previous[after] = before
    this.next[slot] = slot
    this.count -= 1
  }

  /** All that are in the list, oldest first. */
  slots(): Uint32Array<ArrayBuffer> {
    const slots = new Uint32Array(this.count)
    let at = 0
    for (let slot = this.oldest; slot !== noSlot; slot = this.next[slot]!) slots[at++] = slot
    return slots
  }

  /** Those of `slots` that are in the list become its oldest, in their order. */
  bringForward(slots: Uint32Array): void {
    for (let at = slots.length - 1; at >= 0; at--) {
      const slot = slots[at]!
      if (!this.has(slot)) continue
      this.remove(slot)
      this.previous[slot] = noSlot
      this.next[slot] = this.oldest
      if (this.oldest === noSlot) this.newest = slot
      else this.previous[this.oldest] = slot
      this.oldest = slot
      this.count += 1
    }
  }

  /** Of capacity alone: slots of the new room point at themselves. */
  #grow(capacity: number): void {
    const before = this.next.length
    this.previous = grown(this.previous, capacity)
    this.next = grown(this.next, capacity)
    for (let slot = before; slot < capacity; slot++) this.next[slot] = slot
  }
}
