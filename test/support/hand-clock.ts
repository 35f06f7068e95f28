import type { Clock, Timers } from '../../src/base/clock.ts'

/** A clock, and timers by it, that a test moves by hand. */
export class HandClock implements Clock, Timers {
  #elapsedMs = 0
  readonly #startAt: number
  readonly #due = new Set<{ readonly atMs: number; readonly call: () => void }>()

  constructor(startAt = Date.UTC(2026, 0, 1)) {
    this.#startAt = startAt
  }

  readonly now = (): number => this.#startAt + this.#elapsedMs
  readonly elapsed = (): number => this.#elapsedMs

  after(ms: number, call: () => void): () => void {
    const timer = { atMs: this.#elapsedMs + ms, call }
    this.#due.add(timer)
    return () => this.#due.delete(timer)
  }

  get waitingCount(): number {
    return this.#due.size
  }

  /** Lets time pass; what falls due happens in order, with all that follows from it. */
  async pass(ms: number): Promise<void> {
    const endMs = this.#elapsedMs + ms
    await turns()
    for (let next = this.#next(endMs); next !== undefined; next = this.#next(endMs)) {
      this.#elapsedMs = next.atMs
      this.#due.delete(next)
      next.call()
      await turns()
    }
    this.#elapsedMs = endMs
  }

  #next(endMs: number): { readonly atMs: number; readonly call: () => void } | undefined {
    return [...this.#due].filter(({ atMs }) => atMs <= endMs).sort((a, b) => a.atMs - b.atMs)[0]
  }
}

async function turns(): Promise<void> {
  for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setImmediate(resolve))
}
