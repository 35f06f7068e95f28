import { asFault, type Fault } from '../base/faults.ts'
import type { ByteSource } from '../store/blob-store.ts'
import type { ClientResponse } from './exchange.ts'

/** Most bytes asked of a source at once. */
const chunkBytes = 1024 * 1024
/** Chunks handed to the connection and not flushed yet: one is being sent while the next is read. */
const maxUnflushedCount = 2

/** How a transfer ended: all bytes handed over, the client gone, or the source broken. */
export type PumpEnd =
  | { readonly kind: 'done' }
  | { readonly kind: 'gone' }
  | { readonly kind: 'broken'; readonly fault: Fault }

export interface PumpInput {
  readonly source: ByteSource
  readonly response: ClientResponse
  readonly first: number
  /** The byte to stop before; `undefined`: the end of the source. */
  readonly end: number | undefined
  readonly onFirstByte: () => void
}

/**
 * Moves bytes from a source to a client as fast as the client takes them, and closes the source; then calls `over`. Written with callbacks, not
 * streams or async iteration: it runs once per chunk of every hit.
 */
export function pump(input: PumpInput, over: (end: PumpEnd) => void): void {
  new Pump(input, over).advance()
}

class Pump {
  readonly #input: PumpInput
  readonly #ended: (end: PumpEnd) => void
  #position: number
  #unflushedCount = 0
  #reading = false
  #over = false
  #left = false

  constructor(input: PumpInput, ended: (end: PumpEnd) => void) {
    this.#input = input
    this.#ended = ended
    this.#position = input.first
    input.response.onClose(() => this.#settle({ kind: 'gone' }))
  }

  /** Reads and sends until the client is busy, the source is, or all is done. */
  advance(): void {
    const { source, response, end } = this.#input
    while (!this.#over && !this.#reading && this.#unflushedCount < maxUnflushedCount) {
      if (response.closed) return this.#settle({ kind: 'gone' })
      if (end !== undefined && this.#position >= end) return this.#settle({ kind: 'done' })
      const limit = end === undefined ? chunkBytes : Math.min(chunkBytes, end - this.#position)
      const next = source.next(this.#position, limit)
      this.#reading = true
      if (next instanceof Promise) {
        next.then(this.#onChunk, this.#onBroken)
        return
      }
      this.#send(next)
      this.#reading = false
    }
  }

  readonly #onChunk = (chunk: Buffer | undefined): void => {
    this.#reading = false
    if (!this.#over) {
      this.#send(chunk)
      this.advance()
      return
    }
    if (chunk !== undefined) this.#input.source.release(chunk)
  }

  readonly #onBroken = (error: unknown): void => {
    this.#reading = false
    this.#settle({ kind: 'broken', fault: asFault(error) })
  }

  #send(chunk: Buffer | undefined): void {
    if (chunk === undefined) return this.#settle({ kind: 'done' })
    if (this.#position === this.#input.first) this.#input.onFirstByte()
    this.#position += chunk.length
    this.#unflushedCount += 1
    this.#input.response.write(chunk, () => {
      this.#input.source.release(chunk)
      this.#unflushedCount -= 1
      if (this.#over) this.#closeWhenFlushed()
      else this.advance()
    })
  }

  #settle(end: PumpEnd): void {
    if (this.#over) return
    this.#over = true
    this.#left = end.kind === 'gone'
    this.#closeWhenFlushed()
    this.#ended(end)
  }

  /** Lent chunks may still be on their way to the client when the transfer is over; what is asked for and has not come is not awaited. */
  #closeWhenFlushed(): void {
    if (this.#unflushedCount === 0) this.#input.source.close(this.#left)
  }
}
