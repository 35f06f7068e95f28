import type { Observer } from '../base/events.ts'
import { asFault } from '../base/faults.ts'

/**
 * Reports faults of the stores, which no client ever sees (CORRECTNESS I9), and the first success after them. That the index is down is
 * reported once: while it is, every request would tell of it.
 */
export class StoreHealth {
  readonly #observer: Observer
  readonly #indexIsShared: boolean
  #failing = false
  #indexIsDown = false

  /** `indexIsShared`: that a record's content is not here is no fault then, as it may be another daemon's. */
  constructor(observer: Observer, indexIsShared = false) {
    this.#observer = observer
    this.#indexIsShared = indexIsShared
  }

  failed(error: unknown): void {
    const fault = asFault(error)
    if (this.#indexIsShared && fault.code === 'STORE_BLOB_MISSING') return
    this.#failing = true
    if (fault.code === 'STORE_INDEX_DOWN') {
      if (this.#indexIsDown) return
      this.#indexIsDown = true
    }
    this.#observer({ kind: 'store-fault', code: fault.code, detail: fault.message })
  }

  /** Something was stored. */
  succeeded(): void {
    if (!this.#failing) return
    this.#failing = false
    this.#indexIsDown = false
    this.#observer({ kind: 'store-recovered' })
  }
}
