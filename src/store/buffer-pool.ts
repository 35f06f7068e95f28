const smallestBytes = 64 * 1024
const largestBytes = 1024 * 1024
/** What all readers together may hold before they get the smallest buffers only. */
const budgetBytes = 64 * 1024 * 1024
/** What is kept for later, of all sizes together. */
const maxFreeBytes = 16 * 1024 * 1024

/** Buffers for reading files, used again and again: fresh ones per chunk would cost more than the reading. */
export class BufferPool {
  readonly #free = new Map<number, Buffer[]>()
  readonly #lent = new WeakMap<ArrayBufferLike, Buffer>()
  #freeBytes = 0
  lentBytes = 0

  /** A buffer for one read of at most `limitBytes`: large while few are lent, small while many are. */
  take(limitBytes: number): Buffer {
    const share = (budgetBytes - this.lentBytes) / 16
    let size = smallestBytes
    while (size < limitBytes && size * 2 <= share && size < largestBytes) size *= 2
    const buffer = this.#reused(size) ?? Buffer.allocUnsafeSlow(size)
    this.#lent.set(buffer.buffer, buffer)
    this.lentBytes += size
    return size > limitBytes ? buffer.subarray(0, limitBytes) : buffer
  }

  /** Takes back what `take` gave, or a part of it. Anything else is not ours and is left alone. */
  give(chunk: Buffer): void {
    const buffer = this.#lent.get(chunk.buffer)
    if (buffer === undefined) return
    const size = buffer.length
    this.#lent.delete(chunk.buffer)
    this.lentBytes -= size
    if (this.#freeBytes + size > maxFreeBytes) return
    this.#freeBytes += size
    const free = this.#free.get(size)
    if (free === undefined) this.#free.set(size, [buffer])
    else free.push(buffer)
  }

  #reused(size: number): Buffer | undefined {
    const buffer = this.#free.get(size)?.pop()
    if (buffer !== undefined) this.#freeBytes -= size
    return buffer
  }
}
