import { mayBeNominated } from './field-names.ts'
import type { Fields, RawFields } from './fields.ts'
import { listMembers } from './list.ts'
import { maxTargetLength } from './target-uri.ts'

/** A request head as it was read, before any judgement. */
export interface RequestHead {
  readonly method: string
  readonly requestTarget: string
  readonly httpVersion: string
  readonly raw: RawFields
}

/** Where the request came from: the proxy port itself, or the inside of a tunnel. */
export type GatePlace = 'proxy' | 'tunnel'

const maxFieldCount = 100
const token = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/
const visible = /^[!"$-~]+$/
const plainValue = /^[\t -~\u0080-\uffff]*$/
const hostValue = /^(?:\[[0-9A-Fa-f:.]+\]|[0-9A-Za-z._-]+)(?::[0-9]{1,5})?$/
const lengthValue = /^[0-9]{1,15}$/

/** Fields that may come once only, as bits of what was seen. */
const once = new Map([
  ['host', 1],
  ['content-length', 2],
  ['transfer-encoding', 4],
  ['authorization', 8],
  ['content-range', 16],
  ['range', 32],
])
const host = 1
const contentLength = 2
const transferEncoding = 4
/** Content has no meaning there, and some servers do not read it (RFC 9110 section 9.3). */
const withoutContent = new Set(['GET', 'HEAD', 'TRACE', 'CONNECT'])
/** With `_` for `-`, some servers take these for the real ones. */
const disguised = new Set(['content-length', 'transfer-encoding', 'content-encoding', 'proxy-connection', 'keep-alive'])

/**
 * Gate G1 of CORRECTNESS section 4, on raw data: a short reason why the request is malformed or ambiguous, or `undefined`.
 * Nothing may be keyed or forwarded before it passed.
 */
export function checkRequestHead(head: RequestHead, place: GatePlace): string | undefined {
  if (head.httpVersion !== '1.1' && head.httpVersion !== '1.0') return 'HTTP version is neither 1.1 nor 1.0'
  if (!token.test(head.method)) return 'method is not a token'
  return checkTarget(head, place) ?? checkFields(head)
}

/** Does the request expect what nobody can meet (RFC 9110 section 10.1.1)? The answer is 417. */
export function expectationFails(fields: Fields): boolean {
  const value = fields.get('expect')
  return value !== undefined && value.toLowerCase() !== '100-continue'
}

function checkTarget({ method, requestTarget }: RequestHead, place: GatePlace): string | undefined {
  if (requestTarget.length > maxTargetLength) return `target is longer than ${maxTargetLength} bytes`
  if (!visible.test(requestTarget)) return 'target has a fragment or a byte that is not visible ASCII'
  if (method === 'CONNECT') {
    if (place === 'tunnel') return 'CONNECT inside a tunnel'
    return requestTarget.includes('/') ? 'CONNECT needs a target in authority-form' : undefined
  }
  if (place === 'tunnel') {
    if (requestTarget.startsWith('/') || requestTarget.includes('://')) return undefined
    if (requestTarget === '*' && method === 'OPTIONS') return undefined
    return 'target is neither in origin-form nor in absolute-form'
  }
  return !requestTarget.startsWith('/') && requestTarget.includes('://') ? undefined : 'target is not in absolute-form'
}

function checkFields({ method, httpVersion, raw }: RequestHead): string | undefined {
  if (raw.length > 2 * maxFieldCount) return `more than ${maxFieldCount} fields`
  let seen = 0
  let hasBody = false
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i]!.toLowerCase()
    const value = raw[i + 1]!
    if (!token.test(name)) return 'field name is not a token'
    if (!plainValue.test(value)) return `field ${name} has a control character`
    const bit = once.get(name)
    if (bit === undefined) {
      const reason = checkOther(name, value)
      if (reason !== undefined) return reason
      continue
    }
    if ((seen & bit) !== 0) return `field ${name} came twice`
    seen |= bit
    const reason = checkFraming(bit, value, httpVersion)
    if (reason !== undefined) return reason
    hasBody ||= bit === transferEncoding || (bit === contentLength && Number(value) > 0)
  }
  if ((seen & host) === 0 && httpVersion === '1.1') return 'Host is missing'
  if ((seen & contentLength) !== 0 && (seen & transferEncoding) !== 0) return 'Content-Length and Transfer-Encoding'
  return hasBody && withoutContent.has(method) ? `${method} with content` : undefined
}

function checkFraming(bit: number, value: string, httpVersion: string): string | undefined {
  if (bit === host) return hostValue.test(value) ? undefined : 'Host is not a host with an optional port'
  if (bit === contentLength) return lengthValue.test(value) ? undefined : 'Content-Length is not a number'
  if (bit !== transferEncoding) return undefined
  if (httpVersion === '1.0') return 'Transfer-Encoding in HTTP/1.0'
  return value.toLowerCase() === 'chunked' ? undefined : 'Transfer-Encoding is not chunked'
}

function checkOther(name: string, value: string): string | undefined {
  if (name === 'connection') return checkConnection(value)
  if (!name.includes('_')) return undefined
  const dashed = name.replaceAll('_', '-')
  return once.has(dashed) || disguised.has(dashed) ? `field ${name} passes for another` : undefined
}

function checkConnection(value: string): string | undefined {
  if (value.length === 10 || value.length === 5) {
    const option = value.toLowerCase()
    if (option === 'keep-alive' || option === 'close') return undefined
  }
  for (const member of listMembers(value)) {
    if (!mayBeNominated(member.toLowerCase())) return `Connection names ${member}, which is end-to-end`
  }
  return undefined
}
