import { classRuleFor } from '../ecosystem/classify.ts'
import { cacheStatus } from '../http/cache-status.ts'
import { endToEndResponseFields } from '../http/end-to-end.ts'
import type { RawFields } from '../http/fields.ts'
import { Fields } from '../http/fields.ts'
import { possibleKeys } from '../key/cache-key.ts'
import { invalidates } from '../policy/invalidation.ts'
import type { OriginResponse } from '../upstream/origin-fetcher.ts'
import type { Exchange, ResponseHead } from './exchange.ts'
import { relayRequest } from './origin-request.ts'
import { responseStem } from './response-stem.ts'
import type { Services } from './services.ts'
import type { Step } from './step.ts'
import { forget } from './stored-content.ts'

/** Content handed to the client and not flushed, beyond which the origin is paused. */
const maxUnflushedBytes = 256 * 1024

/** Passes a response on without storing it: the client's own pace is the origin's. */
export const relay: Step<'relay'> = async (exchange, services): Promise<'finish'> => {
  const upstream = exchange.upstream ?? (await services.origins.fetch(relayRequest(exchange)))
  exchange.upstream = upstream
  dropInvalidated(exchange, services, upstream)
  exchange.response.sendHead(headOf(exchange, upstream))
  await flow(exchange, services, upstream)
  return 'finish'
}

function headOf(exchange: Exchange, upstream: OriginResponse): ResponseHead {
  const fields = responseStem(endToEndResponseFields(upstream.fields), upstream.receivedAt, undefined, true)
  fields.push('Cache-Status', cacheStatus(exchange.result, undefined, exchange.stored))
  return { status: upstream.status, fields, length: lengthOf(exchange, upstream) }
}

/** A close-delimited body stays close-delimited: framing it anew would make a cut body look complete (CORRECTNESS M16). */
function lengthOf(exchange: Exchange, upstream: OriginResponse): ResponseHead['length'] {
  if (exchange.request.method === 'HEAD') {
    const declared = new Fields(upstream.fields).get('content-length')
    return declared !== undefined && /^\d{1,15}$/.test(declared) ? Number(declared) : 'none'
  }
  if (upstream.framing === 'length') return upstream.declaredBytes
  return upstream.framing === 'chunked' ? undefined : upstream.framing
}

function flow(exchange: Exchange, services: Services, upstream: OriginResponse): Promise<void> {
  const { response } = exchange
  return new Promise((resolve) => {
    let unflushedBytes = 0
    let paused = false
    response.onClose(() => {
      upstream.cancel()
      resolve()
    })
    upstream.consume({
      chunk: (bytes) => {
        if (exchange.originBytes === 0) exchange.firstByteMs = services.clock.elapsed() - exchange.startedMs
        exchange.originBytes += bytes.length
        unflushedBytes += bytes.length
        response.write(bytes, () => {
          unflushedBytes -= bytes.length
          if (!paused || unflushedBytes > maxUnflushedBytes / 2) return
          paused = false
          upstream.resume()
        })
        paused = unflushedBytes > maxUnflushedBytes
        return !paused
      },
      end: (trailers: RawFields) => {
        response.end(trailers)
        resolve()
      },
      fail: (fault) => {
        exchange.fault = fault
        response.destroy()
        resolve()
      },
    })
  })
}

/** A successful unsafe request invalidates what is stored for its URI (RFC 9111 section 4.4). */
function dropInvalidated(exchange: Exchange, services: Services, upstream: OriginResponse): void {
  for (const href of invalidates(exchange.request.method, upstream.status, exchange.target!, upstream.fields)) {
    const target = services.parseTarget(href)
    if ('invalid' in target) continue
    for (const key of possibleKeys(target, classRuleFor(target), services.keyTerms)) forget(key, services)
  }
}
