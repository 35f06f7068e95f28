const smallestBytes = 64 * 1024
const largestBytes = 1024 * 1024
/** What all readers together may hold before they get the smallest buffers only. */
const budgetBytes = 32 * 1024 * 1024
/** What is kept for later, of all sizes together. */
const maxFreeBytes = 16 * 1024 * 1024

/** Memory that is lent in slots of one size. Small buffers with a memory of their own would leave holes in the heap. */
interface Slab {
  readonly slots: readonly Buffer[]
  readonly lent: boolean[]
  lentCount: number
}

/** Buffers for reading files, used again and again: fresh ones per chunk would cost more than the reading. */
export class BufferPool {
  /** Free slots by size. */
  readonly #free = new Map<number, Buffer[]>()
  readonly #slabs = new WeakMap<ArrayBufferLike, Slab>()
  /** Beyond what is kept, for as long as anything is lent: what was dropped would stay in memory until garbage is collected, and more be made. */
  #spare: Buffer[] = []
  freeBytes = 0
  lentBytes = 0

  /** A buffer for one read of at most `limitBytes`: large while few are lent, small while many are. */
  take(limitBytes: number): Buffer {
    const share = (budgetBytes - this.lentBytes) / 16
    let size = smallestBytes
    while (size < limitBytes && size * 2 <= share && size < largestBytes) size *= 2
    const slot = this.#freeSlots(size).pop()!
    const slab = this.#slabs.get(slot.buffer)!
    slab.lent[indexOf(slot, slab)] = true
    slab.lentCount += 1
    this.freeBytes -= size
    this.lentBytes += size
    return size > limitBytes ? slot.subarray(0, limitBytes) : slot
  }

  /** Takes back what `take` gave, or a part of it. Anything else is not ours and is left alone. */
  give(chunk: Buffer): void {
    const slab = this.#slabs.get(chunk.buffer)
    if (slab === undefined) return
    const index = indexOf(chunk, slab)
    if (!slab.lent[index]) return
    slab.lent[index] = false
    slab.lentCount -= 1
    const slot = slab.slots[index]!
    this.lentBytes -= slot.length
    this.freeBytes += slot.length
    this.#free.get(slot.length)!.push(slot)
    if (slab.lentCount === 0 && this.freeBytes > maxFreeBytes) this.#takeApart(slab)
    if (this.lentBytes === 0) this.#spare = []
  }

  /** At least one slot of `size` bytes. */
  #freeSlots(size: number): Buffer[] {
    const free = this.#free.get(size) ?? []
    this.#free.set(size, free)
    if (free.length > 0) return free
    const memory = this.#spare.pop() ?? Buffer.allocUnsafeSlow(largestBytes)
    const slots = Array.from({ length: largestBytes / size }, (_, i) => memory.subarray(i * size, (i + 1) * size))
    this.#slabs.set(memory.buffer, { slots, lent: slots.map(() => false), lentCount: 0 })
    free.push(...slots)
    this.freeBytes += largestBytes
    return free
  }

  #takeApart(slab: Slab): void {
    const size = slab.slots[0]!.length
    const memory = slab.slots[0]!.buffer
    const kept = this.#free.get(size)!.filter((slot) => slot.buffer !== memory)
    this.#free.set(size, kept)
    this.freeBytes -= largestBytes
    this.#spare.push(Buffer.from(memory))
  }
}

function indexOf(chunk: Buffer, slab: Slab): number {
  return Math.floor(chunk.byteOffset / slab.slots[0]!.length)
}
