import type { LarderEvent } from '../base/events.ts'
import type { FaultCode } from '../base/faults.ts'

/** Damage that lasts; a single missing or broken blob heals by itself. */
const lasting: ReadonlySet<FaultCode> = new Set(['STORE_NO_SPACE', 'STORE_IO', 'STORE_INDEX_DOWN'])

/** May a load balancer send requests here? Liveness is the process answering at all. */
export class Readiness {
  #started = false
  #draining = false
  readonly #storeFaults = new Map<string, string>()

  readonly observe = (event: LarderEvent): void => {
    if (event.kind === 'store-fault') {
      if (lasting.has(event.code)) this.#storeFaults.set(event.code, event.detail)
      return
    }
    // Whoever has just stored something has a store that works again.
    const stored = event.kind === 'exchange' && event.stored === 'yes'
    if ((stored || event.kind === 'store-recovered') && this.#storeFaults.size > 0) this.#storeFaults.clear()
  }

  /** Everything listens. */
  started(): void {
    this.#started = true
  }

  /** Nobody new is accepted from now on. */
  draining(): void {
    this.#draining = true
  }

  ready(): { readonly ready: boolean; readonly reasons: string[] } {
    const reasons = [...this.#storeFaults].map(([code, detail]) => `${code}: ${detail}`)
    if (!this.#started) reasons.push('starting')
    if (this.#draining) reasons.push('stopping')
    return { ready: reasons.length === 0, reasons }
  }
}
