import { createHash } from 'node:crypto'
import { type Hash64, hashOfKey } from './hash-slots.ts'

/** Entries that a bundle has at most. */
export const mostEntries = 200
/** A bundle that has so many bytes takes no more entries. */
const fullBytes = 1024 * 1024
export const hashBytes = 8
/** Lengths of key and value. */
const headBytes = 8
/** In the place of a value's length: the record was removed. */
const removedMark = 0xff_ff_ff_ff
/** UTF-8 takes no more for a unit of UTF-16. */
const mostUnitBytes = 3
const usualRoomBytes = 256 * 1024
const proofBytes = 16

/** What became of a record: its value, or `undefined` when it was removed. */
export interface BundleEntry {
  readonly key: string
  readonly value: string | undefined
}

/**
 * Entries as they are stored, in the order in which they came; a later one overrules an earlier one of its key.
 *
 *     hashes   of each entry: 8 bytes of hash of its key
 *     entries  of each: bytes of key and of value (4 bytes each, little-endian; a value of 2^32 - 1: removed), key, value, in UTF-8
 *     proof    the first 16 bytes of SHA-256 over both
 */
export interface StoredBundle {
  readonly hashes: Uint8Array
  readonly entries: Uint8Array
  readonly proof: Uint8Array
}

/** Entries that can be read one by one. */
export class Bundle {
  readonly count: number
  readonly #hashes: Buffer
  readonly #entries: Buffer
  /** Where each entry begins. */
  readonly #starts: Uint32Array

  private constructor(hashes: Buffer, entries: Buffer, starts: Uint32Array) {
    this.count = starts.length
    this.#hashes = hashes
    this.#entries = entries
    this.#starts = starts
  }

  /** `undefined`: it is not as it was sealed. */
  static open({ hashes, entries, proof }: StoredBundle): Bundle | undefined {
    return proofOf(hashes, entries).equals(proof) ? Bundle.of(hashes, entries) : undefined
  }

  /** `undefined`: the lengths do not fit each other. */
  static of(hashes: Uint8Array, entries: Uint8Array): Bundle | undefined {
    const bytes = bufferOf(entries)
    const starts = new Uint32Array(Math.floor(hashes.length / hashBytes))
    let at = 0
    for (let number = 0; number < starts.length; number++) {
      if (at + headBytes > bytes.length) return undefined
      starts[number] = at
      const valueBytes = bytes.readUInt32LE(at + 4)
      at += headBytes + bytes.readUInt32LE(at) + (valueBytes === removedMark ? 0 : valueBytes)
    }
    return at === bytes.length && hashes.length % hashBytes === 0
      ? new Bundle(bufferOf(hashes), bytes, starts)
      : undefined
  }

  hashAt(number: number): Hash64 {
    return hashIn(this.#hashes, number)
  }

  at(number: number): BundleEntry {
    const start = this.#starts[number]!
    const keyEnd = start + headBytes + this.#entries.readUInt32LE(start)
    const valueBytes = this.#entries.readUInt32LE(start + 4)
    const key = this.#entries.toString('utf8', start + headBytes, keyEnd)
    return { key, value: valueBytes === removedMark ? undefined : this.#text(keyEnd, valueBytes) }
  }

  /** The last entry of a key. */
  find(key: string): BundleEntry | undefined {
    const { high, low } = hashOfKey(key)
    for (let number = this.count - 1; number >= 0; number--) {
      const hash = this.hashAt(number)
      if (hash.low !== low || hash.high !== high) continue
      const entry = this.at(number)
      if (entry.key === key) return entry
    }
    return undefined
  }

  #text(start: number, bytes: number): string {
    return this.#entries.toString('utf8', start, start + bytes)
  }
}

/** A bundle that is being made: entries are encoded at once, so that no string waits for the disk. */
export class BundleDraft {
  count = 0
  readonly #hashes = Buffer.allocUnsafeSlow(mostEntries * hashBytes)
  #room: Buffer
  #bytes = 0

  /** `room`: of a draft whose bundle nobody reads any more. */
  constructor(room: Buffer = Buffer.allocUnsafeSlow(usualRoomBytes)) {
    this.#room = room
  }

  get isFull(): boolean {
    return this.count === mostEntries || this.#bytes >= fullBytes
  }

  /** What the entries are in. */
  get room(): Buffer {
    return this.#room
  }

  /** Call only while it is not full. */
  add(key: string, value: string | undefined): void {
    const most = headBytes + mostUnitBytes * (key.length + (value?.length ?? 0))
    if (this.#bytes + most > this.#room.length) this.#grow(this.#bytes + most)
    const start = this.#bytes
    const keyBytes = this.#room.write(key, start + headBytes)
    const valueStart = start + headBytes + keyBytes
    const valueBytes = value === undefined ? 0 : this.#room.write(value, valueStart)
    this.#room.writeUInt32LE(keyBytes, start)
    this.#room.writeUInt32LE(value === undefined ? removedMark : valueBytes, start + 4)
    const { high, low } = hashOfKey(key)
    this.#hashes.writeUInt32LE(high, this.count * hashBytes)
    this.#hashes.writeUInt32LE(low, this.count * hashBytes + 4)
    this.#bytes = valueStart + valueBytes
    this.count += 1
  }

  /** As it is now; good until something is added. */
  peek(): Bundle {
    return Bundle.of(...this.#parts)!
  }

  /** Nothing may be added any more. Where there is little in a large room, it is taken out of that. */
  seal(): StoredBundle {
    const [hashes, all] = this.#parts
    const entries = all.length < this.#room.length / 4 ? Buffer.from(all) : all
    return { hashes, entries, proof: proofOf(hashes, entries) }
  }

  get #parts(): [hashes: Buffer, entries: Buffer] {
    return [this.#hashes.subarray(0, this.count * hashBytes), this.#room.subarray(0, this.#bytes)]
  }

  #grow(leastBytes: number): void {
    const room = Buffer.allocUnsafeSlow(Math.max(2 * this.#room.length, leastBytes))
    this.#room.copy(room, 0, 0, this.#bytes)
    this.#room = room
  }
}

/** All hashes, in the order of the entries. */
export function hashesIn(hashes: Uint8Array): readonly Hash64[] {
  const bytes = bufferOf(hashes)
  return Array.from({ length: Math.floor(bytes.length / hashBytes) }, (_, number) => hashIn(bytes, number))
}

function hashIn(hashes: Buffer, number: number): Hash64 {
  return { high: hashes.readUInt32LE(number * hashBytes), low: hashes.readUInt32LE(number * hashBytes + 4) }
}

function proofOf(hashes: Uint8Array, entries: Uint8Array): Buffer {
  return createHash('sha256').update(hashes).update(entries).digest().subarray(0, proofBytes)
}

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
