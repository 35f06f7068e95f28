import { setTimeout as delay } from 'node:timers/promises'
import type { Fault } from '../base/faults.ts'
import { Fields } from '../http/fields.ts'
import type { BytePart } from '../http/range.ts'
import type { BlobRef, ByteSource } from '../store/blob-store.ts'
import { ProvenSource } from '../store/proven-source.ts'
import { type ClientResponse, Exchange } from './exchange.ts'
import { GrowingResponse } from './growing-response.ts'
import type { Services } from './services.ts'
import { nobody } from './validate-in-background.ts'

/** Stored content that was found damaged while it was sent. */
export interface Lost {
  readonly source: ByteSource
  readonly ref: BlobRef
  /** What it is of the representation; `undefined`: the whole. */
  readonly part: BytePart | undefined
  /** Who asked. */
  readonly cause: Exchange
  readonly services: Services
  /** Drops the record whose content is damaged. */
  readonly forget: () => void
}

/** Fields that make a request one for less than the whole, or for nothing when it is unchanged. */
const narrowing = /^(?:range|if-.*|cache-control|pragma)$/i
/** Whose part begins behind so much of the whole should not wait for that. */
const mostSkippedBytes = 64 * 1024 * 1024
const commitWaitMs = 50
const commitTryCount = 100

/**
 * The same content, sound; `undefined`: nobody has it. The whole is fetched by the usual way. While it comes it is read, as far as its
 * sums prove it; where the store knows no sums it is read when it is stored.
 */
export async function fetchAgain(lost: Lost, fault: Fault): Promise<ByteSource | undefined> {
  const { ref, cause, services, forget } = lost
  try {
    // What was found damaged has been set aside: what stands in its place, another reader has brought.
    const brought = fault.code === 'STORE_BLOB_CORRUPT' ? await services.blobs.open(ref) : undefined
    if (brought !== undefined) return brought
    const sums = lost.source.sums?.()
    const isNear = (lost.part?.first ?? 0) <= mostSkippedBytes
    if (lost.part !== undefined && (sums === undefined || !isNear)) {
      forget()
      return undefined
    }
    // Another reader has forgotten it, and what he began must be stored.
    if (services.flights.find(cause.key) === undefined) forget()
    const begun = Promise.withResolvers<GrowingResponse | undefined>()
    const exchange = wholeOf(cause, services, () => {
      begun.resolve(exchange.delivery instanceof GrowingResponse ? exchange.delivery : undefined)
    })
    services.runLater(exchange)
    exchange.onOver(() => begun.resolve(undefined))
    const growing = await begun.promise
    if (growing !== undefined && sums !== undefined) return follow(growing, sums, lost)
    await new Promise<void>((over) => exchange.onOver(over))
    return await whenStored(exchange, lost)
  } catch (error) {
    services.storeHealth.failed(error)
  }
  return undefined
}

function follow({ blob }: GrowingResponse, sums: Uint8Array, lost: Lost): ByteSource {
  const { ref, part } = lost
  const begins = part?.first ?? 0
  const { digest, sizeBytes } = ref
  return new ProvenSource({
    source: blob.reader(begins + sizeBytes),
    begins,
    sizeBytes,
    sums,
    name: `sha256-${digest}`,
  })
}

async function whenStored(exchange: Exchange, { ref, services }: Lost): Promise<ByteSource | undefined> {
  if (exchange.filled !== undefined) return services.blobs.open(ref)
  return exchange.fault === undefined ? committed(ref, services) : undefined
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

/** Takes all content, so that its fill runs to the end. */
function taker(onHead: () => void): ClientResponse {
  return {
    ...nobody,
    closed: false,
    sendHead: onHead,
    write: (_chunk, flushed) => void setImmediate(flushed),
    onClose: () => {},
  }
}

/** Asks for the whole of what `cause` asked for. */
function wholeOf(cause: Exchange, { clock }: Services, onHead: () => void): Exchange {
  const fields = cause.request.fields.raw.filter((_, at, raw) => !narrowing.test(raw[at - (at % 2)]!))
  const request = { ...cause.request, method: 'GET', fields: new Fields(fields), background: true }
  const exchange = new Exchange(`${cause.id}.h`, request, taker(onHead), clock.now(), clock.elapsed())
  exchange.target = cause.target
  exchange.rule = cause.rule
  exchange.key = cause.key
  exchange.flightKey = cause.key
  exchange.uncoded = cause.uncoded
  exchange.recordUrl = cause.recordUrl
  return exchange
}
