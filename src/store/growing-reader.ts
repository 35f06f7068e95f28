import type { ByteSource } from './blob-store.ts'

/** What readers ask of the blob. */
export interface ReadWhileGrowing {
  readonly expectedBytes: number | undefined
  at(reader: GrowingReader, position: number, limitBytes: number): Buffer | undefined | Promise<Buffer | undefined>
  release(chunk: Buffer): void
  leave(reader: GrowingReader, early: boolean): void
}

/** One of those who read a blob while it grows. */
export class GrowingReader implements ByteSource {
  readonly #blob: ReadWhileGrowing
  readonly until: number | undefined
  position = 0
  closed = false

  constructor(blob: ReadWhileGrowing, until: number | undefined) {
    this.#blob = blob
    this.until = until
  }

  get sizeBytes(): number | undefined {
    return this.#blob.expectedBytes
  }

  next(position: number, limitBytes: number): Buffer | undefined | Promise<Buffer | undefined> {
    return this.#blob.at(this, position, limitBytes)
  }

  release(chunk: Buffer): void {
    this.#blob.release(chunk)
  }

  close(early = false): void {
    this.closed = true
    this.#blob.leave(this, early)
  }
}
