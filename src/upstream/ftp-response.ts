import { type EntityTag, formatEntityTag, parseEntityTag, parseEntityTags, strongMatch } from '../http/entity-tag.ts'
import type { Fields, RawFields } from '../http/fields.ts'
import { type BytePart, formatContentRange } from '../http/range.ts'
import { ResponseFlow } from './response-flow.ts'
import type { HeadOfResponse } from './response-head.ts'

/** What the server says about a file; both serve as validators (RFC 3659). */
export interface FtpFile {
  readonly sizeBytes: number | undefined
  /** `YYYYMMDDhhmmss`, UTC. */
  readonly modified: string | undefined
}

const noSource = { pause: () => undefined, resume: () => undefined, abort: () => undefined }

/** When the file was modified, in milliseconds since the epoch. */
function modifiedAt({ modified }: FtpFile): number | undefined {
  const parts = modified
    ?.match(/^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)$/)
    ?.slice(1)
    .map(Number)
  if (parts === undefined) return undefined
  const [year, month, day, hour, minute, second] = parts
  return Date.UTC(year!, month! - 1, day!, hour!, minute!, second!)
}

/**
 * MDTM has whole seconds, and the server's clock is not ours: two versions of a file may share one. So a file that was
 * modified less than this ago has a weak tag, with which no bytes are joined (RFC 9110 sections 8.8.1 and 8.8.2.2).
 */
const strongAfterMs = 60_000

/** `undefined` when the server does not tell size and time. */
function entityTag(file: FtpFile, at: number): EntityTag | undefined {
  const time = modifiedAt(file)
  if (time === undefined || file.sizeBytes === undefined) return undefined
  return { weak: at - time < strongAfterMs, opaque: `${file.modified}-${file.sizeBytes}` }
}

/** Head of the response with the whole file; without SIZE its end cannot be proved, so it is framed by the close. */
export function fileHead(file: FtpFile, at: number): HeadOfResponse {
  const { sizeBytes } = file
  const fields = fieldsOf(file, at)
  if (sizeBytes === undefined) return { fields, framing: 'close', declaredBytes: undefined }
  return { fields: [...fields, 'Content-Length', `${sizeBytes}`], framing: 'length', declaredBytes: sizeBytes }
}

/** Head of a 206 with one part of the file (RFC 9110 section 15.3.7). */
export function partHead(file: FtpFile, part: BytePart, at: number): HeadOfResponse {
  const declaredBytes = part.last - part.first + 1
  const range = ['Content-Range', formatContentRange(part), 'Content-Length', `${declaredBytes}`]
  return { fields: [...fieldsOf(file, at), ...range], framing: 'length', declaredBytes }
}

function fieldsOf(file: FtpFile, at: number): string[] {
  return [
    ...['Date', new Date(at).toUTCString(), 'Content-Type', 'application/octet-stream', 'Accept-Ranges', 'bytes'],
    ...validators(file, at),
  ]
}

function validators(file: FtpFile, at: number): string[] {
  const time = modifiedAt(file)
  const tag = entityTag(file, at)
  const fields = time === undefined ? [] : ['Last-Modified', new Date(time).toUTCString()]
  return tag === undefined ? fields : [...fields, 'ETag', formatEntityTag(tag)]
}

/** A response without content. */
export function emptyResponse(status: number, fields: RawFields, requestedAt: number, at: number): ResponseFlow {
  const flow = new ResponseFlow(
    status,
    { fields, framing: 'none', declaredBytes: undefined },
    requestedAt,
    at,
    noSource,
  )
  flow.finish([])
  return flow
}

/** A tag that was asked for as a weak one stays weak: what has it may be of another moment of that second. */
export function notModified(file: FtpFile, request: Fields, requestedAt: number, at: number): ResponseFlow {
  const fields = ['Date', new Date(at).toUTCString(), ...validators(file, at)]
  const named = parseEntityTags(request.get('if-none-match') ?? '')
  const tag = fields.indexOf('ETag') + 1
  const own = tag === 0 ? undefined : parseEntityTag(fields[tag])
  if (own !== undefined && named !== '*' && !named.some((one) => strongMatch(one, own))) {
    fields[tag] = formatEntityTag({ ...own, weak: true })
  }
  return emptyResponse(304, fields, requestedAt, at)
}

/** A response of our own words or of a listing's. `octets`: latin1. */
export function textResponse(
  method: string,
  status: number,
  octets: string,
  extra: RawFields,
  requestedAt: number,
  at: number,
): ResponseFlow {
  const content = Buffer.from(octets, 'latin1')
  const fields = ['Date', new Date(at).toUTCString(), ...extra]
  fields.push('Content-Length', String(content.length))
  if (method === 'HEAD') return emptyResponse(status, fields, requestedAt, at)
  const head: HeadOfResponse = { fields, framing: 'length', declaredBytes: content.length }
  const flow = new ResponseFlow(status, head, requestedAt, at, noSource)
  flow.take(content)
  flow.finish([])
  return flow
}
