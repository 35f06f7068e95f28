import type { CircuitState } from './origin-circuit.ts'
import type { OriginFailure } from './origin-failure.ts'

/** How an origin does, as people and programs may see it. Times are milliseconds since the epoch. */
export interface OriginHealth {
  /** `https://example.org` */
  readonly origin: string
  readonly circuit: CircuitState
  /** Since when it is left alone, and when one request may try it again; `undefined`: it is not left alone. */
  readonly openedAt: number | undefined
  readonly nextProbeAt: number | undefined
  /** Until when it asked to be left alone by Retry-After; `undefined`: it did not, or the time is over. */
  readonly pausedUntilAt: number | undefined
  /** Attempts that failed since the last one that did not. */
  readonly failedInRowCount: number
  readonly lastFailure: (OriginFailure & { readonly at: number }) | undefined
  /** In the last minute. */
  readonly requestCount: number
  readonly retryCount: number
}

/** A failure is trouble for so long, unless a success follows. */
const troubleMs = 10 * 60_000

/** Is there something about this origin that people should know? */
export function isTroubled(health: OriginHealth, nowMs: number): boolean {
  if (health.circuit !== 'closed' || health.pausedUntilAt !== undefined) return true
  return health.failedInRowCount > 0 && nowMs - (health.lastFailure?.at ?? 0) < troubleMs
}
