import { parseEntityTag, parseEntityTags, strongMatch, weakMatch } from './entity-tag.ts'
import type { Fields } from './fields.ts'
import { parseHttpDate } from './http-date.ts'

/** The response that would be sent without the conditions. */
export interface SelectedResponse {
  readonly fields: Fields
  readonly status: number
}

/**
 * Last-Modified is a strong validator only when it is well before Date: the representation could change twice within a second, and the
 * two may come from clocks that differ (RFC 9110 section 8.8.2.2).
 */
const strongAfterMs = 60_000

export type ConditionOutcome = 'proceed' | 'not-modified' | 'precondition-failed'

/**
 * Evaluates the conditions of a GET or HEAD in the order of RFC 9110 section 13.2.2. A cache may ignore If-Match and
 * If-Unmodified-Since, but clients resume downloads with them: ignoring them would join bytes of two versions.
 */
export function evaluateConditions(request: Fields, selected: SelectedResponse): ConditionOutcome {
  if (selected.status < 200 || selected.status > 299) return 'proceed'
  const match = request.get('if-match')
  if (match !== undefined) {
    if (!isListed(match, selected.fields, strongMatch)) return 'precondition-failed'
  } else if (isModifiedAfter(request.get('if-unmodified-since'), selected.fields)) return 'precondition-failed'
  const noneMatch = request.get('if-none-match')
  if (noneMatch !== undefined) return isListed(noneMatch, selected.fields, weakMatch) ? 'not-modified' : 'proceed'
  return isUnmodifiedSince(request.get('if-modified-since'), selected.fields) ? 'not-modified' : 'proceed'
}

/** May the Range of the request be applied to `selected`? Strong comparison only (RFC 9110 section 13.1.5). */
export function ifRangeHolds(request: Fields, selected: SelectedResponse): boolean {
  const value = request.get('if-range')
  if (value === undefined) return true
  const tag = parseEntityTag(value)
  if (tag !== undefined) return strongMatch(tag, parseEntityTag(selected.fields.get('etag')))
  const wanted = parseHttpDate(value)
  const modified = dateOf(selected.fields, 'last-modified')
  const date = dateOf(selected.fields, 'date')
  return wanted !== undefined && wanted === modified && date !== undefined && date >= modified + strongAfterMs
}

function isListed(list: string, selected: Fields, matches: typeof strongMatch): boolean {
  const tags = parseEntityTags(list)
  if (tags === '*') return true
  const own = parseEntityTag(selected.get('etag'))
  return own !== undefined && tags.some((tag) => matches(tag, own))
}

function isModifiedAfter(condition: string | undefined, selected: Fields): boolean {
  const limit = condition === undefined ? undefined : parseHttpDate(condition)
  const modified = limit === undefined ? undefined : dateOf(selected, 'last-modified')
  return modified !== undefined && modified > limit!
}

/** Without Last-Modified, Date stands in for it (RFC 9111 section 4.3.2). */
function isUnmodifiedSince(condition: string | undefined, selected: Fields): boolean {
  const limit = condition === undefined ? undefined : parseHttpDate(condition)
  if (limit === undefined) return false
  const modified = selected.has('last-modified') ? dateOf(selected, 'last-modified') : dateOf(selected, 'date')
  return modified !== undefined && modified <= limit
}

function dateOf(fields: Fields, name: string): number | undefined {
  const text = fields.get(name)
  return text === undefined ? undefined : parseHttpDate(text)
}
