import { parseEntityTag, strongMatch, weakMatch } from '../http/entity-tag.ts'
import { isHopByHop } from '../http/field-names.ts'
import { Fields, type RawFields } from '../http/fields.ts'
import { parseHttpDate } from '../http/http-date.ts'
import type { Profile } from './profile.ts'
import type { ResponseRecord } from './response-record.ts'
import { leadsToSignature } from './signed-redirect.ts'

export interface NotModified {
  readonly fields: RawFields
  readonly requestedAt: number
  readonly receivedAt: number
}

/** Fields of a 304 that say nothing about the stored content, or that may not be stored (RFC 9111 section 3.2). */
const kept = new Set([
  'content-encoding',
  'content-length',
  'content-range',
  'content-digest',
  'content-md5',
  'repr-digest',
])
/** Fields that describe the old exchange: without a successor in the 304 they must not be taken for the new one's. */
const ofExchange = new Set(['age', 'date'])

/** The condition to validate `stored` with: raw fields, empty without a validator (RFC 9111 section 4.3.1). */
export function validationFields(stored: Pick<ResponseRecord, 'fields'>): string[] {
  const fields = new Fields(stored.fields)
  const condition: string[] = []
  // A 304 would make a redirect fresh whose signature has ended.
  if (leadsToSignature(fields)) return condition
  const tag = fields.get('etag')
  // An origin that breaks the syntax (no quotes) still knows its own tag; two tags at once are no validator.
  if (tag !== undefined && (parseEntityTag(tag) !== undefined || /^[!-+.-~-]+$/.test(tag))) {
    condition.push('If-None-Match', tag)
  }
  const modified = fields.get('last-modified')
  if (modified !== undefined && parseHttpDate(modified) !== undefined) condition.push('If-Modified-Since', modified)
  return condition
}

/** Is a 304 with these fields about `stored` at all? Not when it names another representation (RFC 9111 section 4.3.4). */
export function confirms(stored: Pick<ResponseRecord, 'fields'>, notModified: RawFields): boolean {
  const now = parseEntityTag(new Fields(notModified).get('etag'))
  const before = parseEntityTag(new Fields(stored.fields).get('etag'))
  if (now === undefined || before === undefined) return true
  return now.weak || before.weak ? weakMatch(now, before) : strongMatch(now, before)
}

/** `stored` with the fields of the 304 that confirmed it, known ones replaced and new ones added (RFC 9111 section 3.2). */
export function freshened<T extends ResponseRecord>(stored: T, notModified: NotModified, profile: Profile): T {
  const update: string[] = []
  const replaced = new Set(ofExchange)
  for (let i = 0; i + 1 < notModified.fields.length; i += 2) {
    const name = notModified.fields[i]!.toLowerCase()
    if (kept.has(name) || isHopByHop(name) || (profile === 'builds' && name === 'set-cookie')) continue
    replaced.add(name)
    update.push(notModified.fields[i]!, notModified.fields[i + 1]!)
  }
  const fields: string[] = []
  for (let i = 0; i + 1 < stored.fields.length; i += 2) {
    if (!replaced.has(stored.fields[i]!.toLowerCase())) fields.push(stored.fields[i]!, stored.fields[i + 1]!)
  }
  const { requestedAt, receivedAt } = notModified
  return { ...stored, fields: [...fields, ...update], requestedAt, receivedAt }
}
