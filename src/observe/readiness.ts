import type { LarderEvent } from '../base/events.ts'
import type { FaultCode } from '../base/faults.ts'

/** Damage that lasts; a single missing or broken blob heals by itself. */
const lasting: ReadonlySet<FaultCode> = new Set(['STORE_NO_SPACE', 'STORE_IO', 'STORE_INDEX_DOWN'])

/** May a load balancer send requests here? Liveness is the process answering at all. */
export class Readiness {
  #started = false
  #draining = false
  readonly #own = new Map<string, string>()
  /** Of what several daemons share: all of them would be taken out at once for a fault that costs hits alone. */
  readonly #shared = new Map<string, string>()

  readonly observe = (event: LarderEvent): void => {
    if (event.kind === 'store-fault') {
      if (lasting.has(event.code)) this.#faultsOf(event).set(event.code, event.detail)
    } else if (event.kind === 'store-recovered') this.#faultsOf(event).clear()
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
    const reasons = lines(this.#own)
    if (!this.#started) reasons.push('starting')
    if (this.#draining) reasons.push('stopping')
    return { ready: reasons.length === 0, reasons }
  }

  /** What of the store does not work, ready or not. */
  degraded(): string[] {
    return [...lines(this.#own), ...lines(this.#shared)]
  }

  #faultsOf({ isShared }: { readonly isShared?: true }): Map<string, string> {
    return isShared ? this.#shared : this.#own
  }
}

function lines(faults: ReadonlyMap<string, string>): string[] {
  return [...faults].map(([code, detail]) => `${code}: ${detail}`)
}
