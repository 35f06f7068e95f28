import { Fault } from '../base/faults.ts'

/** Most requests that wait for one origin. */
const maxWaitingCount = 1000

/** Lets at most so many work for one origin at a time; the others wait in order. */
export class Turns {
  readonly #maxCount: number
  readonly #origins = new Map<string, { activeCount: number; waiting: (() => void)[] }>()

  constructor(maxCount: number) {
    this.#maxCount = maxCount
  }

  /** Resolves to the function that gives the turn back; rejects with `ORIGIN_BUSY` when too many wait. */
  async take(origin: string): Promise<() => void> {
    const entry = this.#origins.get(origin) ?? { activeCount: 0, waiting: [] }
    this.#origins.set(origin, entry)
    if (entry.activeCount < this.#maxCount) entry.activeCount += 1
    else {
      if (entry.waiting.length >= maxWaitingCount) {
        throw new Fault('ORIGIN_BUSY', `${maxWaitingCount} requests wait for ${origin}`)
      }
      await new Promise<void>((resolve) => entry.waiting.push(resolve))
    }
    let given = false
    return () => {
      if (given) return
      given = true
      const next = entry.waiting.shift()
      if (next !== undefined) return next()
      entry.activeCount -= 1
      if (entry.activeCount === 0) this.#origins.delete(origin)
    }
  }
}
