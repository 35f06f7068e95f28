/**
 * What is kept here is written so much later, all of it together, or as soon as there is so much: nobody waits for it. Held for longer,
 * it would outlive the garbage collector's young generation, at a cost to every miss.
 */
const flushMs = 50
const flushCount = 200

/** Says when what nobody waits for is written. */
export class LateFlush {
  readonly #write: () => Promise<void>
  #timer: NodeJS.Timeout | undefined
  #flushing: Promise<unknown> = Promise.resolve()

  /** `write` begins at once to write all there is, and never rejects. */
  constructor(write: () => Promise<void>) {
    this.#write = write
  }

  /** So much waits now. */
  later(count: number): void {
    if (count >= flushCount) void this.now()
    else this.#timer ??= setTimeout(() => void this.now(), flushMs)
  }

  /** Resolves when everything so far is written, or lost. */
  async now(): Promise<void> {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#flushing = Promise.all([this.#flushing, this.#write()])
    await this.#flushing
  }
}
