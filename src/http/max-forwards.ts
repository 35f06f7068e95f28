import type { Fields } from './fields.ts'

/** The methods that the proxy passes on, as Allow lists them (RFC 9110 section 10.2.1). */
export const allowedMethods = 'CONNECT, DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT, TRACE'

/** Fields that an echo must not show to whoever reads the answer (RFC 9110 section 9.3.8). */
const secret = /^(?:authorization|proxy-.*|cookie2?)$/i

/**
 * How often a TRACE or OPTIONS may still be forwarded (RFC 9110 section 7.6.2); `undefined`: no limit is given, or the
 * method has none; `invalid`: the field is no number.
 */
export function forwardsLeft(method: string, fields: Fields): number | undefined | 'invalid' {
  if (method !== 'TRACE' && method !== 'OPTIONS') return undefined
  const value = fields.get('max-forwards')
  if (value === undefined) return undefined
  return /^[0-9]{1,9}$/.test(value) ? Number(value) : 'invalid'
}

/** A request head as a TRACE shows it: a message of type `message/http`, without what is secret (RFC 9110 section 9.3.8). */
export function tracedHead(requestTarget: string, httpVersion: string, fields: Fields): string {
  let text = `TRACE ${requestTarget} HTTP/${httpVersion}\r\n`
  const { raw } = fields
  for (let i = 0; i + 1 < raw.length; i += 2) if (!secret.test(raw[i]!)) text += `${raw[i]}: ${raw[i + 1]}\r\n`
  return `${text}\r\n`
}
