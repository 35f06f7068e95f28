import { blockBytes, fileBytes } from './accounting.ts'
import type { BlobRef } from './blob-store.ts'
import { capacityFor, grown, noSlot } from './eviction-policy.ts'
import { HashSlots, hashOfDigest } from './hash-slots.ts'

const present = 1
const ofFile = 2
/** Found on the disk by the count under way. */
const seen = 4
const mostRefs = 65_535

/** Which blobs are stored and how many responses name each, in about 28 bytes a blob. Of 64 bits of their digests: two blobs with the same are kept both. */
export class BlobTable {
  readonly #slots = new HashSlots()
  readonly #largestRowBytes: number
  #refs = new Uint16Array(0)
  #flags = new Uint8Array(0)
  /** Of blobs with a file: the blocks that it takes. */
  #blocks = new Uint32Array(0)
  /** Bytes on disk of all blobs with files of their own. */
  fileBytes = 0
  fileCount = 0
  rowCount = 0
  /** Blobs that no response names. */
  orphanCount = 0

  /** Blobs up to `largestRowBytes` are rows. */
  constructor(largestRowBytes: number) {
    this.#largestRowBytes = largestRowBytes
  }

  /** Makes room for so many. */
  reserve(count: number): void {
    this.#slots.reserve(count)
    if (count > this.#refs.length) this.#grow(capacityFor(count - 1, this.#refs.length))
  }

  /** The blob is stored; also when it was before. */
  add({ digest, sizeBytes }: BlobRef): void {
    const slot = this.#slotOf(digest)
    const blocks = sizeBytes > this.#largestRowBytes ? fileBytes(sizeBytes) / blockBytes : 0
    if ((this.#flags[slot]! & present) !== 0) {
      if (this.#blocks[slot] === blocks) {
        this.#flags[slot] = this.#flags[slot]! | seen
        return
      }
      // Something changed it behind our back.
      this.#uncount(slot)
    } else if (this.#refs[slot] === 0) this.orphanCount += 1
    this.#flags[slot] = present | seen | (blocks > 0 ? ofFile : 0)
    this.#blocks[slot] = blocks
    if (blocks === 0) this.rowCount += 1
    else {
      this.fileCount += 1
      this.fileBytes += blocks * blockBytes
    }
  }

  /** The blob is gone. */
  remove(digest: string): void {
    const slot = this.#slots.find(hashOfDigest(digest))
    if (slot !== noSlot && (this.#flags[slot]! & present) !== 0) this.#removeAt(slot)
  }

  /** Nobody is known to name a blob any more. */
  forgetNames(): void {
    let orphanCount = 0
    for (const slot of this.#slots.used()) {
      this.#refs[slot] = 0
      if ((this.#flags[slot]! & present) === 0) this.#slots.remove(slot)
      else orphanCount += 1
    }
    this.orphanCount = orphanCount
  }

  /** From now on all that is stored is added once more. */
  beginCount(): void {
    for (let slot = 0; slot < this.#slots.end; slot++) this.#flags[slot] = this.#flags[slot]! & ~seen
  }

  /** Everything was added that is stored: what was not is gone. Answers how many blobs that are. */
  endCount(): number {
    let goneCount = 0
    let orphanCount = 0
    for (let slot = 0; slot < this.#slots.end; slot++) {
      const flags = this.#flags[slot]!
      if ((flags & present) === 0) continue
      if ((flags & seen) === 0) {
        this.#removeAt(slot)
        goneCount += 1
      } else if (this.#refs[slot] === 0) orphanCount += 1
    }
    this.orphanCount = orphanCount
    return goneCount
  }

  has(digest: string): boolean {
    const slot = this.#slots.find(hashOfDigest(digest))
    return slot !== noSlot && (this.#flags[slot]! & present) !== 0
  }

  /** Is it stored in a file of its own? */
  isFile(digest: string): boolean {
    const slot = this.#slots.find(hashOfDigest(digest))
    return slot !== noSlot && (this.#flags[slot]! & ofFile) !== 0
  }

  /** One more response names the blob. */
  ref({ digest }: BlobRef): void {
    const slot = this.#slotOf(digest)
    if (this.#refs[slot] === 0 && this.#flags[slot] !== 0) this.orphanCount -= 1
    // Beyond this they are not counted any more: such a blob stays.
    if (this.#refs[slot]! < mostRefs) this.#refs[slot] = this.#refs[slot]! + 1
  }

  /** One response less names it; answers whether none does now. */
  unref({ digest }: BlobRef): boolean {
    const slot = this.#slots.find(hashOfDigest(digest))
    if (slot === noSlot) return true
    const count = this.#refs[slot]!
    if (count > 0 && count < mostRefs) this.#refs[slot] = count - 1
    if (this.#refs[slot] !== 0) return false
    if (this.#flags[slot] === 0) this.#slots.remove(slot)
    else if (count === 1) this.orphanCount += 1
    return true
  }

  isNamed(digest: string): boolean {
    const slot = this.#slots.find(hashOfDigest(digest))
    return slot !== noSlot && this.#refs[slot]! > 0
  }

  #removeAt(slot: number): void {
    this.#uncount(slot)
    this.#flags[slot] = 0
    if (this.#refs[slot] !== 0) return
    this.orphanCount -= 1
    this.#slots.remove(slot)
  }

  #uncount(slot: number): void {
    if ((this.#flags[slot]! & ofFile) === 0) this.rowCount -= 1
    else {
      this.fileCount -= 1
      this.fileBytes -= this.#blocks[slot]! * blockBytes
    }
  }

  #slotOf(digest: string): number {
    const hash = hashOfDigest(digest)
    const known = this.#slots.find(hash)
    if (known !== noSlot) return known
    const slot = this.#slots.add(hash)
    if (slot >= this.#refs.length) this.#grow(capacityFor(slot, this.#refs.length))
    this.#refs[slot] = 0
    this.#flags[slot] = 0
    this.#blocks[slot] = 0
    return slot
  }

  #grow(capacity: number): void {
    this.#refs = grown(this.#refs, capacity)
    this.#flags = grown(this.#flags, capacity)
    this.#blocks = grown(this.#blocks, capacity)
  }
}
