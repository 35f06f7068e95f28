import { ChurnMap } from '../base/churn-map.ts'
import type { Clock } from '../base/clock.ts'
import type { Digest } from '../base/digest.ts'
import { fileBytes, recordBytes, rowBytesOf } from './accounting.ts'
import type { BlobRef } from './blob-store.ts'
import { BlobTable } from './blob-table.ts'
import { EntryTable, type RecordKeys } from './entry-table.ts'
import { type EvictionName, noSlot } from './eviction-policy.ts'
import type { StoredResponse } from './stored-response.ts'

export interface LedgerOptions {
  readonly clock: Clock
  readonly policy: EvictionName
  readonly keys: RecordKeys
  /** Blobs up to this size are rows. */
  readonly largestRowBytes: number
}

interface Claim {
  count: number
  /** On the monotonic clock. */
  madeMs: number
}

/** Between a blob and its record there are moments. A claim this old is of a record that never came. */
const claimMs = 600_000

/**
 * Who names what: the keys of the index, the blobs, and how often each blob is named. A blob that is being stored is claimed,
 * so that it is not taken for an orphan before its record is there.
 */
export class StoreLedger {
  readonly blobs: BlobTable
  readonly entries: EntryTable
  readonly #clock: Clock
  readonly #largestRowBytes: number
  readonly #claims = new ChurnMap<Digest, Claim>()
  #onUnnamed: (ref: BlobRef) => void = () => {}

  constructor({ clock, policy, keys, largestRowBytes }: LedgerOptions) {
    this.#clock = clock
    this.blobs = new BlobTable(largestRowBytes)
    this.entries = new EntryTable(policy, keys)
    this.#largestRowBytes = largestRowBytes
  }

  /** So many keys are about to be told of, each with about one blob. */
  reserve(count: number): void {
    this.entries.reserve(count)
    this.blobs.reserve(count)
  }

  /** Forgets who names what, until it is told again. What is about to be stored stays claimed. */
  forgetRecords(): void {
    this.entries.clear()
    this.blobs.forgetNames()
  }

  /** Called with each blob that no response names any more. */
  onUnnamed(listener: (ref: BlobRef) => void): void {
    this.#onUnnamed = listener
  }

  /** What the index holds under `key` has changed, durably; its record has the number `id`, where that is at hand. */
  changed(key: string, before: readonly StoredResponse[], after: readonly StoredResponse[], id?: number): void {
    // What a key named that is not known yet was never counted.
    const isKnown = this.entries.slotOf(key) !== noSlot
    this.#record(key, after, id)
    for (const { digest } of contentsOf(after)) this.#settleClaim(digest)
    if (!isKnown) return
    for (const ref of contentsOf(before)) {
      if (this.blobs.unref(ref) && !this.isClaimed(ref.digest)) this.#onUnnamed(ref)
    }
  }

  /** `key` was found in the index, where it stood before. */
  found(key: string, variants: readonly StoredResponse[]): void {
    if (this.entries.slotOf(key) === noSlot && this.entries.exists(key)) this.#record(key, variants)
  }

  /** As `found`, of a record that is known to stand there now, under the number `id`. */
  learnt(id: number, key: string, variants: readonly StoredResponse[]): void {
    if (variants.length > 0 && this.entries.slotOf(key) === noSlot) this.#record(key, variants, id)
  }

  /** A blob is about to be stored, and then a record that names it. */
  claim(digest: Digest): void {
    const claim = this.#claims.get(digest) ?? { count: 0, madeMs: 0 }
    claim.count += 1
    claim.madeMs = this.#clock.elapsed()
    this.#claims.set(digest, claim)
  }

  isClaimed(digest: Digest): boolean {
    const claim = this.#claims.get(digest)
    if (claim === undefined) return false
    if (this.#clock.elapsed() - claim.madeMs < claimMs) return true
    this.#claims.delete(digest)
    return false
  }

  /**
   * A blob was removed that nobody named or claimed when that began. Whoever claims a file waits for that (`Quota.claim`), so it is gone; a row may be
   * there again.
   */
  removed(digest: Digest): void {
    if (this.blobs.isFile(digest) || !this.isClaimed(digest)) this.blobs.remove(digest)
  }

  /**
   * Is content stored that nobody names, beyond what is about to get a record? Of what is being stored there is nearly always some; whoever
   * looks for orphans among all blobs does not want to find that.
   */
  get hasOrphans(): boolean {
    return this.blobs.orphanCount > this.#claims.size
  }

  /** Is it stored, and neither named nor about to be? */
  isOrphan(digest: Digest): boolean {
    return this.blobs.has(digest) && !this.blobs.isNamed(digest) && !this.isClaimed(digest)
  }

  /** Counts that the response was asked for; answers the number of its entry, to be given next time. */
  touch(key: string, slot: number): number {
    const known = slot === noSlot ? this.entries.slotOf(key) : slot
    if (known !== noSlot) this.entries.touch(known)
    return known
  }

  #record(key: string, variants: readonly StoredResponse[], id?: number): void {
    const named = contentsOf(variants)
    for (const ref of named) this.blobs.ref(ref)
    if (variants.length === 0) this.entries.remove(key)
    else {
      const isPinned = variants.some((one) => one.pinned === true)
      this.entries.record(key, this.#sizeOf(named), isPinned, id)
    }
  }

  #settleClaim(digest: Digest): void {
    const claim = this.#claims.get(digest)
    if (claim !== undefined && --claim.count <= 0) this.#claims.delete(digest)
  }

  #sizeOf(refs: readonly BlobRef[]): number {
    let sum = recordBytes
    for (const { sizeBytes } of refs) {
      sum += sizeBytes > this.#largestRowBytes ? fileBytes(sizeBytes) : rowBytesOf(sizeBytes)
    }
    return sum
  }
}

function contentsOf(variants: readonly StoredResponse[]): readonly BlobRef[] {
  const contents: BlobRef[] = []
  for (const { content } of variants) if (content !== undefined) contents.push(content)
  return contents
}
