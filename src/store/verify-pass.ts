import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import type { Clock, Timers } from '../base/clock.ts'
import { type Digest, parseDigest } from '../base/digest.ts'
import type { VerifiableBlobs } from './verifiable-blobs.ts'

/** How far verifying has come; kept in a file, so that an interrupted pass goes on where it was. */
export interface VerifyState {
  readonly isRunning: boolean
  /** Milliseconds since the epoch; `undefined`: never. */
  readonly beganAt: number | undefined
  readonly endedAt: number | undefined
  readonly soundCount: number
  readonly damagedCount: number
  readonly checkedBytes: number
  /** 0 to 1, by the digests, which are spread evenly. */
  readonly share: number
}

interface Progress {
  beganAt: number | undefined
  endedAt: number | undefined
  store: number
  after: Digest | undefined
  soundCount: number
  damagedCount: number
  checkedBytes: number
}

export interface VerifyPassOptions {
  readonly stores: readonly VerifiableBlobs[]
  readonly stateFile: string
  readonly clock: Clock
  readonly timers: Timers
}

const fresh: Progress = {
  beganAt: undefined,
  endedAt: undefined,
  store: 0,
  after: undefined,
  soundCount: 0,
  damagedCount: 0,
  checkedBytes: 0,
}
const saveMs = 5_000
const lookMs = 60 * 60 * 1000
/** How much slower a repeated pass is while clients are served: it goes on all the same, or it would never end where it is always busy. */
const yieldFactor = 10
const msPerSecond = 1000
const longestPauseMs = 200
const digestSpan = 0xffff
const nobodyAsks = (): boolean => false

/** Reads every blob again, at a bounded rate, from where the last pass was interrupted. */
export class VerifyPass {
  readonly #options: VerifyPassOptions
  #progress: Progress
  #running: Promise<void> | undefined
  #bytesPerSecond = 0
  #isBusy: () => boolean = nobodyAsks
  #stopping = false
  #callOff: (() => void) | undefined
  /** Ends the pause that is under way. */
  #cutShort: () => void = () => {}
  #savedAt = 0
  /** When the bytes so far are paid for. */
  #paidAt = 0

  constructor(options: VerifyPassOptions) {
    this.#options = options
    this.#progress = readProgress(options.stateFile)
  }

  get state(): VerifyState {
    const { store, after, beganAt, endedAt, soundCount, damagedCount, checkedBytes } = this.#progress
    const inStore = after === undefined ? 0 : Number.parseInt(after.slice(0, 4), 16) / digestSpan
    const share = endedAt !== undefined ? 1 : (store + inStore) / this.#options.stores.length
    return { isRunning: this.#running !== undefined, beganAt, endedAt, soundCount, damagedCount, checkedBytes, share }
  }

  /**
   * Begins a pass, or goes on with the one that was interrupted; of one that runs only the rate changes. While `isBusy` it goes at a tenth of the
   * rate. Never rejects.
   */
  run(bytesPerSecond: number, isBusy: () => boolean = nobodyAsks): Promise<void> {
    this.#bytesPerSecond = bytesPerSecond
    this.#isBusy = isBusy
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined
    })
    return this.#running
  }

  /** From now on all is read so often, unless `everyMs` is infinite; what was interrupted goes on. */
  repeat(everyMs: number, bytesPerSecond: number, isBusy: () => boolean): void {
    if (!Number.isFinite(everyMs)) return
    this.#callOff = this.#options.timers.after(Math.min(everyMs, lookMs), () => {
      const { beganAt, endedAt } = this.#progress
      const isDue = endedAt === undefined || beganAt === undefined || this.#options.clock.now() - beganAt >= everyMs
      if (isDue && this.#running === undefined) void this.run(bytesPerSecond, isBusy)
      this.repeat(everyMs, bytesPerSecond, isBusy)
    })
  }

  /** Resolves when nothing is read any more; what was done is kept. */
  async stop(): Promise<void> {
    this.#stopping = true
    this.#cutShort()
    await this.#running
    this.#stopping = false
  }

  /** As `stop`, for good. */
  async close(): Promise<void> {
    this.#callOff?.()
    await this.stop()
  }

  async #run(): Promise<void> {
    const { clock, stores } = this.#options
    if (this.#progress.beganAt === undefined || this.#progress.endedAt !== undefined) {
      this.#progress = { ...fresh, beganAt: clock.now() }
    }
    this.#paidAt = clock.elapsed()
    try {
      for (; this.#progress.store < stores.length; this.#progress.store++, this.#progress.after = undefined) {
        if (!(await this.#verifyAll(stores[this.#progress.store]!))) return
      }
      this.#progress.endedAt = clock.now()
    } catch {
      // Stopped within a blob; or a store cannot be read, which those who read it tell. The pass goes on another time.
    } finally {
      this.#save()
    }
  }

  /** `false`: it was stopped. */
  async #verifyAll(store: VerifiableBlobs): Promise<boolean> {
    for await (const digest of store.names(this.#progress.after)) {
      if (this.#stopping) return false
      const { checkedBytes } = this.#progress
      const verdict = await store.verify(digest, this.#pace).catch((error) => {
        // It is read from its beginning when the pass goes on.
        this.#progress.checkedBytes = checkedBytes
        throw error
      })
      if (verdict === 'sound') this.#progress.soundCount += 1
      if (verdict === 'damaged') this.#progress.damagedCount += 1
      this.#progress.after = digest
      if (this.#options.clock.now() - this.#savedAt > saveMs) this.#save()
    }
    return true
  }

  readonly #pace = async (sizeBytes: number): Promise<void> => {
    const { clock } = this.#options
    const rate = this.#isBusy() ? this.#bytesPerSecond / yieldFactor : this.#bytesPerSecond
    this.#progress.checkedBytes += sizeBytes
    this.#paidAt = Math.max(this.#paidAt, clock.elapsed() - longestPauseMs) + (sizeBytes / rate) * msPerSecond
    while (this.#paidAt > clock.elapsed() && !this.#stopping) {
      await this.#pause(Math.min(longestPauseMs, this.#paidAt - clock.elapsed()))
    }
    // A large blob is not read to its end first.
    if (this.#stopping) throw new Error('verifying was stopped')
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const callOff = this.#options.timers.after(ms, resolve)
      this.#cutShort = () => {
        callOff()
        resolve()
      }
    })
  }

  #save(): void {
    const { stateFile, clock } = this.#options
    this.#savedAt = clock.now()
    try {
      writeFileSync(`${stateFile}.new`, JSON.stringify(this.#progress), { mode: 0o600 })
      renameSync(`${stateFile}.new`, stateFile)
    } catch {
      // Then a later pass begins where an earlier save was.
    }
  }
}

function readProgress(path: string): Progress {
  try {
    const value = JSON.parse(readFileSync(path, 'utf8')) as Partial<Record<keyof Progress, unknown>>
    const count = (field: keyof Progress): number => (Number.isSafeInteger(value[field]) ? Number(value[field]) : 0)
    const at = (field: keyof Progress): number | undefined =>
      typeof value[field] === 'number' ? Number(value[field]) : undefined
    return {
      beganAt: at('beganAt'),
      endedAt: at('endedAt'),
      store: count('store'),
      after: typeof value.after === 'string' ? parseDigest(value.after) : undefined,
      soundCount: count('soundCount'),
      damagedCount: count('damagedCount'),
      checkedBytes: count('checkedBytes'),
    }
  } catch {
    return { ...fresh }
  }
}
