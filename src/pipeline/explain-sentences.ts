import type { ExchangeEvent } from '../base/events.ts'
import type { ReasonNotStored, Result } from '../base/results.ts'
import { parseCacheControl } from '../http/cache-control.ts'
import type { Fields } from '../http/fields.ts'
import type { ExplainedReuse, LifetimeSource } from '../policy/explain-freshness.ts'

const minuteSeconds = 60
const hourSeconds = 3600
const daySeconds = 86_400

/** Why a response was not stored, as the end of a sentence. */
const notStored: Readonly<Record<ReasonNotStored, string>> = {
  method: 'only responses to GET are stored',
  status: 'responses with its status are not stored',
  'no-store': 'no-store forbids it',
  private: 'it is for one client alone (private or Set-Cookie)',
  authorization: 'the request carries credentials',
  'vary-star': 'Vary: * fits no other request',
  partial: 'it is not known to be complete',
  'no-freshness': 'it is stale from the start and nothing can validate it',
  rule: 'a rule keeps it out of the store',
  'too-large': 'it is too large',
  'no-space': 'the store is full',
  'digest-mismatch': 'its content has another digest than it should',
  'content-changed': 'its content changed where it must not',
  'client-aborted': 'the last client left before it was complete',
  'store-fault': 'the store failed',
  'origin-fault': 'it never came to its end',
}

const sources: Readonly<Record<LifetimeSource, string>> = {
  's-maxage': 'by s-maxage',
  'max-age': 'by max-age',
  expires: 'by Expires',
  class: 'by its class rule',
  negative: 'by the rules for missing files',
  heuristic: 'by a tenth of the time since it was modified',
  signature: 'by the signature in its Location',
  'unknown-age': 'as its Age tells nothing',
  outdated: 'as it was ended by hand',
  none: 'as nothing gives it a lifetime',
}

/** `9 min 58 s`: the two largest units. */
export function spanText(seconds: number): string {
  if (seconds === Number.POSITIVE_INFINITY) return 'ever'
  const whole = Math.floor(Math.abs(seconds))
  if (whole === 0) return 'less than 1 s'
  const parts = [
    `${Math.floor(whole / daySeconds)} d`,
    `${Math.floor((whole % daySeconds) / hourSeconds)} h`,
    `${Math.floor((whole % hourSeconds) / minuteSeconds)} min`,
    `${whole % minuteSeconds} s`,
  ]
  const first = parts.findIndex((part) => !part.startsWith('0 '))
  const largest = parts.slice(first, first + 2)
  return largest.filter((part) => !part.startsWith('0 ')).join(' ')
}

/** `fresh for another 9 min 58 s (by max-age)` */
export function freshText({ ttlSeconds, lifetime }: ExplainedReuse): string {
  if (ttlSeconds === Number.POSITIVE_INFINITY) return 'its class rule says that it never changes'
  return `fresh for another ${spanText(ttlSeconds)} (${sources[lifetime.from]})`
}

/** `stale for 12 s (by max-age)`, or stale from the start. */
export function staleText({ ttlSeconds, lifetime }: ExplainedReuse): string {
  if (lifetime.seconds <= 0) return `stale from the start (${sources[lifetime.from]})`
  return `stale for ${spanText(ttlSeconds)} (${sources[lifetime.from]})`
}

/** Why something stored has to be validated or fetched anew. */
export function validateText(explained: ExplainedReuse, request: Fields): string {
  const { verdict } = explained
  if (verdict.kind !== 'validate') return 'it is validated behind the back of a client'
  switch (verdict.reason) {
    case 'stale':
      return `it is ${staleText(explained)}`
    case 'request':
      return `the request asks for it (${wishes(request)})`
    case 'no-cache':
      return 'the response wants each use validated'
  }
}

/** The directives of a request that forbid to use what is stored as it is. */
function wishes(request: Fields): string {
  const { noCache, maxAgeSeconds, minFreshSeconds } = parseCacheControl(request.get('cache-control'))
  const found = [
    ...(noCache ? ['no-cache'] : []),
    ...(maxAgeSeconds === undefined ? [] : [`max-age=${maxAgeSeconds}`]),
    ...(minFreshSeconds === undefined ? [] : [`min-fresh=${minFreshSeconds}`]),
  ]
  return found.length === 0 ? 'Pragma: no-cache' : found.join(', ')
}

export function notStoredText(reason: ReasonNotStored): string {
  return notStored[reason]
}

/** What happened to a finished exchange. `reuse`: of what it found in the store. */
export function pastSentence(
  event: ExchangeEvent,
  reuse: ExplainedReuse | undefined,
  request: Fields,
  isOffline = false,
): string {
  const { result, stored, fault, detail } = event
  const failure = fault === undefined ? 'the origin failed' : `${fault}${detail === undefined ? '' : `: ${detail}`}`
  const because = reuse === undefined ? '' : `, because ${validateText(reuse, request)}`
  const fresh = reuse === undefined ? '' : `: ${reuse.verdict.kind === 'fresh' ? freshText(reuse) : staleText(reuse)}`
  const instead = event.mirror === undefined ? '' : `, from ${event.mirror} in place of the asked origin`
  const sentence = past[result]({ failure, because, fresh, isOffline }) + instead
  if (stored === undefined || fault !== undefined) return `${sentence}.`
  return stored === 'yes' ? `${sentence}. It was stored.` : `${sentence}. It was not stored: ${notStored[stored]}.`
}

interface PastParts {
  readonly failure: string
  readonly because: string
  readonly fresh: string
  readonly isOffline: boolean
}

const past: Readonly<Record<Result, (parts: PastParts) => string>> = {
  hit: ({ fresh }) => `Served from the store${fresh}`,
  'hit-not-modified': ({ fresh }) => `The client has what is stored${fresh}`,
  'hit-negative': ({ fresh }) => `Served from the store, where it is known to be missing${fresh}`,
  'hit-stale': ({ fresh, isOffline }) =>
    `Served from the store although stale, ${isOffline ? 'as no origin is asked (--offline)' : 'and validated behind it'}${fresh}`,
  revalidated: ({ because }) => `The origin confirmed what is stored; it was asked${because || ' for another client'}`,
  replaced: ({ because }) => `The origin sent another response than the stored one; it was asked${because}`,
  'stale-on-error': ({ failure }) => `What is stored stood in for the origin (${failure})`,
  'refresh-failed': ({ failure }) =>
    `What is stored had to be validated and may not stand in for the origin (${failure})`,
  miss: () => 'Fetched from the origin: nothing was stored under the key',
  'miss-variant': () => 'Fetched from the origin: what was stored is for other requests',
  'miss-partial': () => 'Fetched from the origin: what was stored is only a part',
  'miss-collapsed': () => 'Shared with another client while it came from the origin',
  'miss-blob-lost': () => 'Fetched from the origin: the stored content was gone',
  reload: ({ because }) => `Fetched from the origin${because || ', because the request asked for it'}`,
  relayed: () => 'Passed on without the store',
  tunnelled: () => 'A tunnel, passed through unread: nothing in it was seen or stored',
  denied: ({ failure }) => `Refused (${failure})`,
  failed: ({ failure }) => `Failed (${failure})`,
}
