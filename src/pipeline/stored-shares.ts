import { findKeys } from './find-responses.ts'
import { describe } from './selection.ts'
import type { Services } from './services.ts'

/** One part of what is stored. */
export interface Share {
  readonly name: string
  readonly count: number
  /** Content of several responses counts for each of them. */
  readonly bytes: number
}

/** Where the bytes are. */
export interface StoredShares {
  readonly keyCount: number
  readonly responseCount: number
  readonly bytes: number
  /** What is pinned of it. */
  readonly pinnedBytes: number
  /** The largest first; what is beyond them stands together as `others`. */
  readonly byHost: readonly Share[]
  readonly byClass: readonly Share[]
  readonly byRule: readonly Share[]
  /** Since they were received or last validated, the youngest first. */
  readonly byAge: readonly Share[]
}

const hourMs = 3_600_000
const dayMs = 24 * hourMs
const ages: readonly (readonly [name: string, belowMs: number])[] = [
  ['under 1 hour', hourMs],
  ['under 1 day', dayMs],
  ['under 7 days', 7 * dayMs],
  ['under 30 days', 30 * dayMs],
  ['under 1 year', 365 * dayMs],
  ['older', Infinity],
]
/** Different hosts that are counted each for itself. */
const mostNames = 100_000

class Tally {
  readonly #shares = new Map<string, { count: number; bytes: number }>()

  add(name: string, bytes: number): void {
    const known = this.#shares.get(name)
    if (known === undefined && this.#shares.size >= mostNames) return this.add('others', bytes)
    if (known === undefined) this.#shares.set(name, { count: 1, bytes })
    else {
      known.count += 1
      known.bytes += bytes
    }
  }

  largest(top: number): readonly Share[] {
    const all = [...this.#shares].map(([name, share]) => ({ name, ...share }))
    all.sort((a, b) => b.bytes - a.bytes || b.count - a.count || (a.name < b.name ? -1 : 1))
    const rest = all.slice(top)
    if (rest.length === 0) return all
    const sum = (of: (share: Share) => number): number => rest.reduce((total, share) => total + of(share), 0)
    return [...all.slice(0, top), { name: 'others', count: sum((one) => one.count), bytes: sum((one) => one.bytes) }]
  }

  inOrder(names: readonly string[]): readonly Share[] {
    return names.map((name) => ({ name, ...(this.#shares.get(name) ?? { count: 0, bytes: 0 }) }))
  }
}

/** Reads all of the index, a page at a time. Rejects with `STORE_INDEX_DOWN`. */
export async function storedShares(services: Services, top: number): Promise<StoredShares> {
  const [hosts, classes, rules, byAge] = [new Tally(), new Tally(), new Tally(), new Tally()]
  const now = services.clock.now()
  const total = { keyCount: 0, responseCount: 0, bytes: 0, pinnedBytes: 0 }
  for await (const { selected } of findKeys({}, services)) {
    total.keyCount += 1
    for (const record of selected) {
      const bytes = record.content?.sizeBytes ?? 0
      const { host, class: reuseClass, rule } = describe(record, services)
      hosts.add(host, bytes)
      classes.add(reuseClass, bytes)
      rules.add(rule, bytes)
      byAge.add(ages.find(([, belowMs]) => now - record.receivedAt < belowMs)![0], bytes)
      total.responseCount += 1
      total.bytes += bytes
      if (record.pinned) total.pinnedBytes += bytes
    }
  }
  return {
    ...total,
    byHost: hosts.largest(top),
    byClass: classes.largest(top),
    byRule: rules.largest(top),
    byAge: byAge.inOrder(ages.map(([name]) => name)),
  }
}
