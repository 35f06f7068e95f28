import { Fault } from '../base/faults.ts'

/** What is on the disk now, without what reservations are for. All in bytes. */
export interface StoreSpace {
  /** As much may be used in all. */
  readonly capacityBytes: number
  /** Files of blobs, databases, and what else stands in the folder. */
  readonly usedBytes: number
  /** Of it: pages of databases that rows may use again. */
  readonly freeRowBytes: number
}

/** Where bytes go: into a file of their own, or into rows, which may use free pages. */
export type Medium = 'file' | 'row'

export interface ReservationsOptions {
  readonly space: () => StoreSpace
  /** Makes room, at best for so many bytes, until `fits` says that it is enough; answers whether it does. Never rejects. */
  readonly makeRoom: (bytes: number, fits: () => boolean) => Promise<boolean>
  /** Some was promised: more may have to go soon. */
  readonly onReserved: () => void
}

interface Waiting {
  readonly bytes: number
  readonly medium: Medium
  readonly granted: PromiseWithResolvers<void>
  isGivenUp: boolean
}

/** A client is held up no longer than this for the sake of storing. */
const mostWaitMs = 1500

/**
 * Promises of room: bytes count as used from the moment they are promised, so that any number of writers together never
 * write more than there is room for. Who does not fit waits in order until room is made.
 */
export class Reservations {
  readonly #options: ReservationsOptions
  readonly #reserved = { file: 0, row: 0 }
  readonly #waiting: Waiting[] = []
  #serving: Promise<void> | undefined

  constructor(options: ReservationsOptions) {
    this.#options = options
  }

  /** Bytes promised and not yet given back. */
  get reservedBytes(): number {
    return this.#reserved.file + this.#reserved.row
  }

  get waitingCount(): number {
    return this.#waiting.length
  }

  /** Promises room at once; `false`: there is none, or others wait for some. Rows are small enough to go first. */
  tryReserve(bytes: number, medium: Medium): boolean {
    if ((medium === 'file' && this.#waiting.length > 0) || !this.#fits(bytes, medium)) return false
    this.#grant(bytes, medium)
    return true
  }

  /** Promises room, once there is some. Rejects with `STORE_NO_SPACE`, and with `STORE_BUSY` when making room takes too long. */
  async reserve(bytes: number, medium: Medium): Promise<void> {
    if (this.tryReserve(bytes, medium)) return
    const granted = Promise.withResolvers<void>()
    const waiting = { bytes, medium, granted, isGivenUp: false }
    this.#waiting.push(waiting)
    this.#serving ??= this.#serve()
    const timer = setTimeout(() => {
      waiting.isGivenUp = true
      granted.reject(new Fault('STORE_BUSY', `no room for ${bytes} bytes was made within ${mostWaitMs} ms`))
    }, mostWaitMs).unref()
    return granted.promise.finally(() => clearTimeout(timer))
  }

  /** The bytes are on the disk and counted there, or will never be written. */
  release(bytes: number, medium: Medium): void {
    this.#reserved[medium] -= bytes
  }

  /** One run of eviction makes room for all who wait: each has to wait for the disk. */
  #wantedBytes(): number {
    return this.#waiting.reduce((sum, { bytes, isGivenUp }) => sum + (isGivenUp ? 0 : bytes), 0)
  }

  /** Does what is promised now fit, with `bytes` more? */
  #fits(bytes: number, medium: Medium): boolean {
    const { capacityBytes, usedBytes, freeRowBytes } = this.#options.space()
    const file = this.#reserved.file + (medium === 'file' ? bytes : 0)
    const row = this.#reserved.row + (medium === 'row' ? bytes : 0)
    return usedBytes + file + Math.max(0, row - freeRowBytes) <= capacityBytes
  }

  #grant(bytes: number, medium: Medium): void {
    this.#reserved[medium] += bytes
    this.#options.onReserved()
  }

  async #serve(): Promise<void> {
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      const { bytes, medium, granted } = next
      const fits = (): boolean => next!.isGivenUp || this.#fits(bytes, medium)
      const hasRoom = next.isGivenUp || (await this.#options.makeRoom(this.#wantedBytes(), fits))
      this.#waiting.shift()
      if (next.isGivenUp) continue
      if (hasRoom && this.#fits(bytes, medium)) {
        this.#grant(bytes, medium)
        granted.resolve()
      } else granted.reject(new Fault('STORE_NO_SPACE', `there is no room for ${bytes} bytes more`))
    }
    this.#serving = undefined
  }
}
