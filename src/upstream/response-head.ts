import { FieldNames } from '../http/field-names.ts'
import type { RawFields } from '../http/fields.ts'
import type { Framing } from './origin-fetcher.ts'

export interface HeadOfResponse {
  readonly fields: RawFields
  readonly framing: Framing
  readonly declaredBytes: number | undefined
}

/** Meant for one connection only (RFC 9110 section 7.6.1). */
const hopByHop = new FieldNames([
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'te',
  'transfer-encoding',
  'upgrade',
])

/** Fields that decide what is stored and who may have it: a Connection field cannot make them disappear. */
const neverDropped = new FieldNames([
  'age',
  'cache-control',
  'content-encoding',
  'content-length',
  'content-range',
  'content-type',
  'date',
  'etag',
  'expires',
  'last-modified',
  'set-cookie',
  'vary',
])

/**
 * What the head of a response says about its content (RFC 9112 section 6.3), and its fields without those for one
 * connection. Ambiguous framing is not interpreted but refused: then the answer is the reason.
 */
export function readResponseHead(method: string, status: number, raw: RawFields): HeadOfResponse | string {
  let length: string | undefined
  let coding: string | undefined
  let connection = ''
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i]!
    // Only three names matter here, told apart by length before any string is made.
    if (name.length !== 14 && name.length !== 17 && name.length !== 10) continue
    const lower = name.toLowerCase()
    if (lower === 'connection') connection += `,${raw[i + 1]!}`
    else if (lower === 'content-length') {
      if (length !== undefined) return 'Content-Length stands there twice'
      length = raw[i + 1]!
    } else if (lower === 'transfer-encoding') {
      if (coding !== undefined) return 'Transfer-Encoding stands there twice'
      coding = raw[i + 1]!
    }
  }
  const fields = withoutHopByHop(raw, connection)
  if (coding !== undefined && length !== undefined) return 'both Content-Length and Transfer-Encoding are given'
  if (coding !== undefined && coding.trim().toLowerCase() !== 'chunked') return `Transfer-Encoding is "${coding}"`
  const declared = length === undefined ? undefined : parseLength(length)
  if (length !== undefined && declared === undefined) return `Content-Length is "${length}"`
  if (method === 'HEAD' || status === 204 || status === 304) {
    return { fields, framing: 'none', declaredBytes: undefined }
  }
  if (coding !== undefined) return { fields, framing: 'chunked', declaredBytes: undefined }
  return { fields, framing: declared === undefined ? 'close' : 'length', declaredBytes: declared }
}

function parseLength(text: string): number | undefined {
  if (!/^\d{1,16}$/.test(text)) return undefined
  const value = Number(text)
  return Number.isSafeInteger(value) ? value : undefined
}

/** What Connection says nearly always: it names no field. */
const namesNothing = new Set(['', ',keep-alive', ',close', ',Keep-Alive', ',Close'])

function withoutHopByHop(raw: RawFields, connection: string): RawFields {
  const named = namesNothing.has(connection) ? [] : connection.toLowerCase().split(/[,\s]+/)
  const kept: string[] = []
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i]!
    if (hopByHop.has(name)) continue
    if (named.length > 0 && named.includes(name.toLowerCase()) && !neverDropped.has(name)) continue
    kept.push(name, raw[i + 1]!)
  }
  return kept
}
