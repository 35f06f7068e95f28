import type { UserRule } from '../config/user-rules.ts'
import { hasDotSegment } from '../ecosystem/canonical-path.ts'
import { parseTargetUri, type TargetUri } from '../http/target-uri.ts'

/** Where else a target may be had. */
export interface Mirrors {
  /** In the order in which they are tried, the target itself left out. */
  readonly targets: readonly TargetUri[]
  /** Are they asked for what the target's own origin does not have? */
  readonly alsoMissing: boolean
}

interface MirrorSet {
  readonly bases: readonly string[]
  readonly alsoMissing: boolean
}

/** The sets of equivalent origins that an operator named. */
export class MirrorSets {
  readonly isEmpty: boolean
  readonly #sets: readonly MirrorSet[]

  constructor(rules: readonly UserRule[]) {
    this.#sets = rules.flatMap(({ mirrors }) =>
      mirrors === undefined ? [] : [{ ...mirrors, bases: mirrors.bases.map(canonical) }],
    )
    this.isEmpty = this.#sets.length === 0
  }

  /** By the first set that has the target. None for a query, which may hold what is for its own origin alone (CORRECTNESS T28). */
  of(target: TargetUri): Mirrors | undefined {
    const { href, path } = target
    if (path.includes('?')) return undefined
    for (const { bases, alsoMissing } of this.#sets) {
      const base = bases.find((one) => href.startsWith(one))
      if (base === undefined) continue
      // Such a path would lead out of the base URL.
      if (hasDotSegment(path)) return undefined
      return {
        targets: bases.flatMap((one) => (one === base ? [] : targetAt(one + href.slice(base.length)))),
        alsoMissing,
      }
    }
    return undefined
  }
}

function canonical(base: string): string {
  const target = parseTargetUri(base)
  return 'invalid' in target ? base : target.href
}

function targetAt(href: string): TargetUri[] {
  const target = parseTargetUri(href)
  return 'invalid' in target ? [] : [target]
}
