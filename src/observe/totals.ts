import type { ExchangeEvent, LarderEvent } from '../base/events.ts'
import { type Result, results } from '../base/results.ts'

/** Figures since the start of the daemon. */
export interface TotalsSnapshot {
  /** Finished requests, tunnels included. */
  readonly exchanges: number
  /** Served without waiting for the origin. */
  readonly hits: number
  /** Asked of the origin, whatever the reason. */
  readonly misses: number
  readonly byResult: Readonly<Partial<Record<Result, number>>>
  /** Why responses were not stored, without those that came from the store. */
  readonly notStoredByReason: Readonly<Record<string, number>>
  readonly bytesFromStore: number
  readonly bytesFromOrigin: number
  /** What the origins took when the content of the hits was fetched. */
  readonly savedMs: number
  readonly tunnels: number
  readonly faults: Readonly<Record<string, number>>
  /** Handshakes that clients broke off, by server name; the rest under `other`. */
  readonly tlsRefused: Readonly<Record<string, number>>
  /** Of these, those of clients that did not take our certificate, as `pip to example.org`; the rest under `other`. */
  readonly refusedBy: Readonly<Record<string, number>>
  /** Tunnels that passed through unread, by `example.org:443`; the rest under `other`. */
  readonly tunnelsTo: Readonly<Record<string, number>>
}

const notMisses: ReadonlySet<Result> = new Set(['tunnelled', 'denied'])
/** Server names come from clients: only so many are counted apart. */
const mostNames = 50

/** Adds up events. */
export class Totals {
  readonly #byResult = new Map<Result, number>()
  readonly #notStored = new Map<string, number>()
  readonly #faults = new Map<string, number>()
  readonly #tlsRefused = new Map<string, number>()
  readonly #refusedBy = new Map<string, number>()
  readonly #tunnelsTo = new Map<string, number>()
  #bytesFromStore = 0
  #bytesFromOrigin = 0
  #savedMs = 0

  readonly observe = (event: LarderEvent): void => {
    if (event.kind === 'exchange') this.#addExchange(event)
    else if (event.kind === 'store-fault') add(this.#faults, event.code)
    else if (event.kind === 'tls-refused') {
      addNamed(this.#tlsRefused, event.serverName)
      if (event.tool !== undefined) addNamed(this.#refusedBy, `${event.tool} to ${event.serverName}`)
    }
  }

  snapshot(): TotalsSnapshot {
    const count = (wanted: (result: Result) => boolean): number =>
      [...this.#byResult].reduce((sum, [result, count]) => sum + (wanted(result) ? count : 0), 0)
    return {
      exchanges: count(() => true),
      hits: count((result) => results[result].fromStore),
      misses: count((result) => !results[result].fromStore && !notMisses.has(result)),
      byResult: Object.fromEntries(this.#byResult),
      notStoredByReason: Object.fromEntries(this.#notStored),
      bytesFromStore: this.#bytesFromStore,
      bytesFromOrigin: this.#bytesFromOrigin,
      savedMs: this.#savedMs,
      tunnels: this.#byResult.get('tunnelled') ?? 0,
      faults: Object.fromEntries(this.#faults),
      tlsRefused: Object.fromEntries(this.#tlsRefused),
      refusedBy: Object.fromEntries(this.#refusedBy),
      tunnelsTo: Object.fromEntries(this.#tunnelsTo),
    }
  }

  #addExchange(event: ExchangeEvent): void {
    add(this.#byResult, event.result)
    if (event.fault !== undefined) add(this.#faults, event.fault)
    if (event.result === 'tunnelled') return addNamed(this.#tunnelsTo, event.url)
    this.#bytesFromOrigin += event.originBytes
    if (results[event.result].fromStore) {
      this.#bytesFromStore += event.responseBytes
      this.#savedMs += event.savedMs
    } else if (event.stored !== undefined && event.stored !== 'yes') add(this.#notStored, event.stored)
  }
}

function add<Key>(counts: Map<Key, number>, key: Key): void {
  counts.set(key, (counts.get(key) ?? 0) + 1)
}

/** Clients bring the names. */
function addNamed(counts: Map<string, number>, name: string): void {
  add(counts, counts.has(name) || counts.size < mostNames ? name : 'other')
}
