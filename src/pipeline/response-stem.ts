import { type Digest, reprDigest } from '../base/digest.ts'
import type { RawFields } from '../http/fields.ts'
import { formatHttpDate } from '../http/http-date.ts'

/** Our name in Via, Cache-Status and Proxy-Status. */
export const pseudonym = 'larder'
export const viaValue = `1.1 ${pseudonym}`

/**
 * The fields that every use of a response repeats: the origin's own, without Age unless `keepAge`, with Date (RFC 9110 section 6.6.1),
 * Via and, where the whole representation is known, Repr-Digest (RFC 9530 section 3).
 */
export function responseStem(
  fields: RawFields,
  receivedAt: number,
  digest: Digest | undefined,
  keepAge = false,
): string[] {
  const stem: string[] = []
  let dated = false
  let digested = digest === undefined
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const name = fields[i]!.toLowerCase()
    if (name === 'age' && !keepAge) continue
    if (name === 'date') dated = true
    if (name === 'repr-digest') digested = true
    stem.push(fields[i]!, fields[i + 1]!)
  }
  if (!dated) stem.push('Date', formatHttpDate(receivedAt))
  if (!digested) stem.push('Repr-Digest', reprDigest(digest!))
  stem.push('Via', viaValue)
  return stem
}
