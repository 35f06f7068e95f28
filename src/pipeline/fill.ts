import { asFault } from '../base/faults.ts'
import type { Stored } from '../base/results.ts'
import { endToEndResponseFields } from '../http/end-to-end.ts'
import { Fields } from '../http/fields.ts'
import { secondaryKey } from '../http/vary.ts'
import type { BlobRef, BlobWriter } from '../store/blob-store.ts'
import { GrowingBlob } from '../store/growing-blob.ts'
import type { StoredResponse } from '../store/stored-response.ts'
import { CachedResponse, hotContentBytes, memoryBytesOf, withVariant } from './cached-response.ts'
import type { Exchange } from './exchange.ts'
import { GrowingResponse } from './growing-response.ts'
import type { Services } from './services.ts'
import type { Step } from './step.ts'

/** Starts storing the content. From here on the fill belongs to the flight: the client may leave. */
export const fill: Step<'fill'> = (exchange, services) => {
  const upstream = exchange.upstream!
  let writer: BlobWriter
  try {
    writer = services.blobs.create(upstream.declaredBytes)
  } catch (error) {
    services.storeHealth.failed(error)
    exchange.stored = 'store-fault'
    exchange.flight?.announce({ kind: 'unshared' })
    exchange.flight?.land()
    return 'relay'
  }
  const blob = new GrowingBlob(writer, upstream.declaredBytes)
  const growing = new GrowingResponse(headOf(exchange), blob, upstream.declaredBytes)
  exchange.delivery = growing
  exchange.source = blob.reader()
  exchange.filled = flow(exchange, services, growing, writer)
  exchange.flight?.announce({ kind: 'filling', growing })
  return 'deliver'
}

function headOf(exchange: Exchange): StoredResponse {
  const upstream = exchange.upstream!
  const fields = endToEndResponseFields(upstream.fields)
  const vary = secondaryKey(new Fields(fields).get('vary'), exchange.request.fields)
  return {
    url: exchange.target!.href,
    status: upstream.status,
    fields,
    requestedAt: upstream.requestedAt,
    receivedAt: upstream.receivedAt,
    content: undefined,
    vary: vary === 'star' ? {} : vary,
    rule: exchange.rule!.name,
    fetchMs: 0,
  }
}

/** Lets the content flow from the origin into the blob; settles when the fill is over, one way or the other. */
function flow(exchange: Exchange, services: Services, growing: GrowingResponse, writer: BlobWriter): Promise<Stored> {
  const upstream = exchange.upstream!
  const { blob } = growing
  blob.onWritable(() => upstream.resume())
  return new Promise((resolve) => {
    upstream.consume({
      chunk: (bytes) => {
        exchange.originBytes += bytes.length
        return blob.append(bytes)
      },
      end: () => {
        blob.complete()
        resolve(store(exchange, services, growing, writer).finally(() => exchange.flight?.land()))
      },
      fail: (fault) => {
        blob.fail(fault)
        exchange.fault ??= fault
        exchange.flight?.land()
        void writer.abort()
        resolve('origin-fault')
      },
    })
  })
}

/** Commits blob, then index; only then it counts as stored (CORRECTNESS section 5). */
async function store(
  exchange: Exchange,
  services: Services,
  growing: GrowingResponse,
  writer: BlobWriter,
): Promise<Stored> {
  const { blob } = growing
  if (blob.storeFault !== undefined) {
    services.storeHealth.failed(blob.storeFault)
    void writer.abort()
    return blob.storeFault.code === 'STORE_NO_SPACE' ? 'no-space' : 'store-fault'
  }
  try {
    const content = blob.wholeInMemory
    const committed = writer.commit(growing.declaredBytes === undefined ? {} : { sizeBytes: growing.declaredBytes })
    const fetchMs = Math.round(services.clock.now() - growing.head.requestedAt)
    const record = (ref: BlobRef): StoredResponse => ({ ...growing.head, fetchMs, content: ref })
    const ref = await committed
    keepHot(exchange, services, record(ref), content)
    await services.index.update(exchange.key, (variants) => withVariant(variants, record(ref)))
    services.storeHealth.succeeded()
    return 'yes'
  } catch (error) {
    services.storeHealth.failed(error)
    return asFault(error).code === 'STORE_NO_SPACE' ? 'no-space' : 'store-fault'
  }
}

function keepHot(exchange: Exchange, services: Services, record: StoredResponse, content: Buffer | undefined): void {
  const small = content !== undefined && content.length <= hotContentBytes ? content : undefined
  const cached = new CachedResponse(record, exchange.rule!, services.profile, small)
  const known = services.hot.get(exchange.key) ?? exchange.variants
  const records = new Set(
    withVariant(
      known.map((variant) => variant.record),
      record,
    ),
  )
  const variants = [cached, ...known.filter((variant) => records.has(variant.record))]
  services.hot.set(exchange.key, variants, memoryBytesOf(variants))
}
