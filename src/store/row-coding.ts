import { hash } from 'node:crypto'
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import type { Digest } from '../base/digest.ts'
import type { BlobRef } from './blob-store.ts'
import { maxSmallBytes } from './sized-blob-store.ts'

/** Below this, a hit that is not in memory gets dearer by more than the room is worth (docs/finding-and-removing.md). */
const leastBytes = 16 * 1024
/** So many bytes tell text from other content. */
const sampleBytes = 512
/** What is coded must be at most this share of the content. */
const mostShare = 0.75
/** A coded row begins with four bytes that no text has, and the length of the content. */
const mark = Buffer.from([0xff, 0x4c, 0x5a, 0x01])
export const headBytes = mark.length + 4
const params = { [constants.ZSTD_c_compressionLevel]: 3 }
/** What level 3 uses at most, as a power of two. A damaged row must not ask for more. */
const mostWindowLog = 21
const unpackParams = { [constants.ZSTD_d_windowLogMax]: mostWindowLog }

/** The row for `content`: text is kept with zstd where that pays (STORAGE 2.7). Content that looks like a coded row is always coded. */
export function encodeRow(content: Buffer): Buffer {
  if (content.length > maxSmallBytes) return content
  const isForced = isMarked(content)
  if (!isForced && (content.length < leastBytes || !looksLikeText(content))) return content
  const coded = zstdCompressSync(content, { params })
  if (!isForced && headBytes + coded.length > mostShare * content.length) return content
  const head = Buffer.alloc(headBytes)
  mark.copy(head)
  head.writeUInt32LE(content.length, mark.length)
  return Buffer.concat([head, coded])
}

/** The content of a row, coded or not; `undefined`: it is not that of `ref`, every byte of which is looked at (CORRECTNESS T03). */
export function decodeRow(row: Buffer, ref: BlobRef): Buffer | undefined {
  if (isOf(row, ref)) return row
  const content = isMarked(row) ? decoded(row, ref.sizeBytes) : undefined
  return content !== undefined && isOf(content, ref) ? content : undefined
}

function isOf(content: Buffer, { digest, sizeBytes }: BlobRef): boolean {
  return content.length === sizeBytes && hash('sha256', content) === digest
}

/** Is the row what was stored as `digest`, coded or not? */
export function isRowOf(row: Buffer, digest: Digest): boolean {
  return (
    hash('sha256', row) === digest || decodeRow(row, { digest, sizeBytes: contentBytes(row, row.length) }) !== undefined
  )
}

/** The length of the content of a row that begins with `head` and has `rowBytes`. A length that no coded row has is none: such a row is damaged. */
export function contentBytes(head: Buffer, rowBytes: number): number {
  if (!isMarked(head) || head.length < headBytes) return rowBytes
  const told = head.readUInt32LE(mark.length)
  return told <= maxSmallBytes ? told : rowBytes
}

function isMarked(row: Buffer): boolean {
  return row.length >= mark.length && row.compare(mark, 0, mark.length, 0, mark.length) === 0
}

/** With `info` zlib also tells how much of its input it used, which its declarations leave out. */
interface Unpacked {
  readonly buffer: Buffer
  readonly engine: { readonly bytesWritten: number }
}

/** Nothing is unpacked, and no memory taken, where the row says another length than is expected. */
function decoded(row: Buffer, sizeBytes: number): Buffer | undefined {
  if (row.length < headBytes || sizeBytes > maxSmallBytes) return undefined
  if (row.readUInt32LE(mark.length) !== sizeBytes) return undefined
  const packed = row.subarray(headBytes)
  const options = { maxOutputLength: Math.max(1, sizeBytes), params: unpackParams, info: true }
  try {
    const { buffer, engine } = zstdDecompressSync(packed, options) as unknown as Unpacked
    // What is behind the end was not stored.
    return engine.bytesWritten === packed.length ? buffer : undefined
  } catch {
    return undefined
  }
}

/** No byte that text of any ASCII-based encoding does not have. */
function looksLikeText(content: Buffer): boolean {
  for (let at = 0; at < sampleBytes; at++) {
    const byte = content[at]!
    if (byte < 0x20 && byte !== 0x09 && byte !== 0x0a && byte !== 0x0d && byte !== 0x0c) return false
    if (byte === 0x7f || byte === 0xff) return false
  }
  return true
}
