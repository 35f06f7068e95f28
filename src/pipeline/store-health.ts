import type { Observer } from '../base/events.ts'
import { asFault } from '../base/faults.ts'

/** Reports faults of the stores, which no client ever sees (CORRECTNESS I9), and the first success after them. */
export class StoreHealth {
  readonly #observer: Observer
  #failing = false

  constructor(observer: Observer) {
    this.#observer = observer
  }

  failed(error: unknown): void {
    const fault = asFault(error)
    this.#failing = true
    this.#observer({ kind: 'store-fault', code: fault.code, detail: fault.message })
  }

  /** Something was stored. */
  succeeded(): void {
    if (!this.#failing) return
    this.#failing = false
    this.#observer({ kind: 'store-recovered' })
  }
}
