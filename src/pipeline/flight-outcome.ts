import type { Fault } from '../base/faults.ts'
import type { CachedResponse } from './cached-response.ts'
import type { GrowingResponse } from './growing-response.ts'

/** What a leader tells its followers, as soon as it knows. */
export type FlightOutcome =
  | { readonly kind: 'filling'; readonly growing: GrowingResponse }
  | { readonly kind: 'validated'; readonly cached: CachedResponse }
  /** The origin answered with an error; stale content may do instead. */
  | { readonly kind: 'stale' }
  | { readonly kind: 'unshared' }
  | { readonly kind: 'failed'; readonly fault: Fault }
