import { asFault } from '../base/faults.ts'
import type { ByteSource } from '../store/blob-store.ts'
import { fetchAgain, type Lost } from './fetch-again.ts'

/**
 * Stored content whose damage its reader does not notice: where the store cannot give a chunk, the whole is fetched again and stored by the
 * usual way. What comes is proven by sums or digest to be the same content, so reading goes on in it at the same byte. Other content, or
 * none, is no continuation: then the fault stands, and the transfer breaks visibly (CORRECTNESS M1).
 */
export class HealingSource implements ByteSource {
  readonly #lost: Lost
  #inner: ByteSource
  #healing = false
  #closed = false

  constructor(lost: Lost) {
    this.#lost = lost
    this.#inner = lost.source
  }

  get sizeBytes(): number | undefined {
    return this.#lost.source.sizeBytes
  }

  next(position: number, limitBytes: number): Buffer | undefined | Promise<Buffer | undefined> {
    const next = this.#inner.next(position, limitBytes)
    if (!(next instanceof Promise)) return next
    return next.then(undefined, (error) => this.#heal(error, position, limitBytes))
  }

  async #heal(error: unknown, position: number, limitBytes: number): Promise<Buffer | undefined> {
    const fault = asFault(error)
    if (this.#healing || this.#closed || !fault.code.startsWith('STORE_')) throw error
    this.#healing = true
    this.#lost.services.storeHealth.failed(fault)
    const source = await fetchAgain(this.#lost, fault)
    if (source === undefined) throw error
    if (this.#closed) {
      source.close()
      throw error
    }
    this.#inner = source
    return source.next(position, limitBytes)
  }

  /** Buffers that are no pool's own are left alone by it. */
  release(chunk: Buffer): void {
    this.#lost.source.release(chunk)
  }

  close(early?: boolean): void {
    this.#closed = true
    const { source } = this.#lost
    source.close(early)
    if (this.#inner !== source) this.#inner.close(early)
  }
}
