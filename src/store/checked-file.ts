import { createHash } from 'node:crypto'
import { Fault } from '../base/faults.ts'
import type { BufferPool } from './buffer-pool.ts'
import type { ChunkCheck } from './chunk-checks.ts'
import { sumChunkBytes } from './chunk-sums.ts'
import type { OpenFile } from './open-file.ts'

export interface CheckedFileParts {
  readonly file: OpenFile
  readonly pool: BufferPool
  readonly check: ChunkCheck
  readonly name: string
  /** Called when a chunk is not what was stored. */
  readonly onDamaged: (reason: string) => void
}

/** A blob's file whose every chunk is found sound before a byte of it is lent (CORRECTNESS T03). */
export class CheckedFile {
  readonly #parts: CheckedFileParts

  constructor(parts: CheckedFileParts) {
    this.#parts = parts
  }

  /** As `OpenFile.read`; rejects with `STORE_BLOB_CORRUPT` where the content is damaged. */
  read(position: number, limitBytes: number): Promise<Buffer> {
    const { check, file } = this.#parts
    if (check.allSound) return file.read(position, limitBytes)
    return this.#readChecked(position, limitBytes)
  }

  async #readChecked(position: number, limitBytes: number): Promise<Buffer> {
    const { check, file } = this.#parts
    const chunk = Math.floor(position / sumChunkBytes)
    const inChunk = position - chunk * sumChunkBytes
    const limit = Math.min(limitBytes, check.chunkBytes(chunk) - inChunk)
    if (!check.isSound(chunk)) {
      const underWay = check.underWay.get(chunk)
      if (underWay === undefined && inChunk === 0) return this.#readFirst(chunk, limit)
      if (!(await (underWay ?? this.#share(chunk, () => this.#hashed(chunk))))) throw this.#damaged(chunk)
    }
    return file.read(position, limit)
  }

  /** A read that begins with the chunk may hold all of it: then the very bytes that are lent are hashed. */
  async #readFirst(chunk: number, limit: number): Promise<Buffer> {
    const { check, file, pool } = this.#parts
    let bytes: Buffer | undefined
    const checked = async (): Promise<boolean> => {
      bytes = await file.read(chunk * sumChunkBytes, limit)
      return bytes.length === check.chunkBytes(chunk) ? check.accepts(chunk, bytes) : this.#hashed(chunk)
    }
    let sound = false
    try {
      sound = await this.#share(chunk, checked)
    } finally {
      if (!sound && bytes !== undefined) pool.give(bytes)
    }
    if (!sound) throw this.#damaged(chunk)
    return bytes!
  }

  #share(chunk: number, work: () => Promise<boolean>): Promise<boolean> {
    const { check, file } = this.#parts
    const { underWay } = check
    const checking = file.holding(work)
    underWay.set(chunk, checking)
    const over = (): void => void underWay.delete(chunk)
    checking.then(over, over)
    return checking
  }

  /** Hashes a chunk piece by piece, when buffers are short. */
  async #hashed(chunk: number): Promise<boolean> {
    const { check, file, pool } = this.#parts
    const hash = createHash('sha256')
    const end = chunk * sumChunkBytes + check.chunkBytes(chunk)
    for (let at = chunk * sumChunkBytes; at < end; ) {
      const bytes = await file.read(at, end - at)
      hash.update(bytes)
      at += bytes.length
      pool.give(bytes)
    }
    return check.acceptsSum(chunk, hash.digest())
  }

  #damaged(chunk: number): Fault {
    const { name, onDamaged } = this.#parts
    const reason = `MiB ${chunk + 1} is not what was stored`
    onDamaged(reason)
    return new Fault('STORE_BLOB_CORRUPT', `${name}: ${reason}`)
  }

  close(): void {
    this.#parts.file.close()
  }
}
