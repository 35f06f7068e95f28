import { Allowance } from '../base/allowance.ts'
import type { Clock } from '../base/clock.ts'
import type { Observer } from '../base/events.ts'
import { clientHint, toolOfUserAgent } from '../ecosystem/client-hint.ts'

/** A client and the host that it wants, as CONNECT tells them. */
export interface RefusingPair {
  /** IP address. */
  readonly client: string
  readonly userAgent: string | undefined
  readonly host: string
}

/** One pair whose client did not take our certificate. Times are milliseconds since the epoch. */
export interface Refusal extends RefusingPair {
  /** Name of the tool, and what says so; `unknown` and `nothing` when nothing does. */
  readonly tool: string
  readonly by: string
  /** The last reason: a TLS alert such as `unknown_ca`, or `closed`. */
  readonly reason: string
  readonly count: number
  readonly firstAt: number
  readonly lastAt: number
  /** Until then its tunnels are passed through unread. */
  readonly splicedUntilAt: number | undefined
}

export interface TrustRefusalsOptions {
  readonly clock: Clock
  readonly observer: Observer
  /** Nothing is ever passed through because a client refuses. */
  readonly isStrict: boolean
}

/** Refusals within the window after which a pair is passed through. */
export const refusalsBeforeSplice = 3
export const spliceMs = 10 * 60_000
const windowMs = 10 * 60_000
/** Clients and hosts come from outside: of so many pairs the oldest are forgotten. */
const mostPairs = 500
const mostTrusting = 2_000
/** A look at the client's program takes some milliseconds, in which nobody else is served. */
const looks = { most: 4, everyMs: 1_000 }

/** Remembers who refused our certificate, and passes a pair through for a while so that its build can go on. */
export class TrustRefusals {
  readonly #options: TrustRefusalsOptions
  readonly #entries = new Map<string, Refusal>()
  /** Pairs that took our certificate and went on, the latest last. */
  readonly #trusting = new Set<string>()
  readonly #looks: Allowance

  constructor(options: TrustRefusalsOptions) {
    this.#options = options
    this.#looks = new Allowance({ clock: options.clock, ...looks })
  }

  /**
   * Shall we look which program this is? Seldom, and not when it says so, when we have seen it, nor when it took our
   * certificate for this host lately.
   */
  shallLook(pair: RefusingPair): boolean {
    const key = keyOf(pair)
    const isKnown = this.#trusting.has(key) || this.#entries.get(key)?.by === 'process'
    return !isKnown && toolOfUserAgent(pair.userAgent) === undefined && this.#looks.take()
  }

  /** Is this pair to be passed through unread? */
  isSpliced(pair: RefusingPair): boolean {
    if (this.#entries.size === 0) return false
    const until = this.#entries.get(keyOf(pair))?.splicedUntilAt
    return until !== undefined && this.#options.clock.now() < until
  }

  /** The client went on after our certificate: what came before is over. */
  accepted(pair: RefusingPair): void {
    const key = keyOf(pair)
    this.#noteTrusting(key)
    const entry = this.#entries.get(key)
    if (entry !== undefined) this.#entries.set(key, { ...entry, count: 0, splicedUntilAt: undefined })
  }

  /** `programs`: names of the client's program, when it is of this machine. */
  refused(pair: RefusingPair, reason: string, programs: readonly string[]): void {
    const key = keyOf(pair)
    const before = this.#entries.get(key)
    // Who trusts us may open connections that it does not use, and may be ended in the middle of a handshake.
    if (reason === 'closed' && this.#trusting.has(key)) return
    const entry = this.#next(pair, before, reason, programs)
    this.#entries.delete(key)
    this.#entries.set(key, entry)
    this.#trusting.delete(key)
    if (this.#entries.size > mostPairs) this.#entries.delete(this.#entries.keys().next().value!)
    this.#tell(entry, before)
  }

  /** The latest last; those that came to trust us are left out. */
  list(): readonly Refusal[] {
    return [...this.#entries.values()].filter(({ count }) => count > 0)
  }

  #noteTrusting(key: string): void {
    this.#trusting.delete(key)
    this.#trusting.add(key)
    if (this.#trusting.size > mostTrusting) this.#trusting.delete(this.#trusting.values().next().value!)
  }

  #next(pair: RefusingPair, before: Refusal | undefined, reason: string, programs: readonly string[]): Refusal {
    const now = this.#options.clock.now()
    const hint = clientHint({ ...pair, programs })
    const isLater = before !== undefined && now - before.firstAt <= windowMs
    const count = isLater ? before.count + 1 : 1
    const knownBetter = hint.by === 'nothing' || (hint.by === 'host' && before?.by === 'process') ? before : undefined
    const splices = !this.#options.isStrict && count >= refusalsBeforeSplice
    return {
      ...pair,
      tool: knownBetter?.tool ?? hint.tool?.name ?? 'unknown',
      by: knownBetter?.by ?? hint.by,
      reason,
      count,
      firstAt: isLater ? before.firstAt : now,
      lastAt: now,
      splicedUntilAt: splices ? now + spliceMs : undefined,
    }
  }

  #tell(entry: Refusal, before: Refusal | undefined): void {
    const { client, host: serverName, tool, reason, count, splicedUntilAt } = entry
    this.#options.observer({ kind: 'tls-refused', serverName, client, reason, tool, count })
    if (splicedUntilAt !== undefined && before?.splicedUntilAt === undefined) {
      this.#options.observer({ kind: 'trust-spliced', serverName, client, tool, untilAt: splicedUntilAt })
    }
  }
}

function keyOf({ client, userAgent = '', host }: RefusingPair): string {
  return `${client} ${host} ${userAgent}`
}
