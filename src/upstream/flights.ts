import { ChurnMap } from '../base/churn-map.ts'
import { Fault } from '../base/faults.ts'

const maxFlightCount = 10_000

/** One fetch that several exchanges share: the leader that began it, and those that follow. */
export class Flight<T> {
  readonly key: string
  /** Made for the first follower. */
  #followers: (() => boolean)[] | undefined
  readonly #leave: () => void
  #word: { readonly value: T } | undefined
  #landed = false
  /** Made for the first follower: most flights have none. */
  #outcome: PromiseWithResolvers<T> | undefined

  constructor(key: string, leave: () => void) {
    this.key = key
    this.#leave = leave
  }

  /** Notes somebody who waits for the leader's word; `isThere`: do they still? */
  follow(isThere: () => boolean): void {
    this.#followers ??= []
    this.#followers.push(isThere)
  }

  /** Is one of the followers still there? */
  get isFollowed(): boolean {
    return this.#followers?.some((isThere) => isThere()) === true
  }

  /** The leader's first word; rejects with `INTERNAL_UNEXPECTED` when it lands without one. */
  get outcome(): Promise<T> {
    if (this.#outcome === undefined) {
      this.#outcome = Promise.withResolvers<T>()
      this.#settle()
    }
    return this.#outcome.promise
  }

  /** Tells the followers; only the first word counts. */
  announce(value: T): void {
    this.#word ??= { value }
    this.#settle()
  }

  /** Takes the flight out of the table: later requests for the key begin another. Repeating it is harmless. */
  land(): void {
    this.#leave()
    this.#landed = true
    this.#settle()
  }

  #settle(): void {
    if (this.#outcome === undefined) return
    if (this.#word !== undefined) this.#outcome.resolve(this.#word.value)
    else if (this.#landed) {
      this.#outcome.reject(new Fault('INTERNAL_UNEXPECTED', `the fetch of ${this.key} ended without an outcome`))
    }
  }
}

/** The flights that are under way: at most one for a key (ARCHITECTURE, decision 4). */
export class Flights<T> {
  readonly #underWay = new ChurnMap<string, Flight<T>>()
  readonly #maxCount: number

  constructor(maxCount = maxFlightCount) {
    this.#maxCount = maxCount
  }

  get count(): number {
    return this.#underWay.size
  }

  find(key: string): Flight<T> | undefined {
    return this.#underWay.get(key)
  }

  /** `undefined` when the table is full or the key is taken: the caller fetches unshared. */
  begin(key: string): Flight<T> | undefined {
    if (this.#underWay.size >= this.#maxCount || this.#underWay.has(key)) return undefined
    const flight = new Flight<T>(key, () => {
      if (this.#underWay.get(key) === flight) this.#underWay.delete(key)
    })
    this.#underWay.set(key, flight)
    return flight
  }
}
