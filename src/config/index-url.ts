import { isLoopback } from './loopback.ts'

/** Where the response index is. `text` is the URL without a password, so that it can be shown. */
export type IndexUrl =
  | { readonly medium: 'sqlite'; readonly text: string; readonly password: undefined }
  | { readonly medium: 'memory'; readonly text: string; readonly password: undefined }
  | IndexServer

/** An index on a server. */
export interface IndexServer {
  readonly medium: 'redis' | 'postgres' | 'memcached'
  readonly text: string
  readonly password: string | undefined
  readonly user: string | undefined
  readonly host: string
  readonly port: number
  /** Number (Redis) or name (Postgres) of the database; empty: the server's own choice. */
  readonly database: string
  /** Is the server reached by TLS, which is then always verified? */
  readonly tls: boolean
  /** What this index's names begin with, so that several can share a server. */
  readonly prefix: string
}

interface Scheme {
  readonly medium: IndexServer['medium']
  readonly port: number
  readonly hasDatabase: RegExp
  readonly hasLogin: boolean
  readonly tls: 'never' | 'always' | 'by-sslmode'
}

const redis = { medium: 'redis', port: 6379, hasDatabase: /^\d{0,5}$/, hasLogin: true } as const
const postgres = {
  medium: 'postgres',
  port: 5432,
  hasDatabase: /^[^/?#]{0,63}$/,
  hasLogin: true,
  tls: 'by-sslmode',
} as const

const schemes: ReadonlyMap<string, Scheme> = new Map<string, Scheme>([
  ['redis:', { ...redis, tls: 'never' }],
  ['rediss:', { ...redis, tls: 'always' }],
  ['valkey:', { ...redis, tls: 'never' }],
  ['valkeys:', { ...redis, tls: 'always' }],
  ['postgres:', postgres],
  ['postgresql:', postgres],
  ['memcached:', { medium: 'memcached', port: 11_211, hasDatabase: /^$/, hasLogin: false, tls: 'never' }],
])

const initialPrefix = 'larder'
/** Safe in a name of every back end, a table of Postgres included. */
const prefixForm = /^[a-z][a-z0-9_]{0,30}$/
const modes: ReadonlyMap<string, boolean> = new Map([
  ['disable', false],
  ['require', true],
  ['verify-ca', true],
  ['verify-full', true],
])

export function isServer(url: IndexUrl): url is IndexServer {
  return 'host' in url
}

/** Reads `sqlite:`, `memory:`, `redis(s)://…`, `postgres://…` or `memcached://…`; `undefined` when it is none of them. */
export function readIndexUrl(text: string): IndexUrl | undefined {
  if (text === 'sqlite:') return { medium: 'sqlite', text, password: undefined }
  if (text === 'memory:') return { medium: 'memory', text, password: undefined }
  const url = URL.canParse(text) ? new URL(text) : undefined
  const scheme = schemes.get(url?.protocol ?? '')
  if (url === undefined || scheme === undefined || url.hostname === '' || url.hash !== '') return undefined
  const parameters = readParameters(url, scheme)
  const user = decoded(url.username)
  const password = decoded(url.password)
  const database = decoded(url.pathname.slice(1))
  if (parameters === undefined || user === undefined || password === undefined || database === undefined)
    return undefined
  if (!scheme.hasDatabase.test(database) || (!scheme.hasLogin && user + password !== '')) return undefined
  const shown = new URL(url)
  shown.password = ''
  return {
    medium: scheme.medium,
    text: shown.href,
    user: user === '' ? undefined : user,
    password: password === '' ? undefined : password,
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: url.port === '' ? scheme.port : Number(url.port),
    database,
    ...parameters,
  }
}

/** Only what means something: a misspelt parameter must not pass for TLS. */
function readParameters(
  { searchParams, hostname }: URL,
  { tls }: Scheme,
): Pick<IndexServer, 'tls' | 'prefix'> | undefined {
  const known = tls === 'by-sslmode' ? ['prefix', 'sslmode'] : ['prefix']
  const names = [...searchParams.keys()]
  if (names.some((name) => !known.includes(name)) || new Set(names).size < names.length) return undefined
  const prefix = searchParams.get('prefix') ?? initialPrefix
  const mode = searchParams.get('sslmode')
  const byMode = mode === null ? !isLoopback(hostname.replace(/^\[(.*)\]$/, '$1')) : modes.get(mode)
  if (!prefixForm.test(prefix) || byMode === undefined) return undefined
  return { prefix, tls: tls === 'by-sslmode' ? byMode : tls === 'always' }
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}

/** A URL, well-formed or not, without anything that may be a password. */
export function withoutSecrets(text: string): string {
  const query = text.indexOf('?')
  const shown = query === -1 ? text : `${text.slice(0, query)}?…`
  return shown.replace(/^([A-Za-z0-9+.-]*:\/\/)?.*@/s, '$1***@')
}
