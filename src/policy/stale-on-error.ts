import { parseCacheControl } from '../http/cache-control.ts'
import type { Fields } from '../http/fields.ts'
import { currentAgeSeconds, type FreshnessProfile } from './freshness.ts'
import { requestsNoCache } from './reuse.ts'

/**
 * May a stored response stand in for an origin that failed (RFC 5861 section 4)? Never against must-revalidate and its
 * like, nor against a client's no-cache unless a class rule knows that its clients always send it.
 */
export function mayServeStaleOnError(stored: FreshnessProfile, nowMs: number, request: Fields): boolean {
  if (stored.mustRevalidate || stored.noCache) return false
  if (stored.class !== 'immutable' && stored.class !== 'revalidate' && requestsNoCache(request)) return false
  const directives = parseCacheControl(request.get('cache-control'))
  const allowed = Math.max(
    stored.staleIfErrorSeconds,
    directives.staleIfErrorSeconds ?? 0,
    directives.maxStaleSeconds ?? 0,
  )
  const staleSeconds = currentAgeSeconds(stored, nowMs) - stored.lifetimeSeconds
  return staleSeconds < 0 || staleSeconds <= allowed
}
