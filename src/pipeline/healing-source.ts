import { setTimeout as delay } from 'node:timers/promises'
import { asFault, type Fault } from '../base/faults.ts'
import { Fields } from '../http/fields.ts'
import type { BlobRef, ByteSource } from '../store/blob-store.ts'
import { type ClientResponse, Exchange } from './exchange.ts'
import type { Services } from './services.ts'
import { nobody } from './validate-in-background.ts'

/** Takes all content, so that its fill runs to the end. */
const taker: ClientResponse = {
  ...nobody,
  closed: false,
  write: (_chunk, flushed) => void setImmediate(flushed),
  onClose: () => {},
}
/** Fields that make a request one for less than the whole, or for nothing when it is unchanged. */
const narrowing = /^(?:range|if-.*|cache-control|pragma)$/i
const commitWaitMs = 50
const commitTryCount = 100

export interface HealingParts {
  readonly source: ByteSource
  readonly ref: BlobRef
  /** Who asked. */
  readonly cause: Exchange
  readonly services: Services
  /** Drops the record whose content is damaged. */
  readonly forget: () => void
}

/**
 * Stored content whose damage its reader does not notice: where the store cannot give a chunk, the whole is fetched again and stored by the
 * usual way. What came is proven by its digest to be the same content, so reading goes on in it at the same byte. Other content, or
 * none, is no continuation: then the fault stands, and the transfer breaks visibly (CORRECTNESS M1).
 */
export class HealingSource implements ByteSource {
  readonly #parts: HealingParts
  #inner: ByteSource
  #healing = false
  #closed = false

  constructor(parts: HealingParts) {
    this.#parts = parts
    this.#inner = parts.source
  }

  get sizeBytes(): number | undefined {
    return this.#parts.source.sizeBytes
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
    this.#parts.services.storeHealth.failed(fault)
    const source = await again(this.#parts, fault)
    if (source === undefined) throw error
    if (this.#closed) {
      source.close()
      throw error
    }
    this.#inner = source
    return source.next(position, limitBytes)
  }

  /** Buffers of both sources are from one pool. */
  release(chunk: Buffer): void {
    this.#parts.source.release(chunk)
  }

  close(early?: boolean): void {
    this.#closed = true
    const { source } = this.#parts
    source.close(early)
    if (this.#inner !== source) this.#inner.close(early)
  }
}

/** The same content, sound; `undefined`: nobody has it. */
async function again({ ref, cause, services, forget }: HealingParts, fault: Fault): Promise<ByteSource | undefined> {
  try {
    // What was found damaged has been set aside: what stands in its place, another reader has brought.
    const brought = fault.code === 'STORE_BLOB_CORRUPT' ? await services.blobs.open(ref) : undefined
    if (brought !== undefined) return brought
    forget()
    const exchange = wholeOf(cause, services)
    await services.runLater(exchange)
    if ((await exchange.filled) !== undefined) return await services.blobs.open(ref)
    if (exchange.fault === undefined) return await committed(ref, services)
  } catch (error) {
    services.storeHealth.failed(error)
  }
  return undefined
}

/** Another request brought it, and its commit may still be under way. */
async function committed(ref: BlobRef, { blobs }: Services): Promise<ByteSource | undefined> {
  for (let attempt = 0; attempt < commitTryCount; attempt++) {
    const source = await blobs.open(ref)
    if (source !== undefined) return source
    await delay(commitWaitMs)
  }
  return undefined
}

/** Asks for the whole of what `cause` asked for. */
function wholeOf(cause: Exchange, { clock }: Services): Exchange {
  const fields = cause.request.fields.raw.filter((_, at, raw) => !narrowing.test(raw[at - (at % 2)]!))
  const request = { ...cause.request, method: 'GET', fields: new Fields(fields), background: true }
  const exchange = new Exchange(`${cause.id}.h`, request, taker, clock.now(), clock.elapsed())
  exchange.target = cause.target
  exchange.rule = cause.rule
  exchange.key = cause.key
  exchange.flightKey = cause.key
  exchange.uncoded = cause.uncoded
  exchange.recordUrl = cause.recordUrl
  return exchange
}
