import { setImmediate as turn } from 'node:timers/promises'
import type { Digest } from '../base/digest.ts'
import type { Observer } from '../base/events.ts'
import type { BlobRef, BlobStore } from './blob-store.ts'
import type { FilesystemRoom } from './filesystem-room.ts'
import { removeUnpinned } from './remove-unpinned.ts'
import { Reservations, type StoreSpace } from './reservations.ts'
import type { ResponseIndex } from './response-index.ts'
import type { StoreLedger } from './store-ledger.ts'
import type { StoreScan } from './store-scan.ts'
import type { DatabaseRoom, StoreUse } from './store-use.ts'

export interface QuotaOptions {
  readonly quotaBytes: number
  /** Shares of what may be used: above `highWater` entries go until it is `lowWater`. */
  readonly highWater: number
  readonly lowWater: number
  readonly ledger: StoreLedger
  readonly blobs: BlobStore
  readonly index: ResponseIndex
  readonly smallBlobs: DatabaseRoom
  /** The other databases. */
  readonly databases: readonly DatabaseRoom[]
  /** Of them those that were damaged, and are nobody's. */
  readonly setAside: DatabaseRoom
  /** What stands in the folder beside blobs and databases, logs of the databases included. */
  readonly fixedBytes: number
  readonly filesystem: FilesystemRoom
  readonly observer: Observer
  /** Reports what went wrong with the store. */
  readonly failed: (error: unknown) => void
  /** A key is about to go: nobody may serve it from memory. */
  readonly onEvict: (key: string) => void
}

/** Of one run: their removal is durable after four commits of each database, which follow each other without a pause. */
const mostVictims = 1000
/** Entries that are looked up between two turns of the event loop: about a millisecond. */
const sliceCount = 25
/** No run evicts more of the store than this for those who wait. */
const mostRunShare = 0.1
const leastBatchBytes = 256 * 1024

/** Keeps the store within its quota: knows what it takes, promises room, and evicts what is worth least to make some. */
export class Quota {
  readonly reservations: Reservations
  readonly #options: QuotaOptions
  readonly #deleting = new Map<Digest, Promise<void>>()
  /** One run of eviction after another. */
  #turn: Promise<unknown> = Promise.resolve()
  #running = false
  #closed = false
  /** It is known what the files take; it is known what is stored. */
  #measured = false
  #known = false
  /** All records were read: content that none names is nobody's. */
  #complete = false
  #ready: Promise<void>
  /** How often everything is to be learnt anew. */
  #renewalCount = 0

  constructor(options: QuotaOptions, scan: StoreScan) {
    this.#options = options
    options.ledger.onUnnamed((ref) => {
      if (this.#known) void this.#delete(ref)
    })
    this.reservations = new Reservations({
      space: () => this.#space(),
      makeRoom: (bytes, fits) => this.#inTurn(() => this.#makeRoom(bytes, fits)),
      onReserved: () => this.#onReserved(),
    })
    this.#measured = scan.files === undefined
    this.#ready = this.#scan(scan)
  }

  /** Settles when it is known what is stored. */
  get ready(): Promise<void> {
    return this.#ready
  }

  use(): StoreUse {
    const { ledger, smallBlobs, setAside, quotaBytes, fixedBytes } = this.#options
    const [small, aside, rest] = [smallBlobs.usedBytes, setAside.usedBytes, this.#databaseBytes('usedBytes')]
    const { fileBytes, fileCount, rowCount } = ledger.blobs
    return {
      quotaBytes,
      usedBytes: fileBytes + small + rest,
      kinds: { blobs: fileBytes, 'small-blobs': small, index: rest - aside, 'set-aside': aside },
      freeBytes: smallBlobs.freeBytes + this.#databaseBytes('freeBytes'),
      fixedBytes,
      reservedBytes: this.reservations.reservedBytes,
      blobs: fileCount + rowCount,
      responses: ledger.entries.count,
      pinned: ledger.entries.pinnedCount,
    }
  }

  /** Evicts when the store is above its high water. */
  run(): Promise<void> {
    return this.#inTurn(() => this.#drain())
  }

  /** A blob under this digest is about to appear. Resolves when none is being deleted. */
  claim(digest: Digest): Promise<void> | undefined {
    this.#options.ledger.claim(digest)
    return this.#deleting.get(digest)
  }

  /** Other records are stored than were: they are learnt anew by `learn`, and until then nothing is evicted or nobody's. */
  renew(learn: StoreScan['rest']): Promise<void> {
    this.#known = false
    this.#complete = false
    this.#renewalCount += 1
    return this.#inTurn(() => (this.#ready = this.#learn(learn)))
  }

  /** Removes the blobs that no record names, and of which none will. */
  async sweep(): Promise<{ readonly blobCount: number; readonly blobBytes: number }> {
    await this.#ready
    // Beside eviction, for which clients wait: all blobs are looked at.
    return this.#sweepOrphans(Infinity)
  }

  /** Is it about to get a record? */
  isClaimed(digest: Digest): boolean {
    return this.#options.ledger.isClaimed(digest)
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#ready
    await this.#turn
    await Promise.all(this.#deleting.values())
  }

  async #scan({ files, rest }: StoreScan): Promise<void> {
    // What cannot be read is not counted; the store goes on.
    await files?.catch(this.#options.failed)
    this.#measured = true
    await this.#learn(rest)
  }

  /** Never rejects. */
  async #learn(learn: StoreScan['rest']): Promise<void> {
    const count = this.#renewalCount
    const isOver = (): boolean => this.#closed || count !== this.#renewalCount
    await learn(isOver).then(() => {
      this.#complete = !isOver()
    }, this.#options.failed)
    // Whoever closes before that knows only a part: nothing may go for what that part says.
    if (isOver()) return
    this.#known = true
    this.#onReserved()
  }

  #space(): StoreSpace {
    const { ledger, smallBlobs } = this.#options
    const usedBytes = ledger.blobs.fileBytes + smallBlobs.usedBytes + this.#databaseBytes('usedBytes')
    const capacityBytes = this.#measured ? this.#capacity(usedBytes) : 0
    return { capacityBytes, usedBytes, freeRowBytes: smallBlobs.freeBytes }
  }

  #databaseBytes(which: 'usedBytes' | 'freeBytes'): number {
    return this.#options.databases.reduce((sum, database) => sum + database[which], 0)
  }

  #capacity(usedBytes: number): number {
    const { quotaBytes, fixedBytes, filesystem } = this.#options
    return Math.min(quotaBytes, filesystem(usedBytes)) - fixedBytes
  }

  /** Bytes by which what is stored and promised is above `share` of what may be. */
  #excess(share: number): number {
    const { capacityBytes, usedBytes } = this.#space()
    const freeBytes = this.#options.smallBlobs.freeBytes + this.#databaseBytes('freeBytes')
    return usedBytes - freeBytes + this.reservations.reservedBytes - share * capacityBytes
  }

  #onReserved(): void {
    if (this.#running || !this.#known || this.#closed || this.#excess(this.#options.highWater) <= 0) return
    this.#running = true
    void this.run()
      .catch(this.#options.failed)
      .finally(() => {
        this.#running = false
      })
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work)
    this.#turn = done.catch(() => undefined)
    return done
  }

  async #drain(): Promise<void> {
    await this.#ready
    if (this.#excess(this.#options.highWater) <= 0) return
    for (let excess = this.#excess(this.#options.lowWater); excess > 0 && !this.#closed; ) {
      if (!(await this.#evictSome(excess))) return
      excess = this.#excess(this.#options.lowWater)
    }
  }

  async #makeRoom(wantedBytes: number, fits: () => boolean): Promise<boolean> {
    await this.#ready
    const bytes = Math.min(wantedBytes, mostRunShare * this.#space().capacityBytes)
    try {
      while (!fits()) {
        if (this.#closed) return false
        if (await this.#shrink(bytes)) continue
        if (!(await this.#evictSome(bytes))) break
      }
    } catch (error) {
      this.#options.failed(error)
    }
    return fits()
  }

  /** Free pages for the filesystem; answers whether that made some room. */
  async #shrink(bytes: number): Promise<boolean> {
    const { smallBlobs, databases } = this.#options
    for (const database of [smallBlobs, ...databases]) {
      if (database.freeBytes === 0) continue
      const before = database.usedBytes
      await database.shrink(Math.min(database.freeBytes, Math.max(bytes, leastBatchBytes))).catch(this.#options.failed)
      if (database.usedBytes < before) return true
    }
    return false
  }

  /** Evicts about so many bytes; answers whether anything went. */
  async #evictSome(bytes: number): Promise<boolean> {
    const { ledger, observer } = this.#options
    if (ledger.hasOrphans && (await this.#sweepOrphans(bytes)).blobCount > 0) return true
    const going: Promise<number>[] = []
    let wanted = Math.max(bytes, leastBatchBytes)
    while (wanted > 0 && going.length < mostVictims) {
      const victim = ledger.entries.evict()
      if (victim === undefined) break
      const { key, sizeBytes } = victim
      wanted -= sizeBytes
      going.push(this.#evict(key).then((isGone) => (isGone ? sizeBytes : 0)))
      if (going.length % sliceCount === 0) await turn()
    }
    const gone = (await Promise.all(going)).filter((sizeBytes) => sizeBytes > 0)
    await Promise.all(this.#deleting.values())
    if (gone.length === 0) return (await this.#sweepOrphans(bytes)).blobCount > 0
    observer({ kind: 'evicted', count: gone.length, bytes: gone.reduce((sum, sizeBytes) => sum + sizeBytes, 0) })
    return true
  }

  /** The record first, durably; then its content. A record may be another daemon's as well: then only the content goes. */
  async #evict(key: string): Promise<boolean> {
    const { ledger, index, onEvict, failed } = this.#options
    onEvict(key)
    try {
      if (index.isShared) ledger.changed(key, await index.get(key), [])
      else if (!(await removeUnpinned(index, key))) return false
      // Also when there was no record.
      ledger.entries.remove(key)
      return true
    } catch (error) {
      ledger.entries.putBack(key)
      failed(error)
      return false
    }
  }

  /** Content that no record names, as a crash leaves it: about so many bytes of it. */
  async #sweepOrphans(bytes: number): Promise<{ readonly blobCount: number; readonly blobBytes: number }> {
    const { ledger, blobs } = this.#options
    const swept = { blobCount: 0, blobBytes: 0 }
    if (ledger.blobs.orphanCount === 0 || !this.#complete) return swept
    let seen = 0
    for await (const ref of blobs.list()) {
      if (++seen % sliceCount === 0) await turn()
      if (this.#closed || !this.#complete || swept.blobBytes >= bytes) break
      if (!ledger.isOrphan(ref.digest)) continue
      await this.#delete(ref)
      swept.blobCount += 1
      swept.blobBytes += ref.sizeBytes
    }
    return swept
  }

  /** Never rejects. */
  #delete(ref: BlobRef): Promise<void> {
    const { digest } = ref
    const underWay = this.#deleting.get(digest)
    if (underWay !== undefined) return underWay
    const { blobs, ledger, failed } = this.#options
    const done = blobs
      .delete(digest)
      .then(() => ledger.removed(digest), failed)
      .finally(() => this.#deleting.delete(digest))
    this.#deleting.set(digest, done)
    return done
  }
}
