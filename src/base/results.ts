/** How an exchange was served: one row a result word, with its spelling in the logs of other proxies. */
export interface ResultRow {
  readonly squid: string
  readonly nginx: string
  /** Parameters of Cache-Status (RFC 9211) before `ttl` and `detail`; empty: the field is not sent. */
  readonly cacheStatus: string
  /** Was the client served without waiting for the origin? */
  readonly fromStore: boolean
}

const row = (squid: string, nginx: string, cacheStatus: string, fromStore = false): ResultRow => ({
  squid,
  nginx,
  cacheStatus,
  fromStore,
})

export const results = {
  hit: row('TCP_HIT', 'HIT', 'hit', true),
  'hit-not-modified': row('TCP_IMS_HIT', 'HIT', 'hit', true),
  'hit-negative': row('TCP_NEGATIVE_HIT', 'HIT', 'hit', true),
  'hit-stale': row('TCP_OFFLINE_HIT', 'UPDATING', 'hit', true),
  revalidated: row('TCP_REFRESH_UNMODIFIED', 'REVALIDATED', 'fwd=stale; fwd-status=304'),
  replaced: row('TCP_REFRESH_MODIFIED', 'EXPIRED', 'fwd=stale'),
  'stale-on-error': row('TCP_REFRESH_FAIL_OLD', 'STALE', 'fwd=stale'),
  'refresh-failed': row('TCP_REFRESH_FAIL_ERR', 'EXPIRED', 'fwd=stale'),
  miss: row('TCP_MISS', 'MISS', 'fwd=uri-miss'),
  'miss-variant': row('TCP_MISS', 'MISS', 'fwd=vary-miss'),
  'miss-partial': row('TCP_MISS', 'MISS', 'fwd=partial'),
  'miss-collapsed': row('TCP_CF_MISS', 'HIT', 'fwd=uri-miss; collapsed'),
  'miss-blob-lost': row('TCP_SWAPFAIL_MISS', 'MISS', 'fwd=miss'),
  reload: row('TCP_CLIENT_REFRESH_MISS', 'BYPASS', 'fwd=request'),
  relayed: row('TCP_MISS', 'BYPASS', 'fwd=bypass'),
  tunnelled: row('TCP_TUNNEL', '-', ''),
  denied: row('TCP_DENIED', '-', ''),
  failed: row('TCP_MISS', 'MISS', ''),
} as const satisfies Record<string, ResultRow>

export type Result = keyof typeof results

/** Why a response was not stored: a closed set, never reused for another meaning. */
export const reasonsNotStored = [
  'method',
  'status',
  'no-store',
  'private',
  'authorization',
  'vary-star',
  'partial',
  'no-freshness',
  'rule',
  'too-large',
  'no-space',
  'digest-mismatch',
  'content-changed',
  'client-aborted',
  'store-fault',
  'origin-fault',
] as const

export type ReasonNotStored = (typeof reasonsNotStored)[number]
/** What became of a response's content. */
export type Stored = 'yes' | ReasonNotStored
