import { endToEndResponseFields } from '../http/end-to-end.ts'
import { withoutPartFields } from '../policy/partial.ts'
import type { BlobWriter } from '../store/blob-store.ts'
import { GrowingBlob } from '../store/growing-blob.ts'
import type { StoredResponse } from '../store/stored-response.ts'
import type { Exchange } from './exchange.ts'
import { FillFlow } from './fill-flow.ts'
import { GrowingResponse } from './growing-response.ts'
import { lengthOf } from './partial-records.ts'
import { partialReader } from './partial-source.ts'
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
  exchange.filled = new FillFlow(exchange, services, growing, writer).stored
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
