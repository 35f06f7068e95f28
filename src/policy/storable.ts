import type { ReasonNotStored } from '../base/results.ts'
import type { ClassRule } from '../ecosystem/class-rule.ts'
import { type CacheControl, parseCacheControl } from '../http/cache-control.ts'
import type { Fields } from '../http/fields.ts'
import { parseHttpDate } from '../http/http-date.ts'
import { listMembers } from '../http/list.ts'
import { lifetimeSeconds } from './lifetime.ts'
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

/** Final statuses that are stored; under the profile `builds` errors of the client or server never are (CORRECTNESS T12). */
const storedStatuses = new Set([200, 203, 204, 300, 301, 308, 404, 410])
/** Those and the others whose rules of caching are kept here, so that must-understand may count on it. */
const understoodStatuses = new Set([...storedStatuses, 302, 303, 307, 405, 414, 501])

/** These speak of a condition or a range of one request alone. */
const neverStored = new Set([304, 416])

/** May a shared cache store this response (RFC 9111 section 3)? */
export function storability(
  request: JudgedRequest,
  response: JudgedResponse,
  rule: ClassRule,
  profile: Profile,
): Storability {
  const directives = parseCacheControl(response.fields.get('cache-control'))
  const reason =
    refusedByKind(request, response, rule, profile) ??
    refusedByDirective(request, response, directives, profile) ??
    refusedByCredentials(request.fields, directives, profile) ??
    refusedAsUseless(response, directives, rule, profile)
  return reason === undefined ? storable : { storable: false, reason }
}

function refusedByKind(
  request: JudgedRequest,
  response: JudgedResponse,
  rule: ClassRule,
  profile: Profile,
): ReasonNotStored | undefined {
  if (request.method !== 'GET') return 'method'
  if (profile === 'builds' && rule.class === 'pass') return 'rule'
  if (isPartial(response)) return 'partial'
  if (profile === 'builds' ? !storedStatuses.has(response.status) : neverStored.has(response.status)) return 'status'
  // What leads to a place that soon expires is not kept for longer (CORRECTNESS T34).
  const now = parseHttpDate(response.fields.get('date') ?? '') ?? 0
  return signedRedirectSeconds(response.status, response.fields, now) === 0 ? 'rule' : undefined
}

/** Content-Range means nothing outside of 206 and 416 (RFC 9110 section 14.4); one that is well formed is not to be trusted to mean nothing. */
function isPartial({ status, framing, fields }: JudgedResponse): boolean {
  return status === 206 || framing === 'close' || /^\s*bytes\s/i.test(fields.get('content-range') ?? '')
}

/** must-understand lifts no-store for a status that is understood, and forbids all others (RFC 9111 section 5.2.2.3). */
function refusedByDirective(
  request: JudgedRequest,
  { status, fields }: JudgedResponse,
  directives: CacheControl,
  profile: Profile,
): ReasonNotStored | undefined {
  if (parseCacheControl(request.fields.get('cache-control')).noStore) return 'no-store'
  if (directives.mustUnderstand) {
    if (!understoodStatuses.has(status)) return 'status'
  } else if (directives.noStore) return 'no-store'
  if (directives.private || directives.privateFields.some((name) => fields.has(name))) return 'private'
  if (profile === 'builds' && fields.has('set-cookie')) return 'private'
  return listMembers(fields.get('vary') ?? '').includes('*') ? 'vary-star' : undefined
}

/** RFC 9111 section 3.5; under the profile `builds` a Cookie is a credential as well (CORRECTNESS T14). */
function refusedByCredentials(
  request: Fields,
  directives: CacheControl,
  profile: Profile,
): ReasonNotStored | undefined {
  if (directives.public) return undefined
  if (profile === 'builds' && request.has('cookie')) return 'authorization'
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
  const signs = { status, fields, directives, receivedAt }
  if (!directives.noCache && lifetimeSeconds(signs, rule, profile) > 0) return undefined
  if (status === 404 || status === 410) return 'no-freshness'
  const lastModified = fields.get('last-modified')
  const hasValidator = fields.has('etag') || (lastModified !== undefined && parseHttpDate(lastModified) !== undefined)
  return hasValidator ? undefined : 'no-freshness'
}
