import type { Digest } from '../base/digest.ts'
import type { AheadWriter } from './ahead-writer.ts'
import type { ExpectedContent } from './expected-content.ts'

/** A pointer from the response index to a blob. */
export interface BlobRef {
  readonly digest: Digest
  readonly sizeBytes: number
}

/**
 * Bytes that can be read by position, finished or still growing. The consumer writes what `next` lends, then
 * gives it back with `release`; at most two lent chunks per reader exist at a time (one being sent, one read ahead).
 */
export interface ByteSource {
  /** Length in bytes; `undefined` while it is not known yet. */
  readonly sizeBytes: number | undefined
  /** All of it, where it is in memory of its own: it may be kept after `close`. */
  readonly whole?: Buffer
  /** SHA-256 of each MiB of it, one after another, where they are known: they prove the same content from elsewhere. */
  sums?(): Uint8Array | undefined
  /**
   * The next bytes from `position`, at most `limitBytes`; `undefined` at the end. Answers synchronously when the bytes
   * are in memory. Rejects with a `Fault` when the bytes cannot come any more.
   */
  next(position: number, limitBytes: number): Buffer | undefined | Promise<Buffer | undefined>
  /** Gives a lent chunk back; its memory may be used again. */
  release(chunk: Buffer): void
  /** `early`: the reader gives up before it had what it wanted. A `next` that is under way may end in any way; a chunk of it is given back. */
  close(early?: boolean): void
}

/** One ingest: bytes go in under a temporary name, `commit` verifies and publishes them. No commit = never existed. */
export interface BlobWriter {
  /** Bytes accepted so far. */
  readonly acceptedBytes: number
  /** Bytes that `read` can already give back. */
  readonly readableBytes: number
  /**
   * Takes `chunk` (which must not change afterwards). Answers `false` when the caller should wait for `drained`.
   * Never throws: a failed write makes `drained` and `commit` reject with a store fault.
   */
  write(chunk: Buffer): boolean
  /** Resolves when more may be written; rejects with `STORE_NO_SPACE` or `STORE_IO`. */
  drained(): Promise<void>
  /** Lends bytes from `position` on, at least one, at most `limitBytes`, all below `readableBytes` or in a run ahead. */
  read(position: number, limitBytes: number): Promise<Buffer>
  /** Gives a lent chunk back. */
  release(chunk: Buffer): void
  /**
   * Nobody reads for now. Until then, what was readable stays so after `commit`, `abort` and `delete`; so every writer
   * needs this call in the end. Idempotent.
   */
  endReading(): void
  /** For bytes that come before those in front of them; `undefined`: the store cannot take such. */
  readonly ahead?: AheadWriter | undefined
  /** The digest of all that was accepted, when it is at hand because the bytes are in memory. */
  digestAtHand(): Digest | undefined
  /**
   * Publishes the blob and resolves once it survives power loss (CORRECTNESS section 5). `expected` bytes or digest that
   * are not met reject with `ORIGIN_TRUNCATED` or `CONTENT_DIGEST_MISMATCH`, and nothing is kept.
   */
  commit(expected?: ExpectedContent): Promise<BlobRef>
  /** Forgets everything written. Idempotent; harmless after `commit`. */
  abort(): Promise<void>
}

/** Content-addressed storage: digest -> bytes. Every back end passes test/contract/blob-store.ts. */
export interface BlobStore {
  /** Begins an ingest; `sizeBytes` is the declared length when there is one. */
  create(sizeBytes?: number): BlobWriter
  /**
   * Opens a blob; `undefined` when it is not there or has not the size of `ref` (it is then removed and reported).
   * Rejects with `STORE_IO` when the store cannot be read.
   */
  open(ref: BlobRef): Promise<ByteSource | undefined>
  has(digest: Digest): Promise<boolean>
  /** Removes a blob; answers whether it was there. Open readers keep their bytes. */
  delete(digest: Digest): Promise<boolean>
  list(): AsyncIterable<BlobRef>
  /** Makes everything acknowledged durable and lets go of files. */
  close(): Promise<void>
}
