/** The names of the policies, as the option has them. */
export const evictionNames = ['gdsf', 'lru', 'sieve'] as const
export type EvictionName = (typeof evictionNames)[number]

/**
 * Which entry goes first. Entries are small whole numbers, slots, that the caller hands out and uses again; all state is in
 * typed arrays indexed by them. Nothing here reads a clock, the disk or a key, so that a simulation runs the same code.
 */
export interface EvictionPolicy {
  readonly name: EvictionName
  /** How many entries it knows. */
  readonly count: number
  /** Makes room for so many. */
  reserve(count: number): void
  /** A new entry, which must not be there. */
  insert(slot: number, sizeBytes: number): void
  /** It was asked for. Nothing happens when it is not there. */
  hit(slot: number): void
  /** It has another size now. */
  resize(slot: number, sizeBytes: number): void
  /** It is gone, or must never be chosen. */
  remove(slot: number): void
  has(slot: number): boolean
  /** Takes out the entry that goes first; `undefined`: there is none. */
  evict(): number | undefined
  /** A copy of what was learnt, to be kept on disk. */
  state(): PolicyState
  /**
   * Takes over what a policy with the same name had learnt; answers whether it was one. `slots` are those that the entries have
   * here, `noSlot` for those that are gone. Nothing may have been evicted here yet; what was asked for since counts on top.
   */
  restore(state: PolicyState): boolean
}

/** What a policy has learnt of its entries: each array has one element for each of `slots`. */
export interface PolicyState {
  readonly name: EvictionName
  /** In lists those that go first come first. */
  readonly slots: Uint32Array
  readonly arrays: readonly StateArray[]
  readonly numbers: readonly number[]
}

export type StateArray = Uint8Array | Uint16Array | Uint32Array | Float64Array

/** No slot: the end of a list. */
export const noSlot = 0xffff_ffff

const firstCapacity = 1024

/** The next capacity that has room for `slot`. */
export function capacityFor(slot: number, capacity: number): number {
  let next = Math.max(capacity, firstCapacity)
  while (next <= slot) next *= 2
  return next
}

/** `array` with room for `capacity` entries, the new ones `filler`. */
export function grown<T extends StateArray>(array: T, capacity: number, filler = 0): T {
  const next = new (array.constructor as new (length: number) => T)(capacity)
  next.set(array)
  if (filler !== 0) next.fill(filler, array.length)
  return next
}
