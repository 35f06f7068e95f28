import { Fields, type RawFields } from '../http/fields.ts'
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
export function modifiedAt({ modified }: FtpFile): number | undefined {
  const parts = modified
    ?.match(/^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)$/)
    ?.slice(1)
    .map(Number)
  if (parts === undefined) return undefined
  const [year, month, day, hour, minute, second] = parts
  return Date.UTC(year!, month! - 1, day!, hour!, minute!, second!)
}

export function entityTag({ modified, sizeBytes }: FtpFile): string | undefined {
  return modified === undefined || sizeBytes === undefined ? undefined : `"${modified}-${sizeBytes}"`
}

/** The head of a file's response; without SIZE its end cannot be proved, so it is framed by the close. */
export function fileHead(file: FtpFile, method: string, at: number): HeadOfResponse {
  const { sizeBytes } = file
  const fields = ['Date', new Date(at).toUTCString(), 'Content-Type', 'application/octet-stream', ...validators(file)]
  if (sizeBytes !== undefined) fields.push('Content-Length', String(sizeBytes))
  if (method === 'HEAD') return { fields, framing: 'none', declaredBytes: undefined }
  return { fields, framing: sizeBytes === undefined ? 'close' : 'length', declaredBytes: sizeBytes }
}

function validators(file: FtpFile): string[] {
  const time = modifiedAt(file)
  const tag = entityTag(file)
  const fields = time === undefined ? [] : ['Last-Modified', new Date(time).toUTCString()]
  return tag === undefined ? fields : [...fields, 'ETag', tag]
}

/** Does the client (or the store) have this file already? RFC 9110 section 13.2.2: the tag counts before the date. */
export function isUnchanged(file: FtpFile, raw: RawFields): boolean {
  const tag = entityTag(file)
  if (tag === undefined) return false
  const fields = new Fields(raw)
  const tags = fields.get('if-none-match')
  if (tags !== undefined) {
    return tags.split(',').some((item) => item.trim() === '*' || item.trim().replace(/^W\//, '') === tag)
  }
  const since = Date.parse(fields.get('if-modified-since') ?? '')
  return modifiedAt(file)! <= since
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

export function notModified(file: FtpFile, requestedAt: number, at: number): ResponseFlow {
  return emptyResponse(304, ['Date', new Date(at).toUTCString(), ...validators(file)], requestedAt, at)
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
  const fields = ['Date', new Date(at).toUTCString(), 'Content-Type', 'text/plain', ...extra]
  fields.push('Content-Length', String(content.length))
  if (method === 'HEAD') return emptyResponse(status, fields, requestedAt, at)
  const head: HeadOfResponse = { fields, framing: 'length', declaredBytes: content.length }
  const flow = new ResponseFlow(status, head, requestedAt, at, noSource)
  flow.take(content)
  flow.finish([])
  return flow
}
