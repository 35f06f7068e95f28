import { endToEndResponseFields } from '../http/end-to-end.ts'
import type { BytePart } from '../http/range.ts'
import { withoutPartFields } from '../policy/partial.ts'
import type { BlobWriter, ByteSource } from '../store/blob-store.ts'
import { GrowingBlob } from '../store/growing-blob.ts'
import type { StoredResponse } from '../store/stored-response.ts'
import type { Exchange } from './exchange.ts'
import { FillFlow } from './fill-flow.ts'
import { whyNotStored } from './fill-store.ts'
import { GrowingResponse } from './growing-response.ts'
import { lengthOf } from './partial-records.ts'
import { partialReader } from './partial-source.ts'
import type { Services } from './services.ts'
import { sparseContent, wantedUntil } from './sparse-request.ts'
import type { Step } from './step.ts'
import { variantKey } from './variant-key.ts'

/** Starts storing the content. From here on the fill belongs to the flight: the client may leave. */
export const fill: Step<'fill'> = (exchange, services) => {
  let writer: BlobWriter
  try {
    services.storeHealth.checkKeepsUp()
    writer = services.blobs.create(sizeOf(exchange))
    exchange.wantsWhole &&= writer.ahead !== undefined
  } catch (error) {
    services.storeHealth.failed(error)
    exchange.stored = whyNotStored(error)
    exchange.flight?.announce({ kind: 'unshared' })
    exchange.flight?.land()
    return 'relay'
  }
  const sizeBytes = sizeOf(exchange)
  const blob = new GrowingBlob(writer, sizeBytes)
  const growing = new GrowingResponse(headOf(exchange), blob, sizeBytes)
  exchange.delivery = growing
  const part = partOf(exchange)
  exchange.source = part === undefined ? wholeReader(exchange, services, growing, writer) : partialReader(blob, part)
  exchange.filled = new FillFlow(exchange, services, growing, writer)
  exchange.flight?.announce({ kind: 'filling', growing })
  return 'deliver'
}

/** The part that is all that comes, but not one that the rest is asked for. */
function partOf({ part, wantsWhole }: Exchange): BytePart | undefined {
  return wantsWhole ? undefined : part
}

function sizeOf({ part, wantsWhole, upstream }: Exchange): number | undefined {
  if (part === undefined) return upstream!.declaredBytes
  return wantsWhole ? part.sizeBytes : lengthOf(part)
}

function wholeReader(exchange: Exchange, services: Services, growing: GrowingResponse, writer: BlobWriter): ByteSource {
  const { blob } = growing
  const content = sparseContent(exchange, services, blob, writer)
  if (content === undefined) return blob.reader()
  const { status, fields, framing, declaredBytes, requestedAt, receivedAt } = exchange.upstream!
  exchange.upstream = { status, fields, framing, declaredBytes, requestedAt, receivedAt, ...content }
  return blob.reader(wantedUntil(exchange, growing.sizeBytes))
}

function headOf(exchange: Exchange): StoredResponse {
  const upstream = exchange.upstream!
  const part = partOf(exchange)
  const fields = endToEndResponseFields(upstream.fields)
  return {
    url: exchange.recordUrl ?? exchange.target!.href,
    status: exchange.wantsWhole ? 200 : upstream.status,
    fields: exchange.part === undefined ? fields : withoutPartFields(fields),
    requestedAt: upstream.requestedAt,
    receivedAt: upstream.receivedAt,
    content: undefined,
    ...(part === undefined ? {} : { part }),
    vary: variantKey(exchange.upstreamFields!.get('vary'), exchange),
    rule: exchange.rule!.name,
    fetchMs: 0,
  }
}
