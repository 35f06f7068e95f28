import { type EntityTag, formatEntityTag, parseEntityTag, strongMatch } from '../http/entity-tag.ts'
import { Fields, type RawFields } from '../http/fields.ts'
import { formatRange, parseContentRange } from '../http/range.ts'
import type { OriginRequest, OriginResponse } from './origin-fetcher.ts'

/** What a further response must be for its content to go on where the first one was cut. */
export interface ResumePoint {
  /** The fields of the request that asks for the rest. */
  readonly requestFields: RawFields
  /** Bytes at the beginning of the answer's content that were had before, or the reason why it does not go on. */
  fits(answer: OriginResponse): { readonly skipBytes: number; readonly totalBytes: number | undefined } | string
}

/** Fields that select a part, or make the answer depend on what a client has: the rest is asked for with our own. */
const selecting = new Set([
  'range',
  'if-range',
  'if-match',
  'if-none-match',
  'if-modified-since',
  'if-unmodified-since',
])
/** What must not differ when the head of one response has the content of another. */
const describing = ['etag', 'last-modified', 'content-type', 'content-encoding', 'content-range']

/**
 * Where and how the response goes on after its first `hadBytes` bytes of content; else the reason why it cannot. Bytes of two
 * responses are joined only with the same strong entity tag (CORRECTNESS T02): a date says too little of what happened within its second.
 * With `isProven`, the whole is compared with its digest in the end, and needs no tag.
 */
export function resumePoint(
  request: OriginRequest,
  cut: OriginResponse,
  hadBytes: number,
  isProven: boolean,
): ResumePoint | string {
  if (hadBytes === 0) return { requestFields: request.fields, fits: (answer) => sameHead(cut, answer) }
  const fields = new Fields(cut.fields)
  const tag = strongTag(fields)
  if (tag === undefined && !isProven) return 'no strong entity tag'
  const whole = wholeOf(cut, fields)
  if (whole === undefined) return 'unclear which bytes it has'
  const first = whole.first + hadBytes
  const range = formatRange({ first, last: cut.status === 206 ? whole.last : undefined })
  const condition = tag === undefined ? [] : ['If-Range', formatEntityTag(tag)]
  return {
    requestFields: [...withoutSelecting(request.fields), 'Range', range, ...condition],
    fits: (answer) => goesOn(answer, fields, { ...whole, first }, hadBytes),
  }
}

/** Bytes `first` to `last` of a representation of `sizeBytes` bytes, as far as that is known. */
interface Rest {
  readonly first: number
  readonly last: number | undefined
  readonly sizeBytes: number | undefined
}

function wholeOf(cut: OriginResponse, fields: Fields): Rest | undefined {
  if (cut.status === 206) {
    const range = parseContentRange(fields.get('content-range'))
    return range?.sizeBytes === undefined ? undefined : range
  }
  const sizeBytes = cut.declaredBytes
  return { first: 0, last: sizeBytes === undefined ? undefined : sizeBytes - 1, sizeBytes }
}

function withoutSelecting(fields: RawFields): string[] {
  const kept: string[] = []
  for (let i = 0; i + 1 < fields.length; i += 2) {
    if (!selecting.has(fields[i]!.toLowerCase())) kept.push(fields[i]!, fields[i + 1]!)
  }
  return kept
}

/** Nothing was had: another response may take the place of the cut one when its head says the same. */
function sameHead(cut: OriginResponse, answer: OriginResponse): ReturnType<ResumePoint['fits']> {
  if (answer.status !== cut.status) return `the answer was ${answer.status}`
  if (answer.framing !== cut.framing || answer.declaredBytes !== cut.declaredBytes) return 'its length changed'
  const [before, now] = [new Fields(cut.fields), new Fields(answer.fields)]
  const changed = describing.find((name) => before.get(name) !== now.get(name))
  return changed === undefined ? { skipBytes: 0, totalBytes: cut.declaredBytes } : `its ${changed} changed`
}

function goesOn(answer: OriginResponse, before: Fields, rest: Rest, hadBytes: number): ReturnType<ResumePoint['fits']> {
  if (answer.status !== 206 && answer.status !== 200) return `the answer was ${answer.status}`
  const fields = new Fields(answer.fields)
  const tag = strongTag(before)
  if (tag !== undefined && !strongMatch(tag, strongTag(fields))) return 'its entity tag changed'
  if (before.get('content-encoding') !== fields.get('content-encoding')) return 'its content coding changed'
  if (answer.status === 200) return fromTheBeginning(answer, rest, hadBytes)
  const range = parseContentRange(fields.get('content-range'))
  if (range === undefined) return 'the part does not say which bytes it has'
  const sizeBytes = rest.sizeBytes ?? range.sizeBytes
  if (sizeBytes === undefined || range.sizeBytes !== sizeBytes) return 'the part is of another length as a whole'
  const last = rest.last ?? sizeBytes - 1
  if (range.first !== rest.first || range.last !== last) return 'the part has other bytes than were asked for'
  const partBytes = last - range.first + 1
  if (answer.declaredBytes !== undefined && answer.declaredBytes !== partBytes) return 'the part has a wrong length'
  return { skipBytes: 0, totalBytes: hadBytes + partBytes }
}

export function strongTag(fields: Fields): EntityTag | undefined {
  const tag = parseEntityTag(fields.get('etag'))
  return tag?.weak === false ? tag : undefined
}

/** Range was ignored, but the tag says, or the digest will, that every byte is the same: those that were had are passed over. */
function fromTheBeginning(answer: OriginResponse, rest: Rest, hadBytes: number): ReturnType<ResumePoint['fits']> {
  if (rest.first !== hadBytes) return 'the answer was not the part that was asked for'
  if (answer.framing === 'close') return 'the answer does not say its length'
  if (rest.sizeBytes !== undefined && answer.declaredBytes !== undefined && answer.declaredBytes !== rest.sizeBytes) {
    return 'its length changed'
  }
  return { skipBytes: hadBytes, totalBytes: rest.sizeBytes ?? answer.declaredBytes }
}
