import type { ExchangeEvent } from '../base/events.ts'
import type { ClassRule } from '../ecosystem/class-rule.ts'
import type { Fields } from '../http/fields.ts'
import type { TargetUri } from '../http/target-uri.ts'
import type { StoredResponse } from '../store/stored-response.ts'
import type { Framing } from '../upstream/origin-fetcher.ts'
import { CachedResponse } from './cached-response.ts'
import type { Exchange } from './exchange.ts'
import { GrowingResponse } from './growing-response.ts'
import type { StepName } from './transitions.ts'

/** What an origin answered that is not kept. */
export interface ReceivedResponse {
  readonly status: number
  readonly fields: Fields
  readonly framing: Framing
  readonly requestedAt: number
  readonly receivedAt: number
}

/** What is remembered of a finished exchange: what it refers to anyway, never content, sockets or origins' connections. */
export interface RecentExchange {
  readonly event: ExchangeEvent
  /** `undefined` here and below: a tunnel passed through unread, or not known yet when it ended. */
  readonly trail: readonly StepName[] | undefined
  readonly target: TargetUri | undefined
  readonly fields: Fields | undefined
  readonly rule: ClassRule | undefined
  /** Empty: it went past the store. */
  readonly key: string
  /** Was a signature left out of the key? */
  readonly isPublic: boolean
  readonly uncoded: boolean
  /** The stored response that fitted the request when it came. */
  readonly found: StoredResponse | undefined
  /** What came from the origin to be stored, whole or not. */
  readonly filled: StoredResponse | undefined
  /** Length of its content; `undefined`: not known. */
  readonly filledBytes: number | undefined
  readonly received: ReceivedResponse | undefined
}

type Slot = { -readonly [K in keyof RecentExchange]: RecentExchange[K] }

const initialCount = 1000
const clockSetBackMs = 60_000

/**
 * The exchanges that finished last, each in the slot of the oldest: taking one down allocates next to nothing. All are, but
 * when hits and plain misses come faster than one a millisecond for long, it is one a millisecond of them: what is kept outlives the
 * garbage collector's young generation, which would cost each hit of a busy daemon a quarter more.
 */
export class RecentExchanges {
  readonly count: number
  readonly #slots: (Slot | undefined)[]
  #next = 0
  /** Usual ones that may still come at once; each millisecond that passes adds one. */
  #credit: number
  #lastUsualAt = 0

  constructor(count = initialCount) {
    this.count = count
    this.#credit = count
    this.#slots = Array.from({ length: count }, () => undefined)
  }

  add(exchange: Exchange, event: ExchangeEvent): void {
    if (isUsual(event) && !this.#hasRoom(event.at)) return
    const slot = this.#take(event)
    const { delivery, candidate, upstream } = exchange
    slot.trail = exchange.trail.slice()
    slot.target = exchange.target && { ...exchange.target }
    // What goes past the store goes there for its credentials, often: those are not kept.
    slot.fields = exchange.key === '' ? undefined : exchange.request.fields
    slot.rule = exchange.rule
    slot.key = exchange.key
    slot.isPublic = exchange.recordUrl !== undefined
    slot.uncoded = exchange.uncoded
    slot.found = candidate?.record ?? (delivery instanceof CachedResponse ? delivery.record : undefined)
    const growing = delivery instanceof GrowingResponse ? delivery : undefined
    slot.filled = growing?.head
    slot.filledBytes = growing?.sizeBytes
    slot.received = upstream === undefined ? undefined : receivedOf(exchange)
  }

  /** Takes down what did not pass the pipeline: a tunnel. */
  addTunnel(event: ExchangeEvent): void {
    const slot = this.#take(event)
    slot.trail =
      slot.target =
      slot.fields =
      slot.rule =
      slot.found =
      slot.filled =
      slot.filledBytes =
      slot.received =
        undefined
    slot.key = ''
    slot.isPublic = slot.uncoded = false
  }

  find(id: string): RecentExchange | undefined {
    return this.#slots.find((slot) => slot?.event.id === id)
  }

  /** The exchanges for a target that ended last, newest first. */
  latest(href: string, mostCount: number): readonly RecentExchange[] {
    const found: RecentExchange[] = []
    for (let back = 1; back <= this.count && found.length < mostCount; back += 1) {
      const slot = this.#slots[(this.#next - back + this.count) % this.count]
      if (slot !== undefined && slot.target?.href === href) found.push({ ...slot })
    }
    return found.sort((a, b) => b.event.at - a.event.at)
  }

  #hasRoom(at: number): boolean {
    const passedMs = at - this.#lastUsualAt
    // They end in another order than they came in; only a clock that was set back goes far back.
    if (passedMs > 0 || passedMs < -clockSetBackMs) {
      this.#lastUsualAt = at
      this.#credit = Math.min(this.count, this.#credit + Math.max(0, passedMs))
    }
    if (this.#credit < 1) return false
    this.#credit -= 1
    return true
  }

  #take(event: ExchangeEvent): Slot {
    const at = this.#next
    this.#next = at + 1 === this.count ? 0 : at + 1
    const slot = (this.#slots[at] ??= emptySlot(event))
    // Copies, here and in `add`: were the objects themselves kept, V8 would take all of their kind for long-lived and place
    // those of each hit in the old generation.
    slot.event = { ...event }
    return slot
  }
}

/** Nobody will ask why: it was served from the store, or is stored now. */
function isUsual({ result, stored, fault }: ExchangeEvent): boolean {
  return fault === undefined && (result === 'hit' || (result === 'miss' && stored === 'yes'))
}

function emptySlot(event: ExchangeEvent): Slot {
  return {
    event,
    trail: undefined,
    target: undefined,
    fields: undefined,
    rule: undefined,
    key: '',
    isPublic: false,
    uncoded: false,
    found: undefined,
    filled: undefined,
    filledBytes: undefined,
    received: undefined,
  }
}

function receivedOf({ upstream, upstreamFields }: Exchange): ReceivedResponse | undefined {
  if (upstreamFields === undefined) return undefined
  const { status, framing, requestedAt, receivedAt } = upstream!
  return { status, fields: upstreamFields, framing, requestedAt, receivedAt }
}
