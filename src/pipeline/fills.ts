/** One fill on its way into the store. */
export interface Fill {
  /** Its key was invalidated or purged meanwhile: what it brings must not be stored. */
  readonly forgotten: boolean
  /** The fill is over, stored or not. */
  end(): void
}

/** The fills under way, so that an invalidation reaches those that are not stored yet (RFC 9111 section 4.4). */
export class Fills {
  readonly #underWay = new Map<string, Set<{ forgotten: boolean }>>()

  begin(key: string): Fill {
    const fills = this.#underWay.get(key) ?? new Set()
    this.#underWay.set(key, fills)
    const fill = {
      forgotten: false,
      end: () => {
        fills.delete(fill)
        if (fills.size === 0 && this.#underWay.get(key) === fills) this.#underWay.delete(key)
      },
    }
    fills.add(fill)
    return fill
  }

  forget(key: string): void {
    for (const fill of this.#underWay.get(key) ?? []) fill.forgotten = true
  }
}
