import { type Digest, reprDigest } from '../base/digest.ts'
import { parseEntityTag, strongMatch, weakMatch } from '../http/entity-tag.ts'
import { Fields } from '../http/fields.ts'
import { listMembers } from '../http/list.ts'
import type { OriginRequest, OriginResponse, StoredVersion } from './origin-fetcher.ts'

/**
 * May this answer of a mirror stand for that of the asked origin? The rest of a response must have the strong entity tag of what
 * was had; where something is stored, the answer must be about the same version. Errors, redirects and missing files stand for nobody's.
 */
export function agrees(request: OriginRequest, answer: OriginResponse, stored: StoredVersion | undefined): boolean {
  const asked = new Fields(request.fields)
  const told = new Fields(answer.fields)
  const condition = asked.get('if-range')
  // The beginning of a response that was cut is out; one that is stored may still be replaced as a whole.
  const mustGoOn = answer.status === 206 || (answer.status === 200 && request.attempts?.cut !== undefined)
  if (condition !== undefined && mustGoOn) {
    return strongMatch(parseEntityTag(condition), parseEntityTag(told.get('etag')))
  }
  if (answer.status === 304) return stored !== undefined && isUnmodified(asked, told, new Fields(stored.fields))
  if (answer.status !== 200) return false
  return stored === undefined || isSameVersion(told, sizeOf(answer, told), stored)
}

/**
 * The digest that would prove, at the end of the answer's content, that it is the stored version although no validator says so;
 * `undefined`: nothing could.
 */
export function provableBy(
  request: OriginRequest,
  answer: OriginResponse,
  stored: StoredVersion | undefined,
): Digest | undefined {
  if (stored === undefined || request.method !== 'GET' || answer.status !== 200) return undefined
  if (answer.declaredBytes !== stored.sizeBytes || new Fields(request.fields).has('if-range')) return undefined
  return codingOf(new Fields(answer.fields)) === codingOf(new Fields(stored.fields)) ? stored.digest : undefined
}

function codingOf(fields: Fields): string {
  return fields.get('content-encoding') ?? ''
}

/** A date alone says of an older file, too, that it was not modified since: then its own must be the same. */
function isUnmodified(asked: Fields, told: Fields, stored: Fields): boolean {
  const tag = parseEntityTag(told.get('etag'))
  const known = parseEntityTag(stored.get('etag'))
  if (tag !== undefined && known !== undefined && !weakMatch(tag, known)) return false
  const modified = told.get('last-modified')
  if (modified !== undefined) return modified === stored.get('last-modified')
  return asked.has('if-none-match')
}

function isSameVersion(told: Fields, sizeBytes: number | undefined, stored: StoredVersion): boolean {
  const before = new Fields(stored.fields)
  if (sizeBytes !== undefined && sizeBytes !== stored.sizeBytes) return false
  if (codingOf(told) !== codingOf(before)) return false
  if (stored.digest !== undefined && tellsDigest(told, stored.digest)) return true
  if (strongMatch(parseEntityTag(told.get('etag')), parseEntityTag(before.get('etag')))) return true
  const modified = told.get('last-modified')
  return sizeBytes !== undefined && modified !== undefined && modified === before.get('last-modified')
}

/** RFC 9530 section 3. */
function tellsDigest(told: Fields, digest: Digest): boolean {
  return listMembers(told.get('repr-digest') ?? '').includes(reprDigest(digest))
}

function sizeOf({ declaredBytes }: OriginResponse, told: Fields): number | undefined {
  const text = told.get('content-length')
  return declaredBytes ?? (text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined)
}
