/** A run of bytes as the chunks it came in, without copying them. Positions count from the start of the whole content. */
export class ChunkList {
  #chunks: Buffer[] = []
  /** Where each chunk starts. */
  #starts: number[] = []
  #end = 0

  /** Position of the first byte that is still held. */
  get start(): number {
    return this.#starts[0] ?? this.#end
  }

  get end(): number {
    return this.#end
  }

  push(chunk: Buffer): void {
    if (chunk.length === 0) return
    this.#chunks.push(chunk)
    this.#starts.push(this.#end)
    this.#end += chunk.length
  }

  /** The bytes from `position` (which must be held) to the end of their chunk, at most `limitBytes`. */
  at(position: number, limitBytes: number): Buffer {
    let low = 0
    let high = this.#starts.length - 1
    while (low < high) {
      const middle = (low + high + 1) >>> 1
      if (this.#starts[middle]! <= position) low = middle
      else high = middle - 1
    }
    const offset = position - this.#starts[low]!
    const chunk = this.#chunks[low]!
    return offset === 0 && chunk.length <= limitBytes ? chunk : chunk.subarray(offset, offset + limitBytes)
  }

  /** Forgets the chunks that lie wholly before `position`. */
  dropBefore(position: number): void {
    let count = 0
    while (count < this.#chunks.length && (this.#starts[count + 1] ?? this.#end) <= position) count += 1
    if (count === 0) return
    this.#chunks.splice(0, count)
    this.#starts.splice(0, count)
  }

  /** Forgets everything, and goes on from `position`. */
  skipTo(position: number): void {
    this.#chunks = []
    this.#starts = []
    this.#end = position
  }

  /** Everything held as one buffer, made once; it keeps no larger one alive. */
  whole(): Buffer {
    const [first] = this.#chunks
    const alone = this.#chunks.length === 1 && first!.length * 2 >= first!.buffer.byteLength
    if (alone) return first!
    const whole = Buffer.allocUnsafeSlow(this.#end - this.start)
    let at = 0
    for (const chunk of this.#chunks) at += chunk.copy(whole, at)
    if (whole.length > 0) {
      this.#starts = [this.start]
      this.#chunks = [whole]
    }
    return whole
  }

  /** The chunks held, oldest first. */
  get chunks(): readonly Buffer[] {
    return this.#chunks
  }
}
