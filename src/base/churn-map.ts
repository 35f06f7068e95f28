/** Additions that a map of few entries takes before it begins anew. */
const leastAddedCount = 64

/**
 * A map for what comes and goes with each request, in the order of addition. To the garbage collector a `Map` that is added to and deleted
 * from all the time is a chain: each time its table is full V8 copies what is left into a new one, and the old table goes on pointing at all
 * that, and at the new table. A table that was once promoted to the old generation so keeps what was in it, and every table after
 * it, until the next full collection. Here the values leave the old table before it is given up (docs/decisions/0029).
 */
export class ChurnMap<K, V> {
  #map = new Map<K, V>()
  #leftCount = leastAddedCount

  get size(): number {
    return this.#map.size
  }

  get(key: K): V | undefined {
    return this.#map.get(key)
  }

  has(key: K): boolean {
    return this.#map.has(key)
  }

  set(key: K, value: V): void {
    if (--this.#leftCount < 0) this.#beginAnew()
    this.#map.set(key, value)
  }

  delete(key: K): boolean {
    return this.#map.delete(key)
  }

  /** What is there now; what changes meanwhile need not be seen. */
  keys(): Iterable<K> {
    return [...this.#map.keys()]
  }

  /** As `keys`. */
  values(): Iterable<V> {
    return [...this.#map.values()]
  }

  #beginAnew(): void {
    const old = this.#map as Map<K, V | undefined>
    this.#map = new Map()
    for (const [key, value] of old) {
      this.#map.set(key, value as V)
      old.set(key, undefined)
    }
    this.#leftCount = leastAddedCount + 2 * this.#map.size
  }
}
