import { asFault } from '../base/faults.ts'
import type { Stored } from '../base/results.ts'
import { endToEndResponseFields } from '../http/end-to-end.ts'
import { withoutPartFields } from '../policy/partial.ts'
import type { BlobRef, BlobWriter } from '../store/blob-store.ts'
import { GrowingBlob } from '../store/growing-blob.ts'
import { maxVariantCount } from '../store/response-index.ts'
import type { StoredResponse } from '../store/stored-response.ts'
import { CachedResponse, memoryBytesOf, variantName, withVariant } from './cached-response.ts'
import type { Exchange } from './exchange.ts'
import type { Fill } from './fills.ts'
import { GrowingResponse } from './growing-response.ts'
import { joinParts, recordPart } from './partial-join.ts'
import { isPart, lengthOf } from './partial-records.ts'
import { partialReader } from './partial-source.ts'
import type { Services } from './services.ts'
import type { Step } from './step.ts'
import { variantKey } from './variant-key.ts'

/** Starts storing the content. From here on the fill belongs to the flight: the client may leave. */
export const fill: Step<'fill'> = (exchange, services) => {
  const sizeBytes = exchange.part === undefined ? exchange.upstream!.declaredBytes : lengthOf(exchange.part)
  let writer: BlobWriter
  try {
    writer = services.blobs.create(sizeBytes)
  } catch (error) {
    services.storeHealth.failed(error)
    exchange.stored = 'store-fault'
    exchange.flight?.announce({ kind: 'unshared' })
    exchange.flight?.land()
    return 'relay'
  }
  const blob = new GrowingBlob(writer, sizeBytes)
  const growing = new GrowingResponse(headOf(exchange), blob, sizeBytes)
  exchange.delivery = growing
  exchange.source = exchange.part === undefined ? blob.reader() : partialReader(blob, exchange.part)
  exchange.filled = flow(exchange, services, growing, writer)
  exchange.flight?.announce({ kind: 'filling', growing })
  return 'deliver'
}

function headOf(exchange: Exchange): StoredResponse {
  const upstream = exchange.upstream!
  const { part } = exchange
  const fields = endToEndResponseFields(upstream.fields)
  return {
    url: exchange.recordUrl ?? exchange.target!.href,
    status: upstream.status,
    fields: part === undefined ? fields : withoutPartFields(fields),
    requestedAt: upstream.requestedAt,
    receivedAt: upstream.receivedAt,
    content: undefined,
    ...(part === undefined ? {} : { part }),
    vary: variantKey(exchange.upstreamFields!.get('vary'), exchange),
    rule: exchange.rule!.name,
    fetchMs: 0,
  }
}

/** Lets the content flow from the origin into the blob; settles when the fill is over, one way or the other. */
function flow(exchange: Exchange, services: Services, growing: GrowingResponse, writer: BlobWriter): Promise<Stored> {
  let upstream = exchange.upstream
  const { blob } = growing
  const fill = services.fills.begin(exchange.key, exchange.invalidationCount)
  blob.onWritable(() => upstream?.resume())
  return new Promise((resolve) => {
    const settle = (stored: Stored): void => {
      exchange.flight?.land()
      fill.end()
      resolve(stored)
    }
    // Neither a store to keep the content nor anybody to read it: nobody is served by going on.
    blob.onAbandoned(() => {
      upstream?.cancel()
      services.storeHealth.failed(blob.storeFault)
      void writer.abort()
      settle('store-fault')
    })
    upstream!.consume({
      chunk: (bytes) => {
        exchange.originBytes += bytes.length
        return blob.append(bytes)
      },
      end: () => {
        blob.complete()
        // What now waits for the disk must not keep the origin's side in memory.
        upstream = exchange.upstream = exchange.upstreamFields = undefined
        store({ exchange, services, growing, writer, fill }).then(settle)
      },
      fail: (fault) => {
        blob.fail(fault)
        exchange.fault ??= fault
        void writer.abort()
        settle('origin-fault')
      },
    })
  })
}

interface Filled {
  readonly exchange: Exchange
  readonly services: Services
  readonly growing: GrowingResponse
  readonly writer: BlobWriter
  readonly fill: Fill
}

/** Commits blob, then index; only then it counts as stored (CORRECTNESS section 5). Never rejects. */
async function store(filled: Filled): Promise<Stored> {
  const { services, growing, writer } = filled
  try {
    if (growing.blob.storeFault !== undefined) throw growing.blob.storeFault
    const { declaredBytes } = growing
    const committed = writer.commit(declaredBytes === undefined ? {} : { sizeBytes: declaredBytes })
    shareEarly(filled)
    return await record(filled, await committed)
  } catch (error) {
    void writer.abort()
    services.storeHealth.failed(error)
    return asFault(error).code === 'STORE_NO_SPACE' ? 'no-space' : 'store-fault'
  }
}

/** Content that is in memory can be read from the store at once; that it becomes durable is awaited only for the index. */
function shareEarly(filled: Filled): void {
  const { exchange, growing, writer, fill } = filled
  const digest = growing.head.part === undefined ? writer.digestAtHand() : undefined
  if (digest === undefined || fill.forgotten) return
  const response = recordOf(filled, { digest, sizeBytes: growing.blob.sizeBytes })
  fill.arrived(
    withVariant(
      exchange.variants.map((variant) => variant.record),
      response,
    ),
  )
  replaceHot(filled, response)
  exchange.flight?.land()
}

async function record(filled: Filled, content: BlobRef): Promise<Stored> {
  const { exchange, services } = filled
  if (filled.fill.forgotten) return 'content-changed'
  const response = recordOf(filled, content)
  if (isPart(response)) {
    const recorded = await recordPart(services, exchange.key, response, filled.fill)
    exchange.flight?.land()
    if (recorded === undefined) return 'content-changed'
    await joinParts(recorded)
    return 'yes'
  }
  replaceHot(filled, response)
  await services.index.update(exchange.key, (variants) => withVariant(variants, response), knownVariants(filled))
  services.storeHealth.succeeded()
  return 'yes'
}

/** A leader that went straight from lookup to its fill, and was alone with its key, knows that nothing else is stored. */
function knownVariants({ exchange, fill }: Filled): readonly StoredResponse[] | undefined {
  const alone = exchange.flight !== undefined && fill.alone && !exchange.trail.includes('join')
  return alone && exchange.variants.length === 0 ? [] : undefined
}

function recordOf({ services, growing }: Filled, content: BlobRef): StoredResponse {
  const fetchMs = Math.max(0, Math.round(services.clock.now() - growing.head.requestedAt))
  return { ...growing.head, fetchMs, content }
}

/** A key that is hot gets its new variant; one that is not becomes so with its first hit. */
function replaceHot({ exchange, services }: Filled, response: StoredResponse): void {
  const known = services.hot.get(exchange.key)
  if (known === undefined) return
  const cached = new CachedResponse(response, exchange.rule!, services.profile)
  const others = known.filter((variant) => variantName(variant.record.vary) !== variantName(response.vary))
  const variants = [cached, ...others].slice(0, maxVariantCount)
  services.hot.set(exchange.key, variants, memoryBytesOf(variants))
}
