import { setImmediate as turn } from 'node:timers/promises'
import { HashSlots } from './hash-slots.ts'
import { Bundle, mostEntries } from './record-bundle.ts'
import type { NumberedBundle, SqliteRecordBundles } from './sqlite-record-bundles.ts'

/** Bundles may take so much more than the index: about twice what its records are. */
const mostShare = 1.5
/** Below that nothing is cleaned. */
const leastBytes = 1024 * 1024
/** So many entries are looked at for each that was kept; and so many at once, at least and at most. */
const cleanedPerKept = 2
const leastCleaned = 2 * mostEntries
const mostCleaned = 10 * mostEntries
/** Bundles that go at once: each is a row to be removed in one transaction. */
const mostBundles = 100
/** Entries that are looked at between two turns of the event loop: in a millisecond or less. */
const sliceCount = 100
/** Keys that are remembered as kept again: 24 bytes each. */
const mostRemembered = 2 ** 16

/**
 * What was kept again lately: of a record that was written several times with the same value one copy is enough. Holds for bundles up to `last`;
 * newer ones may be those copies.
 */
interface KeptAgain {
  readonly last: number
  readonly keys: HashSlots
}

/** The index whose records are copied. */
export interface HeldRecords {
  readonly isWhole: boolean
  readonly room: { readonly usedBytes: number; readonly freeBytes: number }
  /** Is this the record of a key as it stands in the file? Throws a store fault. */
  holds(key: string, value: string): boolean
}

/**
 * Keeps the log of copies as small as the index allows. When it is larger, what the index still holds of the oldest bundles is kept again, and
 * once that is written they go; with them go their marks of what was removed, since nothing is older that those could overrule. It goes
 * on with what is kept, so that it is neither outrun by that nor in its way.
 */
export class BundleCleaning {
  readonly #bundles: SqliteRecordBundles
  readonly #held: HeldRecords
  readonly #onFault: (error: unknown) => void
  #running: Promise<void> | undefined
  /** Entries that were kept since cleaning last began. */
  #keptCount = 0
  /** What the bundles of a file take, beside what was written since it was counted; `undefined`: not counted yet. */
  #counted: { readonly fileCount: number; readonly bytes: number } | undefined
  #keptAgain: KeptAgain | undefined
  #isClosed = false

  constructor(bundles: SqliteRecordBundles, held: HeldRecords, onFault: (error: unknown) => void) {
    this.#bundles = bundles
    this.#held = held
    this.#onFault = onFault
    bundles.onWritten((newCount) => this.#goOn(newCount))
  }

  /** Resolves when what is under way is done. */
  async settled(): Promise<void> {
    await this.#running
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await this.#running
  }

  #goOn(newCount: number): void {
    this.#keptCount += newCount
    if (this.#running !== undefined || this.#keptCount === 0 || !this.#mayClean) return
    this.#running = this.#clean().finally(() => {
      this.#running = undefined
    })
  }

  /** What an index lost that is not whole must not be taken for removed. */
  get #mayClean(): boolean {
    return !this.#isClosed && this.#held.isWhole
  }

  /** Never rejects. */
  async #clean(): Promise<void> {
    try {
      if (this.#counted?.fileCount !== this.#bundles.fileCount) await this.#count()
      const excess = this.#excess
      const most = Math.min(mostCleaned, Math.max(leastCleaned, cleanedPerKept * this.#keptCount))
      this.#keptCount = 0
      if (excess > 0) await this.#cleanOldest(excess, most)
    } catch (error) {
      this.#onFault(error)
    }
  }

  /** Bytes by which the bundles take too much. */
  get #excess(): number {
    if (this.#counted === undefined) return 0
    const { usedBytes, freeBytes } = this.#held.room
    const most = Math.max(leastBytes, mostShare * (usedBytes - freeBytes))
    return this.#counted.bytes + this.#bundles.writtenBytes - most
  }

  async #count(): Promise<void> {
    const { fileCount } = this.#bundles
    let bytes = 0
    for (let page = this.#bundles.sizesAfter(0); page.length > 0; ) {
      for (const one of page) bytes += one.bytes
      await turn()
      page = this.#bundles.sizesAfter(page.at(-1)!.id)
    }
    // What was written meanwhile was seen.
    this.#counted = { fileCount, bytes: bytes - this.#bundles.writtenBytes }
  }

  async #cleanOldest(excess: number, most: number): Promise<void> {
    const { fileCount, failedCount } = this.#bundles
    const ids: number[] = []
    // Of a round that does not come to its end it is not known what of it is on the disk.
    let again = this.#keptAgain
    this.#keptAgain = undefined
    let bytes = 0
    for (let seenCount = 0; seenCount < most && bytes < excess && ids.length < mostBundles; ) {
      const bundle = this.#bundles.next(ids.at(-1) ?? 0)
      if (bundle === undefined) break
      if (again === undefined || bundle.id > again.last || again.keys.count >= mostRemembered) {
        again = { last: this.#bundles.newest, keys: new HashSlots() }
      }
      seenCount += await this.#keepHeld(bundle, again.keys)
      if (!this.#mayClean) return
      ids.push(bundle.id)
      bytes += bundle.hashes.length + bundle.entries.length
    }
    await this.#bundles.flush()
    // Another file is in its place, or something of what was kept again is lost: then what is old stays.
    if (this.#bundles.failedCount !== failedCount || this.#bundles.fileCount !== fileCount || !this.#mayClean) return
    await this.#bundles.remove(ids, fileCount)
    this.#counted = { fileCount, bytes: this.#counted!.bytes - bytes }
    this.#keptAgain = again
  }

  /** Keeps again what the index holds, unless that becomes lost meanwhile; answers with how many entries there were. */
  async #keepHeld(stored: NumberedBundle, again: HashSlots): Promise<number> {
    const bundle = Bundle.open(stored)
    for (let number = 0; number < (bundle?.count ?? 0); number++) {
      if (number % sliceCount === 0) await turn()
      if (!this.#mayClean) return 0
      const hash = bundle!.hashAt(number)
      if (again.has(hash)) continue
      const { key, value } = bundle!.at(number)
      if (value === undefined || !this.#held.holds(key, value)) continue
      this.#bundles.keepAgain(key, value)
      again.add(hash)
    }
    return bundle?.count ?? 0
  }
}
