import type { Fault } from '../base/faults.ts'
import type { Dialer } from './dialer.ts'
import type { OriginFetcher } from './origin-fetcher.ts'
import { hopOf, type Parent } from './parent.ts'
import type { ParentHealth } from './parent-health.ts'

/** The two ways to get something. */
export interface Ways {
  readonly fetcher: OriginFetcher
  readonly dialer: Dialer
}

/** A parent, the ways through it, and how it does. */
export interface ParentHop extends Ways {
  readonly parent: Parent
  readonly health: ParentHealth
}

export interface ParentSetOptions {
  /** In the order of preference. */
  readonly hops: readonly ParentHop[]
  /** Our own connections to origins. */
  readonly own: Ways
  /** May they be used when no parent does? */
  readonly mayGoDirect: boolean
  /** Are they used for this host without asking any parent? */
  readonly isExempt: (host: string) => boolean
  /** Judges a target whose address the parent would not have to look up. */
  readonly checkTarget: (host: string, port: number) => Fault | undefined
}

interface Target {
  readonly host: string
  readonly port: number
}

/** How a parent does, for people. */
export interface ParentView {
  readonly parent: string
  /** From 0 to 100. */
  readonly score: number
  readonly state: 'in use' | 'set aside'
  /** How it failed last; `null`: it works. */
  readonly lastFailure: string | null
}

/** The parents in the order in which they are asked. */
export class ParentSet {
  readonly options: ParentSetOptions

  constructor(options: ParentSetOptions) {
    this.options = options
  }

  /**
   * The ways to a target, the best first: parents that do well, in their order; our own connections, where they are allowed; parents that failed
   * for this origin just now. With nothing else left, even what is set aside is tried. To be taken one by one, as each may be a probe.
   */
  *waysTo(target: Target): Generator<ParentHop | Ways> {
    const { hops, own, mayGoDirect, isExempt } = this.options
    if (isExempt(target.host)) return yield own
    const origin = hopOf(target)
    const later: ParentHop[] = []
    const last: ParentHop[] = []
    for (const hop of hops) {
      if (hop.health.isTroubledFor(origin)) later.push(hop)
      else if (hop.health.admits()) yield hop
      else last.push(hop)
    }
    if (mayGoDirect) yield own
    for (const hop of later) {
      if (hop.health.admits()) yield hop
      else last.push(hop)
    }
    if (!mayGoDirect) yield* last
  }

  get views(): readonly ParentView[] {
    return this.options.hops.map(({ parent, health }) => ({
      parent: `${parent.tls ? 'https' : 'http'}://${hopOf(parent)}`,
      score: health.score,
      state: health.isSetAside ? 'set aside' : 'in use',
      lastFailure: health.reason ?? null,
    }))
  }
}
