import type { Clock } from '../base/clock.ts'
import type { Observer } from '../base/events.ts'
import type { Fault } from '../base/faults.ts'
import type { TargetUri } from '../http/target-uri.ts'
import type { KeyTerms } from '../key/cache-key.ts'
import type { LeavingLimits } from '../policy/leaving.ts'
import type { Profile } from '../policy/profile.ts'
import type { SparseLimits } from '../policy/sparse.ts'
import type { BlobStore } from '../store/blob-store.ts'
import type { HotResponses } from '../store/hot-responses.ts'
import type { ResponseIndex } from '../store/response-index.ts'
import type { Flights } from '../upstream/flights.ts'
import type { OriginFetcher } from '../upstream/origin-fetcher.ts'
import type { CachedResponse } from './cached-response.ts'
import type { Exchange } from './exchange.ts'
import type { Fills } from './fills.ts'
import type { FlightOutcome } from './flight-outcome.ts'
import type { RecentExchanges } from './recent-exchanges.ts'
import type { SignedGrants } from './signed-grants.ts'
import type { StoreHealth } from './store-health.ts'

/** Everything that the steps may use. Built once, in `app/`. */
export interface Services {
  readonly clock: Clock
  readonly observer: Observer
  /** What finished last, for those who ask why. */
  readonly recent: RecentExchanges
  readonly profile: Profile
  /** Is no origin ever asked? */
  readonly isOffline: boolean
  readonly blobs: BlobStore
  readonly index: ResponseIndex
  readonly storeHealth: StoreHealth
  readonly hot: HotResponses<readonly CachedResponse[]>
  /** Counts for eviction that a response was asked for; answers the number of its entry, to be given next time. */
  readonly touch: (key: string, slot: number) => number
  readonly flights: Flights<FlightOutcome>
  readonly fills: Fills
  /** What a fill may cost that nobody reads. */
  readonly leaving: LeavingLimits
  /** How large responses are fetched out of their order. */
  readonly sparse: SparseLimits
  /** How cache keys are made. */
  readonly keyTerms: KeyTerms
  /** The signed URLs that everybody may have. */
  readonly grants: SignedGrants
  readonly origins: OriginFetcher
  /** Runs an exchange that no client waits for, from `lookup` on. */
  readonly runLater: (exchange: Exchange) => void
  readonly parseTarget: (text: string) => TargetUri | { readonly invalid: string }
  /** Is this host (when it is an address) and port the proxy itself? */
  readonly selfCheck: (host: string, port: number) => Fault | undefined
  /** May content of this host that comes over TLS be read, as `intercept` and `splice` say? */
  readonly mayRead: (host: string) => boolean
  /** May this target be asked for at all? */
  readonly urlCheck: (target: TargetUri) => Fault | undefined
}
