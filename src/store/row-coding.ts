import { hash } from 'node:crypto'
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import type { BlobRef } from './blob-store.ts'

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

/** The row for `content`: text is kept with zstd where that pays (STORAGE 2.7). Content that looks like a coded row is always coded. */
export function encodeRow(content: Buffer): Buffer {
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

/** The length of the content of a row that begins with `head` and has `rowBytes`. */
export function contentBytes(head: Buffer, rowBytes: number): number {
  return isMarked(head) && head.length >= headBytes ? head.readUInt32LE(mark.length) : rowBytes
}

function isMarked(row: Buffer): boolean {
  return row.length >= mark.length && row.compare(mark, 0, mark.length, 0, mark.length) === 0
}

function decoded(row: Buffer, sizeBytes: number): Buffer | undefined {
  try {
    return zstdDecompressSync(row.subarray(headBytes), { maxOutputLength: Math.max(1, sizeBytes) })
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
