import type { OriginHealth } from '../upstream/origin-health.ts'

/** How an origin does, as `GET /v1/origins` and `larder status` tell it. Times as in RFC 3339; `null`: it does not apply. */
export interface OriginView {
  readonly origin: string
  readonly circuit: OriginHealth['circuit']
  readonly openSince: string | null
  readonly nextProbe: string | null
  /** The origin asked to be left alone until then. */
  readonly pausedUntil: string | null
  readonly failuresInARow: number
  readonly lastFault: { readonly code: string; readonly detail: string; readonly at: string } | null
  readonly requestsLastMinute: number
  readonly retriesLastMinute: number
}

export function originView(health: OriginHealth): OriginView {
  const { lastFailure } = health
  return {
    origin: health.origin,
    circuit: health.circuit,
    openSince: timeText(health.openedAt),
    nextProbe: timeText(health.nextProbeAt),
    pausedUntil: timeText(health.pausedUntilAt),
    failuresInARow: health.failedInRowCount,
    lastFault: lastFailure === undefined ? null : { ...lastFailure, at: new Date(lastFailure.at).toISOString() },
    requestsLastMinute: health.requestCount,
    retriesLastMinute: health.retryCount,
  }
}

function timeText(at: number | undefined): string | null {
  return at === undefined ? null : new Date(at).toISOString()
}
