import { type EvictionPolicy, grown, noSlot, type PolicyState } from './eviction-policy.ts'
import { SlotList } from './slot-list.ts'

/**
 * SIEVE (NSDI 2024): entries stay in the order in which they came; a hand goes from the oldest to the newest, forgives once
 * those that were asked for since it last passed, and takes the first that was not.
 */
export class SieveEviction implements EvictionPolicy {
  readonly name = 'sieve'
  readonly #list = new SlotList()
  #visited = new Uint8Array(0)
  #hand = noSlot

  get count(): number {
    return this.#list.count
  }

  has(slot: number): boolean {
    return this.#list.has(slot)
  }

  reserve(count: number): void {
    if (this.#list.reserve(count)) this.#visited = grown(this.#visited, this.#list.next.length)
  }

  insert(slot: number): void {
    if (this.#list.push(slot)) this.#visited = grown(this.#visited, this.#list.next.length)
    this.#visited[slot] = 0
  }

  hit(slot: number): void {
    if (this.#list.has(slot)) this.#visited[slot] = 1
  }

  resize(): void {}

  remove(slot: number): void {
    if (!this.#list.has(slot)) return
    if (this.#hand === slot) this.#hand = this.#list.next[slot]!
    this.#list.remove(slot)
  }

  evict(): number | undefined {
    if (this.#list.count === 0) return undefined
    let slot = this.#hand === noSlot ? this.#list.oldest : this.#hand
    while (this.#visited[slot] === 1) {
      this.#visited[slot] = 0
      const after = this.#list.next[slot]!
      slot = after === noSlot ? this.#list.oldest : after
    }
    this.#hand = slot
    this.remove(slot)
    return slot
  }

  state(): PolicyState {
    const slots = this.#list.slots()
    const hand = this.#hand === noSlot ? 0 : slots.indexOf(this.#hand)
    return { name: this.name, slots, arrays: [Uint8Array.from(slots, (slot) => this.#visited[slot]!)], numbers: [hand] }
  }

  restore({ name, slots, arrays, numbers }: PolicyState): boolean {
    if (name !== this.name) return false
    this.#list.bringForward(slots)
    for (let at = 0; at < slots.length; at++) if (arrays[0]![at] === 1) this.hit(slots[at]!)
    this.#hand = slots.subarray(numbers[0]!).find((slot) => this.#list.has(slot)) ?? noSlot
    return true
  }
}
