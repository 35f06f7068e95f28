import { listMembers, unquoted } from './list.ts'

/** The directives of Cache-Control in a request or a response (RFC 9111 section 5.2, RFC 5861, RFC 8246). */
export interface CacheControl {
  readonly noStore: boolean
  /** Unqualified; the qualified form names fields in `noCacheFields`. */
  readonly noCache: boolean
  /** Lower-case names, empty without the qualified form. */
  readonly noCacheFields: readonly string[]
  readonly private: boolean
  readonly privateFields: readonly string[]
  readonly public: boolean
  readonly mustRevalidate: boolean
  readonly proxyRevalidate: boolean
  readonly mustUnderstand: boolean
  readonly immutable: boolean
  readonly noTransform: boolean
  readonly onlyIfCached: boolean
  readonly maxAgeSeconds: number | undefined
  readonly sMaxAgeSeconds: number | undefined
  readonly minFreshSeconds: number | undefined
  /** `Infinity` when it came without a number. */
  readonly maxStaleSeconds: number | undefined
  readonly staleWhileRevalidateSeconds: number | undefined
  readonly staleIfErrorSeconds: number | undefined
}

/** What a larger number counts as (RFC 9111 section 1.2.2). */
export const maxDeltaSeconds = 2 ** 31

type Mutable = { -readonly [K in keyof CacheControl]: CacheControl[K] }

type Named<T> = { [K in keyof CacheControl]-?: CacheControl[K] extends T ? K : never }[keyof CacheControl]
type Flag = Named<boolean>
type Duration = Exclude<Named<number | undefined>, undefined>

const noNames: readonly string[] = Object.freeze([])
const none: CacheControl = Object.freeze(nothing())

const flags = new Map<string, Flag>([
  ['no-store', 'noStore'],
  ['public', 'public'],
  ['must-revalidate', 'mustRevalidate'],
  ['proxy-revalidate', 'proxyRevalidate'],
  ['must-understand', 'mustUnderstand'],
  ['immutable', 'immutable'],
  ['no-transform', 'noTransform'],
  ['only-if-cached', 'onlyIfCached'],
])

const durations = new Map<string, Duration>([
  ['max-age', 'maxAgeSeconds'],
  ['s-maxage', 'sMaxAgeSeconds'],
  ['min-fresh', 'minFreshSeconds'],
  ['max-stale', 'maxStaleSeconds'],
  ['stale-while-revalidate', 'staleWhileRevalidateSeconds'],
  ['stale-if-error', 'staleIfErrorSeconds'],
])

/**
 * Parses Cache-Control; names are case-insensitive, unknown directives ignored. A number that is not one, or that comes
 * twice with different values, is 0: the response is stale (RFC 9111 section 4.2.1).
 */
export function parseCacheControl(value: string | undefined): CacheControl {
  if (value === undefined) return none
  const directives = nothing()
  for (const member of listMembers(value)) {
    const equals = member.indexOf('=')
    if (equals === -1) add(directives, member.toLowerCase(), undefined)
    else add(directives, member.slice(0, equals).trim().toLowerCase(), unquoted(member.slice(equals + 1)))
  }
  return directives
}

function add(directives: Mutable, name: string, argument: string | undefined): void {
  const flag = flags.get(name)
  if (flag !== undefined) {
    directives[flag] = true
    return
  }
  const duration = durations.get(name)
  if (duration !== undefined) addDuration(directives, duration, argument)
  else if (name === 'no-cache') addQualified(directives, 'noCache', 'noCacheFields', argument)
  else if (name === 'private') addQualified(directives, 'private', 'privateFields', argument)
}

function addDuration(directives: Mutable, name: Duration, argument: string | undefined): void {
  const before = directives[name]
  const seconds = argument === undefined && name === 'maxStaleSeconds' ? Infinity : deltaSeconds(argument)
  directives[name] = before === undefined || before === seconds ? seconds : 0
}

function addQualified(
  directives: Mutable,
  flag: 'noCache' | 'private',
  fields: 'noCacheFields' | 'privateFields',
  argument: string | undefined,
): void {
  const names = listMembers(argument ?? '').map((name) => name.toLowerCase())
  if (names.length === 0) directives[flag] = true
  else directives[fields] = [...directives[fields], ...names]
}

function deltaSeconds(text: string | undefined): number {
  if (text === undefined || !/^\d+$/.test(text)) return 0
  return Math.min(Number(text), maxDeltaSeconds)
}

function nothing(): Mutable {
  return {
    noStore: false,
    noCache: false,
    noCacheFields: noNames,
    private: false,
    privateFields: noNames,
    public: false,
    mustRevalidate: false,
    proxyRevalidate: false,
    mustUnderstand: false,
    immutable: false,
    noTransform: false,
    onlyIfCached: false,
    maxAgeSeconds: undefined,
    sMaxAgeSeconds: undefined,
    minFreshSeconds: undefined,
    maxStaleSeconds: undefined,
    staleWhileRevalidateSeconds: undefined,
    staleIfErrorSeconds: undefined,
  }
}
