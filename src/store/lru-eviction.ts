import type { EvictionPolicy, PolicyState } from './eviction-policy.ts'
import { SlotList } from './slot-list.ts'

/** The entry goes first that was not asked for the longest. */
export class LruEviction implements EvictionPolicy {
  readonly name = 'lru'
  readonly #list = new SlotList()

  get count(): number {
    return this.#list.count
  }

  has(slot: number): boolean {
    return this.#list.has(slot)
  }

  reserve(count: number): void {
    this.#list.reserve(count)
  }

  insert(slot: number): void {
    this.#list.push(slot)
  }

  hit(slot: number): void {
    if (!this.#list.has(slot)) return
    this.#list.remove(slot)
    this.#list.push(slot)
  }

  resize(): void {}

  remove(slot: number): void {
    if (this.#list.has(slot)) this.#list.remove(slot)
  }

  evict(): number | undefined {
    if (this.#list.count === 0) return undefined
    const slot = this.#list.oldest
    this.#list.remove(slot)
    return slot
  }

  state(): PolicyState {
    return { name: this.name, slots: this.#list.slots(), arrays: [], numbers: [] }
  }

  restore({ name, slots }: PolicyState): boolean {
    if (name !== this.name) return false
    this.#list.bringForward(slots)
    return true
  }
}
