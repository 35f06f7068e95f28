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
    const { previous, next, oldest, newest, count } = this.#list
    return { name: this.name, arrays: [previous.slice(), next.slice()], numbers: [oldest, newest, count] }
  }

  restore({ name, arrays, numbers }: PolicyState): boolean {
    if (name !== this.name) return false
    this.#list.previous = arrays[0] as Uint32Array<ArrayBuffer>
    this.#list.next = arrays[1] as Uint32Array<ArrayBuffer>
    this.#list.oldest = numbers[0]!
    this.#list.newest = numbers[1]!
    this.#list.count = numbers[2]!
    return true
  }
}
