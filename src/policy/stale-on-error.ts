import type { FaultCode } from '../base/faults.ts'
import { parseCacheControl } from '../http/cache-control.ts'
import type { Fields } from '../http/fields.ts'
import { currentAgeSeconds, type FreshnessProfile } from './freshness.ts'
import { requestsNoCache } from './reuse.ts'

/** Faults that leave us disconnected from the origin: then stale content may be served (RFC 9111 section 4.2.4). */
const disconnected: ReadonlySet<FaultCode> = new Set([
  'ORIGIN_DNS_FAILED',
  'ORIGIN_DNS_TIMEOUT',
  'ORIGIN_CONNECT_REFUSED',
  'ORIGIN_CONNECT_TIMEOUT',
  'ORIGIN_CONNECTION_LOST',
  'ORIGIN_HEAD_TIMEOUT',
  'ORIGIN_CIRCUIT_OPEN',
  'ORIGIN_BUSY',
])
/**
 * May a stored response stand in for an origin that failed (RFC 5861 section 4)? `fault`: what happened where no response came. Never against must-revalidate and its
 * like, nor against a client's no-cache unless a class rule knows that its clients always send it.
 */
export function mayServeStaleOnError(
  stored: FreshnessProfile,
  nowMs: number,
  request: Fields,
  fault?: FaultCode,
): boolean {
  if (stored.mustRevalidate || stored.noCache) return false
  if (stored.class !== 'immutable' && stored.class !== 'revalidate' && requestsNoCache(request)) return false
  const directives = parseCacheControl(request.get('cache-control'))
  const allowed = Math.max(
    stored.staleIfErrorSeconds,
    directives.staleIfErrorSeconds ?? 0,
    directives.maxStaleSeconds ?? 0,
    isDisconnected(fault) ? stored.staleIfDisconnectedSeconds : 0,
  )
  const staleSeconds = currentAgeSeconds(stored, nowMs) - stored.lifetimeSeconds
  return staleSeconds < 0 || staleSeconds <= allowed
}

function isDisconnected(fault: FaultCode | undefined): boolean {
  return fault !== undefined && disconnected.has(fault)
}
