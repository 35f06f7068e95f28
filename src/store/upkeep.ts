import { setImmediate as turn } from 'node:timers/promises'
import type { Clock, Timers } from '../base/clock.ts'
import { walkAgain } from './blob-walk.ts'
import type { EvictionMemory } from './eviction-memory.ts'
import type { Layout } from './layout.ts'
import type { RowBlobs } from './learn-stored.ts'
import type { Quarantine } from './quarantine.ts'
import type { Quota } from './quota.ts'
import type { FilesSetAside } from './set-aside.ts'
import type { StoreLedger } from './store-ledger.ts'
import type { StoreScan } from './store-scan.ts'
import { sweepStaging } from './sweep-staging.ts'

export interface UpkeepOptions {
  readonly layout: Layout
  readonly quota: Quota
  readonly ledger: StoreLedger
  readonly smallBlobs: RowBlobs
  readonly quarantine: Quarantine
  readonly setAside: FilesSetAside
  /** `undefined`: what eviction learns is not kept. */
  readonly memory: EvictionMemory | undefined
  /** The records are known: content without one is nobody's. */
  readonly knowsRecords: () => boolean
  readonly timers: Timers
  readonly clock: Clock
  readonly failed: (error: unknown) => void
  /** Tells people what was put right. */
  readonly note: (text: string) => void
}

/** What upkeep found and put right. */
export interface Tidied {
  /** Blobs that no record names. */
  readonly blobCount: number
  readonly blobBytes: number
  /** Files that ingests left, and files set aside long ago. */
  readonly stagingCount: number
  readonly quarantineCount: number
  /** Blobs that were counted and are not on the disk. */
  readonly missingCount: number
}

const hourMs = 3_600_000
const saveMs = 600_000
/** No ingest waits so long for its next bytes. */
const stagingGraceMs = 24 * hourMs

/**
 * What a store needs done while it runs: once it is known what is stored, and every hour, the disk is counted again, what nobody
 * names is removed, and eviction looks whether something must go. What eviction has learnt is kept every ten minutes.
 */
export class Upkeep {
  readonly #options: UpkeepOptions
  readonly #calledOff: (() => void)[] = []
  #closed = false
  #running: Promise<unknown> = Promise.resolve()

  constructor(options: UpkeepOptions) {
    this.#options = options
  }

  /** From now on it happens by itself. */
  begin(): void {
    const { quota, failed, memory } = this.#options
    const tidy = (): Promise<unknown> => this.tidy().catch(failed)
    this.#running = quota.ready.then(() => (this.#closed ? undefined : this.#sweep())).catch(failed)
    this.#every(0, hourMs, async () => {
      await tidy()
      await quota.run().catch(failed)
    })
    this.#every(1, saveMs, () => memory?.save() ?? Promise.resolve())
  }

  /** How many files would go that ingests left or that were set aside long ago. Rejects with a store fault. */
  async trial(): Promise<Pick<Tidied, 'stagingCount' | 'quarantineCount'>> {
    const { layout, quarantine, setAside, clock } = this.#options
    return {
      stagingCount: await sweepStaging(layout, clock.now() - stagingGraceMs, true),
      quarantineCount: (await quarantine.sweep(clock.now(), true)) + setAside.sweep(clock.now(), true),
    }
  }

  /** Counts what is on the disk, and removes what nobody names. Rejects with a store fault. */
  tidy(): Promise<Tidied> {
    const done = this.#running.then(async () => {
      await this.#options.quota.ready
      const missingCount = await this.#recount()
      return { ...(await this.#sweep()), missingCount }
    })
    this.#running = done.catch(() => undefined)
    return done
  }

  /**
   * Another folder or another database is in the place of one: what is stored is counted again, and what is known of records, if they are
   * ours, learnt again by `learn`. Never rejects.
   */
  renew(learn: StoreScan['rest'] | undefined): Promise<void> {
    const { quota, ledger, memory, failed } = this.#options
    const done = this.#running.then(async () => {
      if (this.#closed) return
      await memory?.save()
      if (learn === undefined) return void (await this.#recount())
      await quota.renew(async (isOver) => {
        ledger.forgetRecords()
        await this.#recount()
        await learn(isOver)
      })
    })
    this.#running = done.catch(failed)
    return this.#running.then(() => undefined)
  }

  async close(): Promise<void> {
    this.#closed = true
    for (const callOff of this.#calledOff) callOff()
    await this.#running
  }

  #every(at: number, ms: number, work: () => Promise<unknown>): void {
    const again = (): void => {
      if (this.#closed) return
      this.#calledOff[at] = this.#options.timers.after(ms, () => void work().finally(again))
    }
    again()
  }

  async #sweep(): Promise<Omit<Tidied, 'missingCount'>> {
    const { layout, quota, quarantine, setAside, knowsRecords, clock, note } = this.#options
    const orphans = knowsRecords() ? await quota.sweep() : { blobCount: 0, blobBytes: 0 }
    const stagingCount = await sweepStaging(layout, clock.now() - stagingGraceMs)
    const quarantineCount = (await quarantine.sweep(clock.now())) + setAside.sweep(clock.now())
    const swept = { ...orphans, stagingCount, quarantineCount }
    const count = orphans.blobCount + stagingCount + quarantineCount
    if (count > 0) note(`larder: ${count} files and rows that nobody named were removed`)
    return swept
  }

  /** Whatever happens to a blob meanwhile is counted as it happens. Answers how many were counted that are not there. */
  async #recount(): Promise<number> {
    const { layout, ledger, smallBlobs, setAside } = this.#options
    setAside.measure()
    ledger.blobs.beginCount()
    await walkAgain(
      layout,
      (ref) => ledger.blobs.add(ref),
      () => this.#closed,
    )
    for (const digests of smallBlobs.digestPages()) {
      for (const digest of digests) ledger.blobs.add({ digest, sizeBytes: 0 })
      await turn()
      if (this.#closed) return 0
    }
    return ledger.blobs.endCount()
  }
}
