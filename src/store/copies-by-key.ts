import { noSlot } from './eviction-policy.ts'
import { HashSlots, hashOfKey } from './hash-slots.ts'
import type { RecordCopies } from './lost-records.ts'
import { Bundle, hashesIn } from './record-bundle.ts'
import type { SqliteRecordBundles } from './sqlite-record-bundles.ts'

/** Bundles that were read last: what is asked for together was often stored together. */
const mostOpened = 8

/** Where the newest entry of each key is. */
interface Places {
  readonly slots: HashSlots
  /** By slot: the number of the bundle. */
  readonly bundles: number[]
  /** The last bundle that was looked at. */
  newest: number
  readonly fileCount: number
  /** Those that were read last, by number; `undefined`: not whole. */
  readonly opened: Map<number, Bundle | undefined>
}

/** The copies of records, one by one, for an index that has not all of its own back yet. For that the hashes of all their keys are in memory. */
export class CopiesByKey implements RecordCopies {
  readonly #bundles: SqliteRecordBundles
  #places: Places | undefined

  constructor(bundles: SqliteRecordBundles) {
    this.#bundles = bundles
  }

  /** `undefined`: there is none that is whole. Throws a store fault. */
  copyOf(key: string): string | undefined {
    const waiting = this.#bundles.findWaiting(key)
    if (waiting !== undefined) return waiting.value
    const places = this.#learn()
    const slot = places.slots.find(hashOfKey(key))
    return slot === noSlot ? undefined : this.#open(places, places.bundles[slot]!)?.find(key)?.value
  }

  forget(): void {
    this.#places = undefined
  }

  #open({ opened }: Places, id: number): Bundle | undefined {
    if (opened.has(id)) return opened.get(id)
    const stored = this.#bundles.read(id)
    const bundle = stored && Bundle.open(stored)
    if (opened.size === mostOpened) opened.delete(opened.keys().next().value!)
    opened.set(id, bundle)
    return bundle
  }

  /** Takes in the bundles that came since the last time. */
  #learn(): Places {
    const { fileCount } = this.#bundles
    if (this.#places?.fileCount !== fileCount) this.#places = undefined
    this.#places ??= { slots: new HashSlots(), bundles: [], newest: 0, fileCount, opened: new Map() }
    const { slots, bundles } = this.#places
    for (let page = this.#bundles.hashesAfter(this.#places.newest); page.length > 0; ) {
      for (const { id, hashes } of page) {
        for (const hash of hashesIn(hashes)) {
          const slot = slots.find(hash)
          bundles[slot === noSlot ? slots.add(hash) : slot] = id
        }
        this.#places.newest = id
      }
      page = this.#bundles.hashesAfter(this.#places.newest)
    }
    return this.#places
  }
}
