import { parseCacheControl } from '../http/cache-control.ts'
import type { Fields } from '../http/fields.ts'
import { currentAgeSeconds, type FreshnessProfile } from './freshness.ts'

/** May a stored response answer a request? Times to live are negative once it is stale. */
export type Reuse =
  | { readonly kind: 'fresh'; readonly ageSeconds: number; readonly ttlSeconds: number }
  | {
      readonly kind: 'stale-usable'
      readonly ageSeconds: number
      readonly ttlSeconds: number
      readonly reason: 'max-stale' | 'stale-while-revalidate' | 'offline'
    }
  | { readonly kind: 'validate'; readonly ageSeconds: number; readonly reason: 'stale' | 'request' | 'no-cache' }

/** Clients that ask for validation with every request get one in so many seconds, where a class rule allows it. */
const validationPauseMs = 10_000

/** What a request demands beyond freshness; `undefined`: nothing. */
interface Demands {
  readonly noCache: boolean
  readonly maxAgeSeconds: number | undefined
  readonly minFreshSeconds: number
  readonly maxStaleSeconds: number | undefined
}

/** Decides reuse at `nowMs` (RFC 9111 section 4). Without Cache-Control and Pragma it costs a few comparisons. */
export function reuse(request: { readonly fields: Fields }, stored: FreshnessProfile, nowMs: number): Reuse {
  const ageSeconds = currentAgeSeconds(stored, nowMs)
  if (stored.noCache) return { kind: 'validate', reason: 'no-cache', ageSeconds }
  const ttlSeconds = stored.lifetimeSeconds - ageSeconds
  const demands = demandsOf(request.fields, stored, nowMs)
  if (demands !== undefined && !isMet(demands, ageSeconds, ttlSeconds)) {
    return { kind: 'validate', reason: 'request', ageSeconds }
  }
  if (ttlSeconds > 0) return { kind: 'fresh', ageSeconds, ttlSeconds }
  const reason = stored.mustRevalidate ? undefined : staleReason(stored, demands, ttlSeconds)
  if (reason === undefined) return { kind: 'validate', reason: 'stale', ageSeconds }
  return { kind: 'stale-usable', ageSeconds, ttlSeconds, reason }
}

/**
 * Decides reuse where no origin can be asked: whatever the age, unless its origin forbids stale use (RFC 9111 section 4.2.4).
 * What the request wishes does not count, as its directives are advisory (section 5.2.1).
 */
export function reuseOffline(stored: FreshnessProfile, nowMs: number): Reuse {
  const ageSeconds = currentAgeSeconds(stored, nowMs)
  if (stored.noCache) return { kind: 'validate', reason: 'no-cache', ageSeconds }
  const ttlSeconds = stored.lifetimeSeconds - ageSeconds
  if (ttlSeconds > 0) return { kind: 'fresh', ageSeconds, ttlSeconds }
  if (stored.mustRevalidate) return { kind: 'validate', reason: 'stale', ageSeconds }
  return { kind: 'stale-usable', ageSeconds, ttlSeconds, reason: 'offline' }
}

/** Pragma counts only where there is no Cache-Control (RFC 9111 section 5.4). */
export function requestsNoCache(fields: Fields): boolean {
  const value = fields.get('cache-control')
  if (value !== undefined) return parseCacheControl(value).noCache
  const pragma = fields.get('pragma')
  return pragma !== undefined && /(?:^|,)\s*no-cache\s*(?:,|$)/i.test(pragma)
}

function demandsOf(fields: Fields, stored: FreshnessProfile, nowMs: number): Demands | undefined {
  const value = fields.get('cache-control')
  if (value === undefined && fields.get('pragma') === undefined) return undefined
  if (stored.class === 'immutable') return undefined
  const directives = parseCacheControl(value)
  const demands: Demands = {
    noCache: requestsNoCache(fields),
    maxAgeSeconds: directives.maxAgeSeconds,
    minFreshSeconds: directives.minFreshSeconds ?? 0,
    maxStaleSeconds: directives.maxStaleSeconds,
  }
  const pauses = stored.class === 'revalidate' || stored.class === 'ttl'
  if (!pauses || nowMs - stored.receivedAt >= validationPauseMs) return demands
  return { ...demands, noCache: false, maxAgeSeconds: undefined }
}

/** RFC 9111 sections 5.2.1.1, 5.2.1.3 and 5.2.1.4. */
function isMet(demands: Demands, ageSeconds: number, ttlSeconds: number): boolean {
  const { noCache, maxAgeSeconds, minFreshSeconds } = demands
  if (noCache) return false
  if (maxAgeSeconds !== undefined && (ageSeconds > maxAgeSeconds || maxAgeSeconds === 0)) return false
  return minFreshSeconds === 0 || ttlSeconds >= minFreshSeconds
}

/** Why a stale response that need not be validated first may be used (RFC 9111 section 5.2.1.2, RFC 5861 section 3). */
function staleReason(
  stored: FreshnessProfile,
  demands: Demands | undefined,
  ttlSeconds: number,
): 'max-stale' | 'stale-while-revalidate' | undefined {
  if (demands?.maxStaleSeconds !== undefined && -ttlSeconds <= demands.maxStaleSeconds) return 'max-stale'
  return -ttlSeconds < stored.staleWhileRevalidateSeconds ? 'stale-while-revalidate' : undefined
}
