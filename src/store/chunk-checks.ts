import { hash } from 'node:crypto'
import type { Digest } from '../base/digest.ts'
import { sumBytes, sumChunkBytes, sumCountOf } from './chunk-sums.ts'
import type { FileFacts } from './disk.ts'

/** Blobs that are remembered; the longest known goes first. */
const maxRememberedCount = 20_000

/**
 * Which chunks of which files were found sound since the start, so that what is hot is hashed once. A file is another one when its number,
 * its size or the time of its last change differs, which the system sets and nobody can set back.
 */
export class ChunkChecks {
  readonly #known = new Map<Digest, ChunkCheck>()

  of(digest: Digest, facts: FileFacts): ChunkCheck | undefined {
    const check = this.#known.get(digest)
    if (check === undefined || check.isOf(facts)) return check
    this.#known.delete(digest)
    return undefined
  }

  /** `sums`: of each chunk; `undefined`: the file was just found sound as a whole. */
  begin(digest: Digest, facts: FileFacts, sums: Uint8Array | undefined): ChunkCheck {
    const check = new ChunkCheck(facts, sums)
    if (this.#known.size >= maxRememberedCount) this.forget(this.#known.keys().next().value!)
    this.#known.set(digest, check)
    return check
  }

  forget(digest: Digest): void {
    this.#known.delete(digest)
  }
}

/** What is known of the chunks of one file. */
export class ChunkCheck {
  readonly #facts: FileFacts
  #sums: Uint8Array | undefined
  readonly #sound: Uint8Array
  #leftCount: number
  /** Damage was found, and told. */
  isDamaged = false
  /** Checks under way: readers of one chunk share its check. */
  readonly underWay = new Map<number, Promise<boolean>>()

  constructor(facts: FileFacts, sums: Uint8Array | undefined) {
    const count = sumCountOf(facts.sizeBytes)
    this.#facts = facts
    this.#sums = sums
    this.#leftCount = sums === undefined ? 0 : count
    this.#sound = new Uint8Array(sums === undefined ? 0 : Math.ceil(count / 8))
  }

  get allSound(): boolean {
    return this.#leftCount === 0
  }

  isOf({ inode, sizeBytes, changedAtNs }: FileFacts): boolean {
    const known = this.#facts
    // Setting it aside changes the file once more.
    if (this.isDamaged) return known.inode === inode
    return known.inode === inode && known.sizeBytes === sizeBytes && known.changedAtNs === changedAtNs
  }

  /** Of all chunks, while some are not yet found sound. */
  get sums(): Uint8Array | undefined {
    return this.#sums
  }

  isSound(chunk: number): boolean {
    return this.#leftCount === 0 || (this.#sound[chunk >>> 3]! & (1 << (chunk & 7))) !== 0
  }

  chunkBytes(chunk: number): number {
    return Math.min(sumChunkBytes, this.#facts.sizeBytes - chunk * sumChunkBytes)
  }

  /** Does the whole chunk have its sum? */
  accepts(chunk: number, bytes: Uint8Array): boolean {
    return this.acceptsSum(chunk, hash('sha256', bytes, 'buffer'))
  }

  acceptsSum(chunk: number, sum: Uint8Array): boolean {
    if (this.isSound(chunk)) return true
    if (Buffer.compare(this.#sums!.subarray(chunk * sumBytes, (chunk + 1) * sumBytes), sum) !== 0) return false
    this.#sound[chunk >>> 3]! |= 1 << (chunk & 7)
    this.#leftCount -= 1
    if (this.#leftCount === 0) this.#sums = undefined
    return true
  }
}
