import type { ReasonNotStored } from '../base/results.ts'
import type { ClassRule } from '../ecosystem/class-rule.ts'
import { type CacheControl, parseCacheControl } from '../http/cache-control.ts'
import type { Fields } from '../http/fields.ts'
import { parseHttpDate } from '../http/http-date.ts'
import { listMembers } from '../http/list.ts'
import { freshnessLifetimeSeconds } from './lifetime.ts'
import type { Profile } from './profile.ts'
import { signedRedirectSeconds } from './signed-redirect.ts'

export interface JudgedRequest {
  readonly method: string
  readonly fields: Fields
}

export interface JudgedResponse {
  readonly status: number
  readonly fields: Fields
  /** How the end of the content is known; only a declared end proves completeness (CORRECTNESS M11). */
  readonly framing: 'length' | 'chunked' | 'close' | 'none'
}

export type Storability = { readonly storable: true } | { readonly storable: false; readonly reason: ReasonNotStored }

const storable: Storability = { storable: true }

/** Final statuses that are understood and stored; errors of the client or server never are (CORRECTNESS T12). */
const storedStatuses = new Set([200, 203, 204, 300, 301, 308, 404, 410])

/** May a shared cache store this response (RFC 9111 section 3)? */
export function storability(
  request: JudgedRequest,
  response: JudgedResponse,
  rule: ClassRule,
  profile: Profile,
): Storability {
  const directives = parseCacheControl(response.fields.get('cache-control'))
  const reason =
    refusedByKind(request, response, rule) ??
    refusedByDirective(request, response.fields, directives) ??
    refusedByCredentials(request.fields, directives) ??
    refusedAsUseless(response, directives, rule, profile)
  return reason === undefined ? storable : { storable: false, reason }
}

function refusedByKind(request: JudgedRequest, response: JudgedResponse, rule: ClassRule): ReasonNotStored | undefined {
  if (request.method !== 'GET') return 'method'
  if (rule.class === 'pass') return 'rule'
  if (response.status === 206 || response.framing === 'close' || response.fields.has('content-range')) return 'partial'
  if (!storedStatuses.has(response.status)) return 'status'
  // What leads to a place that soon expires is not kept for longer (CORRECTNESS T34).
  const now = parseHttpDate(response.fields.get('date') ?? '') ?? 0
  return signedRedirectSeconds(response.status, response.fields, now) === 0 ? 'rule' : undefined
}

/** Every status that passes `refusedByKind` is understood, so must-understand lifts no-store (RFC 9111 section 5.2.2.3). */
function refusedByDirective(
  request: JudgedRequest,
  fields: Fields,
  directives: CacheControl,
): ReasonNotStored | undefined {
  if (parseCacheControl(request.fields.get('cache-control')).noStore) return 'no-store'
  if (directives.noStore && !directives.mustUnderstand) return 'no-store'
  if (directives.private || directives.privateFields.some((name) => fields.has(name))) return 'private'
  if (fields.has('set-cookie')) return 'private'
  return listMembers(fields.get('vary') ?? '').includes('*') ? 'vary-star' : undefined
}

/** RFC 9111 section 3.5; a Cookie is a credential as well (CORRECTNESS T14). */
function refusedByCredentials(request: Fields, directives: CacheControl): ReasonNotStored | undefined {
  if (directives.public) return undefined
  if (request.has('cookie')) return 'authorization'
  if (directives.mustRevalidate || directives.sMaxAgeSeconds !== undefined) return undefined
  return request.has('authorization') ? 'authorization' : undefined
}

/** A response that is never fresh and cannot be validated would never be used. */
function refusedAsUseless(
  response: JudgedResponse,
  directives: CacheControl,
  rule: ClassRule,
  profile: Profile,
): ReasonNotStored | undefined {
  const { status, fields } = response
  const receivedAt = parseHttpDate(fields.get('date') ?? '') ?? 0
  const record = { status, fields: fields.raw, requestedAt: receivedAt, receivedAt }
  if (!directives.noCache && freshnessLifetimeSeconds(record, rule, profile) > 0) return undefined
  if (status === 404 || status === 410) return 'no-freshness'
  const lastModified = fields.get('last-modified')
  const hasValidator = fields.has('etag') || (lastModified !== undefined && parseHttpDate(lastModified) !== undefined)
  return hasValidator ? undefined : 'no-freshness'
}
