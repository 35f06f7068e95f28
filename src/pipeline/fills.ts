import { ChurnMap } from '../base/churn-map.ts'
import type { StoredResponse } from '../store/stored-response.ts'

/** One fill on its way into the store. */
export interface Fill {
  /** Its key was invalidated or purged meanwhile: what it brings must not be stored. */
  readonly forgotten: boolean
  /** No other fill for the key was under way since it began. */
  readonly alone: boolean
  /** Its content can be read from the blob store: until the index knows them, these are the variants of the key. */
  arrived(variants: readonly StoredResponse[]): void
  /** The fill is over, stored or not. */
  end(): void
}

/** Invalidations that are remembered by their key. */
const maxInvalidationCount = 1000

/** What `Fills` knows of one fill, and the fill itself. */
class UnderWay implements Fill {
  forgotten: boolean
  alone: boolean
  variants: readonly StoredResponse[] = []
  readonly #over: (fill: UnderWay) => void

  constructor(forgotten: boolean, alone: boolean, over: (fill: UnderWay) => void) {
    this.forgotten = forgotten
    this.alone = alone
    this.#over = over
  }

  arrived(variants: readonly StoredResponse[]): void {
    this.variants = variants
  }

  end(): void {
    this.#over(this)
  }
}

/**
 * The fills under way. An invalidation reaches those that are not stored yet (RFC 9111 section 4.4), and requests are served
 * from those that have arrived and only wait for the disk.
 */
export class Fills {
  readonly #underWay = new ChurnMap<string, UnderWay[]>()
  /** Which of all invalidations was the last of a key, oldest first. */
  readonly #invalidations = new Map<string, number>()
  /** Of those up to this one the key is not known any more: they count for all. */
  #droppedCount = 0
  invalidationCount = 0

  /** `since`: `invalidationCount` before the origin was asked; what was invalidated after that must not be stored. */
  begin(key: string, since: number): Fill {
    const others = this.#underWay.get(key)
    const forgotten = (this.#invalidations.get(key) ?? this.#droppedCount) > since
    const fill = new UnderWay(forgotten, others === undefined, (over) => this.#end(key, over))
    if (others === undefined) this.#underWay.set(key, [fill])
    else {
      for (const other of others) other.alone = false
      others.push(fill)
    }
    return fill
  }

  /** The variants of a key that a fill brought and the index may not know yet; empty when there are none. */
  arrived(key: string): readonly StoredResponse[] {
    const fills = this.#underWay.get(key)
    if (fills === undefined) return []
    let newest: readonly StoredResponse[] = []
    for (const fill of fills) if (!fill.forgotten && fill.variants.length > 0) newest = fill.variants
    return newest
  }

  forget(key: string): void {
    this.#invalidations.delete(key)
    this.#invalidations.set(key, ++this.invalidationCount)
    if (this.#invalidations.size > maxInvalidationCount) this.#dropOldest()
    for (const fill of this.#underWay.get(key) ?? []) fill.forgotten = true
  }

  #end(key: string, over: UnderWay): void {
    const others = this.#underWay.get(key)?.filter((fill) => fill !== over)
    if (others === undefined || others.length === 0) this.#underWay.delete(key)
    else this.#underWay.set(key, others)
  }

  /**
   * As `forget` for all fills under way whose key is meant, and for every request whose answer has not begun though the origin was asked
   * before now: of those the keys are not known here. Answers the keys.
   */
  forgetWhere(isMeant: (key: string) => boolean): readonly string[] {
    const keys = [...this.#underWay.keys()].filter(isMeant)
    for (const key of keys) for (const fill of this.#underWay.get(key)!) fill.forgotten = true
    this.#invalidations.clear()
    this.#droppedCount = ++this.invalidationCount
    return keys
  }

  /** Was `key` forgotten after `since`, an `invalidationCount`? */
  isForgotten(key: string, since: number): boolean {
    return (this.#invalidations.get(key) ?? this.#droppedCount) > since
  }

  #dropOldest(): void {
    for (const [key, count] of this.#invalidations) {
      this.#invalidations.delete(key)
      this.#droppedCount = count
      return
    }
  }
}
