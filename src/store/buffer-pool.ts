const smallestBytes = 64 * 1024
const largestBytes = 1024 * 1024
/** What all readers together may hold. */
const budgetBytes = 64 * 1024 * 1024

/** Buffers for reading files, used again and again: fresh ones per chunk would cost more than the reading. */
export class BufferPool {
  readonly #free = new Map<number, Buffer[]>()
  readonly #lent = new WeakMap<ArrayBufferLike, Buffer>()
  #lentBytes = 0
  readerCount = 0

  /** A buffer for one read of at most `limitBytes`: large for few readers, small for many. */
  take(limitBytes: number): Buffer {
    const share = budgetBytes / (2 * Math.max(1, this.readerCount))
    let size = smallestBytes
    while (size < limitBytes && size * 2 <= share && size < largestBytes) size *= 2
    const buffer = this.#free.get(size)?.pop() ?? Buffer.allocUnsafeSlow(size)
    this.#lent.set(buffer.buffer, buffer)
    this.#lentBytes += size
    return buffer.length > limitBytes ? buffer.subarray(0, limitBytes) : buffer
  }

  /** Takes back what `take` gave, or a part of it. Anything else is not ours and is left alone. */
  give(chunk: Buffer): void {
    const buffer = this.#lent.get(chunk.buffer)
    if (buffer === undefined) return
    this.#lent.delete(chunk.buffer)
    this.#lentBytes -= buffer.length
    const free = this.#free.get(buffer.length) ?? []
    this.#free.set(buffer.length, free)
    // What is kept for later shrinks with what is in use.
    if (free.length * buffer.length < budgetBytes / 4) free.push(buffer)
  }

  get lentBytes(): number {
    return this.#lentBytes
  }
}
