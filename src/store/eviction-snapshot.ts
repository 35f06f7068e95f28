import { crc32 } from 'node:zlib'
import { type EvictionName, evictionNames, type StateArray } from './eviction-policy.ts'

/** What eviction has learnt of each entry, by 64 bits of a hash of its key: the entries of a restart have other numbers. */
export interface KeptEviction {
  readonly policy: EvictionName
  readonly high: Uint32Array
  readonly low: Uint32Array
  /** As in `PolicyState`. */
  readonly arrays: readonly StateArray[]
  readonly numbers: readonly number[]
}

const version = 1
const newline = 0x0a
const sumBytes = 4
/** Elements of the arrays of each policy. */
const elements: Readonly<Record<EvictionName, readonly ('u8' | 'f64')[]>> = {
  gdsf: ['f64', 'u8'],
  lru: [],
  sieve: ['u8'],
}
const constructors = { u8: Uint8Array, u32: Uint32Array, f64: Float64Array } as const

/** One line that tells what follows, the arrays as they are in memory, and a CRC-32 over all of it. */
export function encodeEviction(kept: KeptEviction): Buffer {
  return Buffer.concat(evictionParts(kept))
}

/** As `encodeEviction`, in parts that are not copied: with a million entries all of it is 17 MB. */
export function evictionParts({ policy, high, low, arrays, numbers }: KeptEviction): readonly Buffer[] {
  const head = { version, policy, byteOrder: ownByteOrder(), count: high.length, numbers }
  const parts = [Buffer.from(`${JSON.stringify(head)}\n`), ...[high, low, ...arrays].map(bytesOf)]
  const sum = Buffer.alloc(sumBytes)
  sum.writeUInt32LE(parts.reduce((before, part) => crc32(part, before), 0))
  return [...parts, sum]
}

/** A text says why these bytes cannot be used. */
export function decodeEviction(content: Buffer): KeptEviction | string {
  const end = content.length - sumBytes
  if (end < 0 || crc32(content.subarray(0, end)) !== content.readUInt32LE(end)) return 'its checksum is wrong'
  const headEnd = content.indexOf(newline)
  const head = readHead(content.toString('utf8', 0, headEnd))
  if (typeof head === 'string') return head
  let at = headEnd + 1
  const take = (element: keyof typeof constructors): StateArray | undefined => {
    const byteLength = head.count * constructors[element].BYTES_PER_ELEMENT
    if (at + byteLength > end) return undefined
    // A copy begins where its elements may.
    const bytes = Uint8Array.prototype.slice.call(content, at, at + byteLength)
    at += byteLength
    return new constructors[element](bytes.buffer)
  }
  const [high, low, ...arrays] = (['u32', 'u32', ...elements[head.policy]] as const).map(take)
  if (at !== end || [high, low, ...arrays].includes(undefined)) return 'it has another length than it tells'
  return { ...head, high: high as Uint32Array, low: low as Uint32Array, arrays: arrays as StateArray[] }
}

/** Bytes of the file with so many entries, at most. */
export function evictionBytes(policy: EvictionName, count: number): number {
  const each = elements[policy].reduce((sum, name) => sum + constructors[name].BYTES_PER_ELEMENT, 0)
  return headBytes + count * (each + 2 * Uint32Array.BYTES_PER_ELEMENT)
}

const headBytes = 512

function readHead(text: string): { policy: EvictionName; count: number; numbers: readonly number[] } | string {
  const value = JSON.parse(text) as Readonly<Record<string, unknown>>
  if (value.version !== version) return `it is of version ${String(value.version)}, and ${version} is known`
  const policy = evictionNames.find((name) => name === value.policy)
  const { count, numbers } = value
  const isWhole = policy !== undefined && Number.isSafeInteger(count) && Number(count) >= 0
  if (!isWhole || !Array.isArray(numbers) || !numbers.every(Number.isFinite)) return 'its first line is not understood'
  if (value.byteOrder !== ownByteOrder()) return 'it is of a machine with another order of bytes'
  return { policy, count: Number(count), numbers }
}

function ownByteOrder(): 'little' | 'big' {
  return new Uint8Array(Uint16Array.of(1).buffer)[0] === 1 ? 'little' : 'big'
}

function bytesOf({ buffer, byteOffset, byteLength }: StateArray): Buffer {
  return Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength)
}
