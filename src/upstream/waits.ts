import type { Timers } from '../base/clock.ts'

/** Waiting that ends early when all is closed. */
export class Waits {
  readonly #timers: Timers
  readonly #waiting = new Set<() => void>()
  #isClosed = false

  constructor(timers: Timers) {
    this.#timers = timers
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  wait(ms: number): Promise<void> {
    if (this.#isClosed) return Promise.resolve()
    return new Promise((resolve) => {
      const wake = (): void => {
        callOff()
        this.#waiting.delete(wake)
        resolve()
      }
      const callOff = this.#timers.after(ms, wake)
      this.#waiting.add(wake)
    })
  }

  close(): void {
    this.#isClosed = true
    for (const wake of this.#waiting) wake()
  }
}
