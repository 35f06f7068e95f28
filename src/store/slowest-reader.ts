/** Something that reads forward from a position. */
export interface Positioned {
  position: number
}

/**
 * Readers, and how far the slowest is. The slowest position is found anew only when the last reader leaves it, so that
 * readers in step cost one search per chunk for all of them together.
 */
export class SlowestReader<R extends Positioned> {
  readonly #readers = new Set<R>()
  #position: number | undefined
  /** Readers at `#position`. */
  #count = 0

  get size(): number {
    return this.#readers.size
  }

  /** Position of the slowest; `undefined` without readers. */
  get position(): number | undefined {
    return this.#position
  }

  add(reader: R): void {
    this.#readers.add(reader)
    this.#enter(reader.position)
  }

  /** `reader` is at `position` now; answers whether the slowest position changed. */
  moved(reader: R, position: number): boolean {
    const before = reader.position
    if (before === position || !this.#readers.has(reader)) return false
    reader.position = position
    const slowest = this.#position
    if (before === slowest && this.#count === 1) this.#search()
    else {
      if (before === slowest) this.#count -= 1
      this.#enter(position)
    }
    return this.#position !== slowest
  }

  /** Answers whether it was there. */
  delete(reader: R): boolean {
    if (!this.#readers.delete(reader)) return false
    if (reader.position === this.#position && --this.#count === 0) this.#search()
    return true
  }

  #enter(position: number): void {
    if (this.#position !== undefined && position > this.#position) return
    if (position === this.#position) this.#count += 1
    else {
      this.#position = position
      this.#count = 1
    }
  }

  #search(): void {
    this.#position = undefined
    this.#count = 0
    for (const reader of this.#readers) this.#enter(reader.position)
  }
}
