import type { ValueKind } from './value-kinds.ts'

/** One option: everything else (parsing, help, sample, reference) is derived from these rows. */
export interface OptionRow {
  /** Name in the configuration file; the variable is `LARDER_` and the name in capitals. */
  readonly name: string
  /** As the help prints it. */
  readonly flag: string
  readonly kind: ValueKind
  /** The text it has when nobody gives one; `$XDG_…` stands for the user's folders. */
  readonly initial: readonly string[]
  /** What an empty list means. */
  readonly whenEmpty?: string
  readonly repeatable: boolean
  readonly meaning: string
  readonly example: string
  /** A text is one value, commas and all; a variable has one a line. */
  readonly keepsCommas?: true
  /** The values may hold secrets: they are printed in part, or not at all. */
  readonly isSecret?: true
  /** The only values it can have. */
  readonly values?: readonly string[]
}

export const options = [
  {
    name: 'listen',
    flag: '--listen ADDR:PORT',
    kind: 'address',
    initial: ['127.0.0.1:3128', '[::1]:3128'],
    repeatable: true,
    meaning:
      'Address of the proxy port. Port 0 takes any free one. Beyond loopback, allow-client must say who is served.',
    example: '0.0.0.0:3128',
  },
  {
    name: 'admin',
    flag: '--admin unix:PATH|ADDR:PORT',
    kind: 'admin-address',
    initial: ['unix:$XDG_RUNTIME_DIR/larder/admin.sock'],
    repeatable: false,
    meaning:
      'Address of health, metrics and the admin API: a unix socket, or a port on loopback that asks for the token in DATA/admin.token.',
    example: '127.0.0.1:3129',
  },
  {
    name: 'data',
    flag: '--data DIR',
    kind: 'path',
    initial: ['$XDG_CACHE_HOME/larder'],
    repeatable: false,
    meaning: 'Folder of stored content and the index.',
    example: '/var/cache/larder',
  },
  {
    name: 'ca-dir',
    flag: '--ca-dir DIR',
    kind: 'path',
    initial: ['$XDG_DATA_HOME/larder/ca'],
    repeatable: false,
    meaning: "Folder of the CA's certificate ca.pem and its key ca.key.",
    example: '/var/lib/larder/ca',
  },
  {
    name: 'store',
    flag: '--store URL',
    kind: 'word',
    initial: ['fs:'],
    repeatable: false,
    meaning: 'Where content is stored. `fs:` is the data folder.',
    example: 'fs:',
    values: ['fs:'],
  },
  {
    name: 'index',
    flag: '--index URL',
    kind: 'index-url',
    initial: ['sqlite:'],
    repeatable: false,
    meaning:
      'Where it is kept which responses are stored. `sqlite:` is a file in the data folder; `memory:` is forgotten at the end; `redis://`, `rediss://`, `postgres://` and `memcached://` are servers that several may share. A password is refused in the flag.',
    example: 'rediss://larder@redis.example.org:6379/0?prefix=larder',
  },
  {
    name: 'index-password-file',
    flag: '--index-password-file FILE|none',
    kind: 'path-or-none',
    initial: ['none'],
    repeatable: false,
    meaning: "File with the password of the index's server, on one line; `none` where there is none or the URL has it.",
    example: '/etc/larder/index-password',
  },
  {
    name: 'index-key',
    flag: '--index-key FILE|none',
    kind: 'path-or-none',
    initial: ['none'],
    repeatable: false,
    meaning:
      'File with the secret, of at least 32 characters, that records on a server are sealed with. All that share an index need the same. With `none` it is index.key in the data folder, made at the first start.',
    example: '/etc/larder/index-key',
  },
  {
    name: 'index-ca',
    flag: '--index-ca FILE|none',
    kind: 'path-or-none',
    initial: ['none'],
    repeatable: false,
    meaning: "File with certificates (PEM) of further CAs that the index's server may have, beside the system's.",
    example: '/etc/ssl/company-ca.pem',
  },
  {
    name: 'quota',
    flag: '--quota SIZE',
    kind: 'size',
    initial: ['10GiB'],
    repeatable: false,
    meaning:
      'How much the data folder may take on the disk, at least 32MiB; it never takes more than 80 % of what other files leave of the filesystem. One object may have a tenth.',
    example: '200GiB',
  },
  {
    name: 'high-water',
    flag: '--high-water SHARE',
    kind: 'fraction',
    initial: ['0.8'],
    repeatable: false,
    meaning: 'When so much of the quota is used, what is worth least is evicted.',
    example: '0.9',
  },
  {
    name: 'low-water',
    flag: '--low-water SHARE',
    kind: 'fraction',
    initial: ['0.7'],
    repeatable: false,
    meaning: 'Eviction stops when no more than this of the quota is used.',
    example: '0.85',
  },
  {
    name: 'eviction',
    flag: '--eviction gdsf|lru|sieve',
    kind: 'word',
    initial: ['gdsf'],
    repeatable: false,
    meaning:
      'What goes first: by use, size and what it would cost to fetch it again (`gdsf`), by last use (`lru`), or by SIEVE. `larder simulate` compares them.',
    example: 'sieve',
    values: ['gdsf', 'lru', 'sieve'],
  },
  {
    name: 'verify-every',
    flag: '--verify-every TIME|never',
    kind: 'duration-or-never',
    initial: ['7d'],
    repeatable: false,
    meaning:
      'So often all that is stored is read again, to find damage before a client does. Each chunk is checked whenever it is served, too; `larder verify` reads all on demand.',
    example: 'never',
  },
  {
    name: 'verify-rate',
    flag: '--verify-rate SIZE',
    kind: 'size',
    initial: ['10MB'],
    repeatable: false,
    meaning:
      'The bytes a second at which `verify-every` reads, and a tenth of them while clients are served. `larder verify` has a rate of its own.',
    example: '50MB',
  },
  {
    name: 'memory',
    flag: '--memory SIZE',
    kind: 'size',
    initial: ['256MiB'],
    repeatable: false,
    meaning: 'Memory for content that is asked for often.',
    example: '1GiB',
  },
  {
    name: 'intercept',
    flag: '--intercept HOST',
    kind: 'host-pattern',
    initial: [],
    whenEmpty: 'all hosts',
    repeatable: true,
    meaning:
      'Hosts whose https is opened and cached, when there is a CA. `*.example.org` covers all names below example.org.',
    example: '*.example.org',
  },
  {
    name: 'splice',
    flag: '--splice HOST',
    kind: 'host-pattern',
    initial: [],
    whenEmpty: 'none',
    repeatable: true,
    meaning: 'Hosts whose https is passed through unread and uncached, also when intercept covers them.',
    example: 'bank.example.org',
  },
  {
    name: 'connect-port',
    flag: '--connect-port N',
    kind: 'port',
    initial: ['443'],
    repeatable: true,
    meaning: 'Ports that tunnels (CONNECT) may lead to, beside 80 for plain HTTP.',
    example: '8443',
  },
  {
    name: 'allow-address',
    flag: '--allow-address CIDR',
    kind: 'cidr',
    initial: [],
    whenEmpty: 'none',
    repeatable: true,
    meaning: 'Private or local addresses that the proxy may connect to; without, they are denied.',
    example: '10.20.0.0/16',
  },
  {
    name: 'deny-address',
    flag: '--deny-address CIDR',
    kind: 'cidr',
    initial: [],
    whenEmpty: 'none more',
    repeatable: true,
    meaning: 'Further addresses that the proxy never connects to.',
    example: '203.0.113.0/24',
  },
  {
    name: 'allow-client',
    flag: '--allow-client CIDR',
    kind: 'cidr',
    initial: [],
    whenEmpty: 'this machine only',
    repeatable: true,
    meaning: 'Addresses of clients that are served; needed to listen beyond loopback.',
    example: '192.0.2.0/24',
  },
  {
    name: 'origin-ca',
    flag: '--origin-ca FILE',
    kind: 'path',
    initial: [],
    whenEmpty: "the system's roots only",
    repeatable: true,
    meaning: "Certificates (PEM) of further CAs that origins may have, beside the system's.",
    example: '/etc/ssl/company-ca.pem',
  },
  {
    name: 'ftp-credentials',
    flag: '--ftp-credentials FILE',
    kind: 'path',
    initial: [],
    whenEmpty: 'anonymous everywhere',
    repeatable: true,
    meaning:
      'Logins for FTP servers, as in `.netrc`: `machine HOST[:PORT] login USER password SECRET`. Nobody else may read the file.',
    example: '/etc/larder/ftp-credentials',
  },
  {
    name: 'ftp-tls',
    flag: '--ftp-tls HOST',
    kind: 'host-pattern',
    initial: [],
    whenEmpty: '`ftps` URLs only',
    repeatable: true,
    meaning: 'FTP servers that are spoken to with TLS, and never without (AUTH TLS), when the URL says `ftp`.',
    example: 'ftp.example.org',
  },
  {
    name: 'parent',
    flag: '--parent URL|direct',
    kind: 'parent',
    initial: [],
    whenEmpty: 'none: origins are asked directly',
    repeatable: true,
    meaning:
      'Proxies that origins are reached through, the preferred one first: `http://HOST:PORT`, or `https://HOST:PORT` for TLS to the proxy. `direct` as the last: without a parent when none works.',
    example: 'http://proxy.example.org:3128',
  },
  {
    name: 'parent-credentials',
    flag: '--parent-credentials FILE',
    kind: 'path',
    initial: [],
    whenEmpty: 'no parent is told any',
    repeatable: true,
    meaning:
      'Credentials for parents, as in `.netrc`: `machine HOST:PORT login USER password SECRET`. Nobody else may read the file.',
    example: '/etc/larder/parent-credentials',
  },
  {
    name: 'no-proxy',
    flag: '--no-proxy HOST',
    kind: 'no-proxy',
    initial: [],
    whenEmpty: 'no host',
    repeatable: true,
    meaning:
      'Hosts that are asked directly, never through a parent: a name with all names below it, an address, a CIDR, or `*` for all.',
    example: 'corp.example.org',
  },
  {
    name: 'connect-timeout',
    flag: '--connect-timeout TIME',
    kind: 'duration',
    initial: ['10s'],
    repeatable: false,
    meaning: 'How long an origin may take to accept a connection, TLS included.',
    example: '5s',
  },
  {
    name: 'head-timeout',
    flag: '--head-timeout TIME',
    kind: 'duration',
    initial: ['60s'],
    repeatable: false,
    meaning: 'How long an origin may take to begin its response.',
    example: '2m',
  },
  {
    name: 'idle-timeout',
    flag: '--idle-timeout TIME',
    kind: 'duration',
    initial: ['30s'],
    repeatable: false,
    meaning: 'How long an origin may be silent within a response.',
    example: '1m',
  },
  {
    name: 'origin-connections',
    flag: '--origin-connections N',
    kind: 'count',
    initial: ['32'],
    repeatable: false,
    meaning:
      'How many connections one origin has at most for requests; further requests wait, a thousand at most. Tunnels are not counted.',
    example: '8',
  },
  {
    name: 'origin-rate',
    flag: '--origin-rate N/s|none',
    kind: 'rate',
    initial: ['none'],
    repeatable: false,
    meaning:
      'How many requests one origin gets at most in a second, a minute (`N/m`) or an hour (`N/h`), retries included; further ones wait in order, a minute at most.',
    example: '20/s',
  },
  {
    name: 'origin-bandwidth',
    flag: '--origin-bandwidth SIZE/s|none',
    kind: 'bandwidth',
    initial: ['none'],
    repeatable: false,
    meaning: 'How much is read from one origin in a second, for all requests to it together.',
    example: '10MiB/s',
  },
  {
    name: 'retry-attempts',
    flag: '--retry-attempts N',
    kind: 'attempts',
    initial: ['5'],
    repeatable: false,
    meaning: 'How often an origin is asked in all for one response, where that is safe, until the response is whole.',
    example: '3',
  },
  {
    name: 'retry-budget',
    flag: '--retry-budget SHARE',
    kind: 'share',
    initial: ['50%'],
    repeatable: false,
    meaning:
      'How many retries an origin gets at most, as a share of its requests of the last minute; 32 a minute are always allowed, but with `0%`.',
    example: '20%',
  },
  {
    name: 'strict-trust',
    flag: '--strict-trust',
    kind: 'switch',
    initial: ['no'],
    repeatable: false,
    meaning:
      'A client that refuses our certificate again and again is never passed through unread for a while, so that its build fails.',
    example: 'yes',
  },
  {
    name: 'offline',
    flag: '--offline',
    kind: 'switch',
    initial: ['no'],
    repeatable: false,
    meaning:
      'Nothing is asked of any origin, resolvers of names included. What is stored is served, stale too; everything else fails at once.',
    example: 'yes',
  },
  {
    name: 'idle-exit',
    flag: '--idle-exit TIME|never',
    kind: 'duration-or-never',
    initial: ['never'],
    repeatable: false,
    meaning:
      'The daemon ends with 0 when for so long no connection was open and nothing was under way. For socket activation (docs/service.md), where the next request starts it again.',
    example: '15m',
  },
  {
    name: 'alert',
    flag: '--alert URL|exec:CMD',
    kind: 'alert-target',
    initial: [],
    whenEmpty: 'nobody is told',
    repeatable: true,
    keepsCommas: true,
    isSecret: true,
    meaning:
      'Who is told when an origin, the store or the CA fails: a webhook, a command, `smtps://HOST/?to=ADDRESS` or `mailto:ADDRESS` (docs/alerts.md). A URL with a token belongs into the file or the variable, not on a command line.',
    example: 'https://hooks.example.org/larder',
  },
  {
    name: 'alert-window',
    flag: '--alert-window TIME',
    kind: 'duration',
    initial: ['5m'],
    repeatable: false,
    meaning:
      'At most one message about the same cause goes out in this time, and a cause that does not recur for so long is over.',
    example: '15m',
  },
  {
    name: 'alert-secret',
    flag: '--alert-secret FILE|none',
    kind: 'path-or-none',
    initial: ['none'],
    repeatable: false,
    meaning: 'File of the secret with which messages to webhooks are signed (HMAC-SHA256, field Larder-Signature).',
    example: '/etc/larder/alert.secret',
  },
  {
    name: 'access-log',
    flag: '--access-log FILE|-|none',
    kind: 'log-target',
    initial: ['-'],
    repeatable: false,
    meaning: 'Where one JSON line a request goes: `-` is standard output, `none` nowhere. SIGHUP opens the file anew.',
    example: '/var/log/larder/access.log',
  },
  {
    name: 'profile',
    flag: '--profile builds|standards',
    kind: 'word',
    initial: ['builds'],
    repeatable: false,
    meaning:
      '`builds` knows how package ecosystems publish and keeps what never changes; `standards` follows RFC 9111 alone.',
    example: 'standards',
    values: ['builds', 'standards'],
  },
] as const satisfies readonly OptionRow[]

export type OptionName = (typeof options)[number]['name']

/** The rows without their literal types. */
export const optionRows: readonly (OptionRow & { readonly name: OptionName })[] = options

/** `--config FILE`: where the file is that may hold all the others. Not an option of the file itself. */
export const configFlag = {
  name: 'config',
  flag: '--config FILE',
  meaning: 'Configuration file (YAML). A flag or a variable wins over it.',
  example: '/etc/larder/larder.yaml',
} as const

/** `ca-dir` → `LARDER_CA_DIR`. */
export function variableOf(name: string): string {
  return `LARDER_${name.toUpperCase().replaceAll('-', '_')}`
}
