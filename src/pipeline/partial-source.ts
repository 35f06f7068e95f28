import { Fault } from '../base/faults.ts'
import type { BytePart } from '../http/range.ts'
import type { BlobStore, ByteSource } from '../store/blob-store.ts'
import type { GrowingBlob } from '../store/growing-blob.ts'
import type { PartRecord, Piece } from './partial-records.ts'

/** Bytes `first` to `last` of a representation, found in `source` from `first - begins` on. */
export interface SourcePiece {
  readonly source: ByteSource
  /** Where in the representation the source begins. */
  readonly begins: number
  readonly first: number
  readonly last: number
}

/** Reads a representation of which only some pieces are there, by the positions of the whole; anywhere else it fails. */
export class PartialSource implements ByteSource {
  readonly sizeBytes: number
  readonly #pieces: readonly SourcePiece[]
  readonly #lent = new Map<Buffer, ByteSource>()

  /** `pieces` in order, each source of its own. */
  constructor(sizeBytes: number, pieces: readonly SourcePiece[]) {
    this.sizeBytes = sizeBytes
    this.#pieces = pieces
  }

  next(position: number, limitBytes: number): Buffer | Promise<Buffer> {
    const piece = this.#pieces.find(({ first, last }) => first <= position && position <= last)
    if (piece === undefined) return Promise.reject(new Fault('INTERNAL_UNEXPECTED', `byte ${position} is in no part`))
    const limit = Math.min(limitBytes, piece.last - position + 1)
    const next = piece.source.next(position - piece.begins, limit)
    const lend = (chunk: Buffer | undefined) => this.#lend(chunk, piece, position)
    return next instanceof Promise ? next.then(lend) : lend(next)
  }

  release(chunk: Buffer): void {
    this.#lent.get(chunk)?.release(chunk)
    this.#lent.delete(chunk)
  }

  close(early?: boolean): void {
    for (const { source } of this.#pieces) source.close(early)
  }

  /** A part that ends before its last byte was cut, whatever its framing says. */
  #lend(chunk: Buffer | undefined, { source, last }: SourcePiece, position: number): Buffer | Promise<never> {
    if (chunk === undefined) {
      const fault = new Fault('ORIGIN_TRUNCATED', `the part ends before byte ${position}, not with byte ${last}`)
      return Promise.reject(fault)
    }
    this.#lent.set(chunk, source)
    return chunk
  }
}

/** Reads a part while it comes. */
export function partialReader(blob: GrowingBlob, { first, last, sizeBytes }: BytePart): PartialSource {
  return new PartialSource(sizeBytes, [{ source: blob.reader(), begins: first, first, last }])
}

/**
 * Reads pieces of stored parts, of each through what `guarded` makes of its content. Fails with `STORE_BLOB_MISSING` when content of one is gone,
 * else as the store fails.
 */
export async function openPieces(
  blobs: Pick<BlobStore, 'open'>,
  sizeBytes: number,
  pieces: readonly Piece<PartRecord>[],
  guarded: (source: ByteSource, of: PartRecord) => ByteSource = (source) => source,
): Promise<PartialSource> {
  const opened: SourcePiece[] = []
  try {
    for (const { of, first, last } of pieces) {
      const source = await blobs.open(of.content!)
      if (source === undefined) throw new Fault('STORE_BLOB_MISSING', `sha256-${of.content!.digest}`)
      opened.push({ source: guarded(source, of), begins: of.part.first, first, last })
    }
  } catch (error) {
    for (const { source } of opened) source.close()
    throw error
  }
  return new PartialSource(sizeBytes, opened)
}
