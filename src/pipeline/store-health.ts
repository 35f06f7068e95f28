import type { Timers } from '../base/clock.ts'
import type { Observer } from '../base/events.ts'
import { asFault, Fault, type FaultCode } from '../base/faults.ts'

/** How a local store that failed is tried again. */
export interface StoreMending {
  readonly timers: Timers
  /** Mends what can be mended and writes to every part of the store; rejects with a store fault while that fails. */
  mend(): Promise<void>
}

/** The store cannot be written. A single missing or broken blob is fetched again, and all is well. */
const lasting: ReadonlySet<FaultCode> = new Set(['STORE_NO_SPACE', 'STORE_IO', 'STORE_INDEX_DOWN'])
const firstPauseMs = 1_000
const longestPauseMs = 30_000
/** An attempt to mend that takes so long is told of, and each time as long again. */
const attemptMs = 10_000
/** Content that may wait for the disk at once; what comes beyond that is relayed. */
const maxWaitingBytes = 64 * 1024 * 1024

/**
 * Reports faults of the stores, which no client ever sees (CORRECTNESS I9), and when they are over. A local store that failed is
 * tried again after ever longer pauses until it can be written, whether requests come or not: a load balancer may send none
 * meanwhile. That an index on a server is down is reported once, by what guards it: while it is, every request would tell of it.
 */
export class StoreHealth {
  readonly #observer: Observer
  readonly #indexIsShared: boolean
  readonly #mending: StoreMending | undefined
  #failing = false
  #indexIsDown = false
  #pauseMs = firstPauseMs
  #callOff: (() => void) | undefined
  #closed = false
  #waitingBytes = 0
  /** An attempt to mend that is under way. */
  #attempt: Promise<void> | undefined

  /**
   * `indexIsShared`: that a record's content is not here is no fault then, as it may be another daemon's. Without `mending` the first
   * success ends a failure.
   */
  constructor(observer: Observer, indexIsShared = false, mending?: StoreMending) {
    this.#observer = observer
    this.#indexIsShared = indexIsShared
    this.#mending = mending
  }

  failed(error: unknown): void {
    const fault = asFault(error)
    // The store is sound: it only does not take in everything.
    if (fault.code === 'STORE_TOO_LARGE' || fault.code === 'STORE_BUSY') return
    // What a store that fails does not have is told already.
    if ((this.#indexIsShared || this.#failing) && fault.code === 'STORE_BLOB_MISSING') return
    // One slow answer is no outage: an index on a server tells itself when it is down.
    if (this.#indexIsShared && fault.code === 'STORE_INDEX_DOWN') return
    this.#observer({ kind: 'store-fault', code: fault.code, detail: fault.message })
    if (!lasting.has(fault.code)) return
    this.#failing = true
    if (this.#attempt === undefined && this.#callOff === undefined) this.#tryLater()
  }

  /** Something was stored. */
  succeeded(): void {
    if (this.#mending === undefined) this.#recovered()
  }

  /** The index on a server is not asked any more. */
  indexIsAway(fault: Fault): void {
    if (this.#indexIsDown) return
    this.#indexIsDown = true
    this.#observer({ kind: 'store-fault', code: fault.code, detail: fault.message, isShared: true })
  }

  /** The index on a server works again, if it did not. */
  indexAnswers(): void {
    if (!this.#indexIsDown) return
    this.#indexIsDown = false
    this.#observer({ kind: 'store-recovered', isShared: true })
  }

  /** Content that takes so much memory waits for the disk. */
  waits(sizeBytes: number): void {
    this.#waitingBytes += sizeBytes
  }

  waitsNoMore(sizeBytes: number): void {
    this.#waitingBytes -= sizeBytes
  }

  /** Throws `STORE_IO` when so much waits for the disk that no more should. */
  checkKeepsUp(): void {
    if (this.#waitingBytes <= maxWaitingBytes) return
    throw new Fault('STORE_IO', `the disk does not keep up: ${this.#waitingBytes} bytes wait to be stored`)
  }

  /** Nothing is tried any more. */
  async close(): Promise<void> {
    this.#closed = true
    this.#callOff?.()
    await this.#attempt
  }

  #recovered(): void {
    if (!this.#failing) return
    this.#failing = false
    this.#observer({ kind: 'store-recovered' })
  }

  #tryLater(): void {
    if (this.#closed) return
    this.#callOff = this.#mending?.timers.after(this.#pauseMs, () => {
      this.#callOff = undefined
      this.#attempt = this.#try().finally(() => {
        this.#attempt = undefined
        if (this.#failing) this.#tryLater()
      })
    })
  }

  /**
   * Never rejects. That it still fails is told each time: an alert that is not repeated is taken for over. However long the disk takes,
   * this is the only attempt: what hangs keeps a thread.
   */
  async #try(): Promise<void> {
    const told = this.#tellOfWaiting()
    try {
      await this.#mending!.mend()
      this.#pauseMs = firstPauseMs
      this.#recovered()
    } catch (error) {
      this.#pauseMs = Math.min(2 * this.#pauseMs, longestPauseMs)
      this.failed(error)
    } finally {
      told.callOff()
    }
  }

  #tellOfWaiting(): { callOff: () => void } {
    const told = { callOff: (): void => {} }
    const wait = (sofarMs: number): void => {
      told.callOff = this.#mending!.timers.after(attemptMs, () => {
        const seconds = (sofarMs + attemptMs) / 1_000
        this.failed(
          new Fault(
            'STORE_IO',
            `the store has been tried for ${seconds} s: the disk does not answer, or much is made again`,
          ),
        )
        wait(sofarMs + attemptMs)
      })
    }
    wait(0)
    return told
  }
}
