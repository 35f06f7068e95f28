import { formatEntityTag } from '../http/entity-tag.ts'
import { Fields } from '../http/fields.ts'
import { formatRange, parseContentRange, parseRange, resolveRange } from '../http/range.ts'
import { type Described, sameRepresentation, tagOf } from '../policy/partial.ts'
import type { BlobWriter } from '../store/blob-store.ts'
import type { GrowingBlob } from '../store/growing-blob.ts'
import type { OriginResponse } from '../upstream/origin-fetcher.ts'
import type { Exchange } from './exchange.ts'
import { fetchFromOrigin } from './follow.ts'
import { fillRequest } from './origin-request.ts'
import type { Services } from './services.ts'
import { SparseFetch } from './sparse-fetch.ts'

/**
 * The Range that a cold object is asked for first, under the profile `builds`: one that begins so far behind its beginning that its client should not wait for
 * what is before. Empty: the whole is asked for.
 */
export function farRange(exchange: Exchange, services: Services): readonly string[] {
  const { method, fields, background } = exchange.request
  if (services.profile !== 'builds' || method !== 'GET' || background) return []
  // What one signature opens is told to others as a whole only.
  if (exchange.candidate !== undefined || exchange.recordUrl !== undefined) return []
  if (exchange.variants.some(({ isPart }) => isPart)) return []
  const range = parseRange(fields.get('range'))
  if (range === undefined || !('first' in range) || range.first < services.sparse.soonBytes) return []
  const condition = fields.get('if-range')
  return ['Range', fields.get('range')!, ...(condition === undefined ? [] : ['If-Range', condition])]
}

/** Is a 206 the answer to a far range, and can it be the first piece of the whole, of which the rest is then asked for? */
export function beginsWhole(exchange: Exchange, services: Services): boolean {
  const { fields, declaredBytes } = exchange.upstream!
  const canGoOn = declaredBytes !== undefined && tagOf(fields)?.weak === false
  return canGoOn && farRange(exchange, services).length > 0
}

/** The content of a response as it is wanted: in order, and what is waited for meanwhile by further requests; `undefined`: in order only. */
export function sparseContent(
  exchange: Exchange,
  services: Services,
  blob: GrowingBlob,
  writer: BlobWriter,
): Pick<OriginResponse, 'consume' | 'resume' | 'cancel'> | undefined {
  const answer = exchange.upstream!
  const { part } = exchange
  const { ahead } = writer
  const sizeBytes = part?.sizeBytes ?? answer.declaredBytes
  if (ahead === undefined || sizeBytes === undefined || exchange.request.method !== 'GET') return undefined
  const isLarge = answer.status === 200 && sizeBytes >= services.sparse.minSizeBytes
  if ((part === undefined && !isLarge) || tagOf(answer.fields)?.weak !== false) return undefined
  if (part === undefined && knowsNoRanges(exchange, services, answer)) return undefined
  const known = { fields: answer.fields, sizeBytes }
  const fetch = new SparseFetch({
    blob,
    ahead,
    sizeBytes,
    limits: services.sparse,
    ask: (first, end) => ask({ exchange, services, blob, known }, first, end - 1),
    onBytes: (count) => (exchange.originBytes += count),
  })
  return {
    consume: (sink) => fetch.begin(sink, answer, part),
    resume: () => fetch.resume(),
    cancel: () => fetch.cancel(),
  }
}

function knowsNoRanges(exchange: Exchange, services: Services, { fields }: OriginResponse): boolean {
  if (new Fields(fields).get('accept-ranges')?.toLowerCase() === 'none') return true
  // It was asked for a range, and gave the whole.
  return farRange(exchange, services).length > 0 && !exchange.request.fields.has('if-range')
}

interface Asking {
  readonly exchange: Exchange
  readonly services: Services
  readonly blob: GrowingBlob
  readonly known: Described
}

/** Bytes `first` to `last` of what is known, in an answer that proves to be of it; else the reason why it does not. */
async function ask(
  { exchange, services, blob, known }: Asking,
  first: number,
  last: number,
): Promise<OriginResponse | string> {
  const condition = ['Range', formatRange({ first, last }), 'If-Range', formatEntityTag(tagOf(known.fields)!)]
  const { onInterim: _, ...request } = fillRequest(exchange, condition)
  const isWanted = (): boolean => blob.state === 'growing'
  const answer = await fetchFromOrigin(exchange, services, { ...request, isWanted })
  const unfit = whyUnfit(answer, known, first, last)
  if (unfit === undefined) return answer
  answer.cancel()
  return `${exchange.target!.authority}: bytes ${first} to ${last}: ${unfit}`
}

function whyUnfit(answer: OriginResponse, known: Described, first: number, last: number): string | undefined {
  const fields = new Fields(answer.fields)
  const range = parseContentRange(fields.get('content-range'))
  if (answer.status !== 206 || range?.sizeBytes === undefined) return `the answer was ${answer.status}`
  if (!sameRepresentation({ fields: answer.fields, sizeBytes: range.sizeBytes }, known)) {
    return 'its entity tag or its length changed'
  }
  const coding = new Fields(known.fields).get('content-encoding')
  if (fields.get('content-encoding') !== coding) return 'its content coding changed'
  if (range.first !== first || range.last !== last) return 'the part has other bytes than were asked for'
  if (answer.declaredBytes !== last - first + 1) return 'the part has not the length that it says'
  return undefined
}

/** Where the range ends that an exchange asks for, so that no more is asked for out of order; `undefined`: with the whole. */
export function wantedUntil(exchange: Exchange, sizeBytes: number | undefined): number | undefined {
  if (sizeBytes === undefined) return undefined
  const range = resolveRange(exchange.request.fields.get('range'), sizeBytes)
  return range.kind === 'partial' ? range.last + 1 : undefined
}
