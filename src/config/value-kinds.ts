import { isIP } from 'node:net'
import { resolve } from 'node:path'
import { readAlertTarget } from './alert-targets.ts'
import { readIndexUrl } from './index-url.ts'
import { isLoopback } from './loopback.ts'
import type { AdminAddress, HostPort, ParentHop } from './settings.ts'
import { parseBandwidth, parseDuration, parseFraction, parseRate, parseShare, parseSize } from './units.ts'

/** A way of reading text: what is expected, and the value, `undefined` when the text is not of this kind. */
interface Kind<T> {
  readonly expected: string
  /** `folder` is where relative paths start. */
  read(text: string, folder: string): T | undefined
}

const longestSocketPathBytes = 107
const highestPort = 65_535
const mostAttempts = 20
const mostCount = 1000

/** `ADDR:PORT` or `[ADDR]:PORT`; a name other than localhost is none, so that it is certain where we listen. */
function readAddress(text: string): HostPort | undefined {
  const found = /^(?:\[([0-9A-Fa-f:.]+)\]|([0-9.]+|localhost)):(\d{1,5})$/.exec(text)
  if (found === null) return undefined
  const [, six, four, digits] = found
  const port = Number(digits)
  if (port > highestPort || isIP(six ?? '') === 4) return undefined
  const host = six ?? four!
  return host === 'localhost' || isIP(host) !== 0 ? { host, port } : undefined
}

function readAdminAddress(text: string, folder: string): AdminAddress | undefined {
  if (!text.startsWith('unix:')) {
    const address = readAddress(text)
    return address !== undefined && isLoopback(address.host) ? address : undefined
  }
  if (text.length === 'unix:'.length) return undefined
  const path = resolve(folder, text.slice('unix:'.length))
  return Buffer.byteLength(path) <= longestSocketPathBytes ? { path } : undefined
}

function readCidr(text: string): string | undefined {
  const found = /^([0-9A-Fa-f:.]+)(?:\/(\d{1,3}))?$/.exec(text)
  const family = isIP(found?.[1] ?? '')
  if (found === null || family === 0) return undefined
  const widest = family === 4 ? 32 : 128
  const bits = found[2] === undefined ? widest : Number(found[2])
  return bits <= widest ? `${found[1]}/${bits}` : undefined
}

const hostPattern =
  /^(?:\*|(?:\*\.)?[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?(?:\.[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?)*)$/

function readHostPattern(text: string): string | undefined {
  return isIP(text) !== 0 || (text.length <= 255 && hostPattern.test(text)) ? text.toLowerCase() : undefined
}

/** No user and password: they would stand in lists of processes and in `config show`. */
function readParent(text: string): ParentHop | undefined {
  if (text.toLowerCase() === 'direct') return 'direct'
  const found = /^(https?):\/\/(?:\[([0-9A-Fa-f:.]+)\]|([^\s/?#@:[\]]+)):(\d{1,5})\/?$/i.exec(text)
  if (found === null) return undefined
  const [, scheme, six, name, digits] = found
  const port = readPort(digits!)
  const host = six === undefined ? readHostPattern(name!) : isIP(six) === 6 ? six.toLowerCase() : undefined
  if (port === undefined || host === undefined || host.includes('*')) return undefined
  return { tls: scheme!.toLowerCase() === 'https', host, port }
}

/** As curl has it: a name stands for all names below it too, a dot before it means nothing, and `*` alone is all. */
function readNoProxy(text: string): string | undefined {
  if (text === '*') return text
  const bare = /^\[.*\]$/.test(text) ? text.slice(1, -1) : text
  if (text.includes('/') || isIP(bare) !== 0) return readCidr(bare)?.replace(/\/(?:32|128)$/, '')
  const name = bare.replace(/^\./, '').replace(/\.$/, '')
  return name.includes('*') ? undefined : readHostPattern(name)
}

function readPort(text: string): number | undefined {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0
  return port >= 1 && port <= highestPort ? port : undefined
}

function readAttempts(text: string): number | undefined {
  const count = /^\d{1,2}$/.test(text) ? Number(text) : 0
  return count >= 1 && count <= mostAttempts ? count : undefined
}

function readCount(text: string): number | undefined {
  const count = /^\d{1,4}$/.test(text) ? Number(text) : 0
  return count >= 1 && count <= mostCount ? count : undefined
}

const switches: ReadonlyMap<string, boolean> = new Map([
  ['yes', true],
  ['true', true],
  ['no', false],
  ['false', false],
])

const readPath = (text: string, folder: string): string | undefined =>
  text === '' || text.includes('\0') ? undefined : resolve(folder, text)

const kind = <T>(expected: string, read: Kind<T>['read']): Kind<T> => ({ expected, read })

export const valueKinds = {
  address: kind('ADDR:PORT, such as 127.0.0.1:3128 or [::1]:3128', readAddress),
  'admin-address': kind(
    'unix:PATH (at most 107 bytes) or a port on loopback, such as 127.0.0.1:3129',
    readAdminAddress,
  ),
  path: kind('a path', readPath),
  'log-target': kind('a path, - or none', (text, folder) =>
    text === '-' || text === 'none' ? text : readPath(text, folder),
  ),
  'path-or-none': kind('a path or none', (text, folder) => (text === 'none' ? text : readPath(text, folder))),
  'alert-target': kind(
    'https://HOST/PATH, http:// to an address of this machine or an allowed one, smtps://HOST/?to=ADDRESS, mailto:ADDRESS or exec:COMMAND (a password goes into a file: #secret=FILE)',
    readAlertTarget,
  ),
  'index-url': kind(
    'sqlite:, memory:, or a server such as rediss://larder@redis.example.org:6379/0?prefix=larder, postgres://… or memcached://…',
    readIndexUrl,
  ),
  word: kind('a word', (text) => text),
  switch: kind('yes or no', (text) => switches.get(text.toLowerCase())),
  size: kind('a size with its unit, such as 256MiB or 20GiB', parseSize),
  duration: kind('a time with its unit, such as 500ms, 30s or 1h, of at most 24 days', parseDuration),
  'duration-or-never': kind('a time with its unit, such as 15m, or never', (text) =>
    text === 'never' ? Number.POSITIVE_INFINITY : parseDuration(text),
  ),
  attempts: kind('a whole number from 1 to 20', readAttempts),
  count: kind('a whole number from 1 to 1000', readCount),
  rate: kind('a number a second, a minute or an hour, such as 20/s, 600/m or 100/h, or none', parseRate),
  bandwidth: kind('a size a second, such as 10MiB/s, or none', parseBandwidth),
  fraction: kind('a share between 0 and 1, such as 0.8', parseFraction),
  share: kind('a share such as 50%, of at most 1000%', parseShare),
  'host-pattern': kind('a host name, *.DOMAIN or an IP address', readHostPattern),
  parent: kind(
    'http://HOST:PORT, https://HOST:PORT or direct; user and password stand in a file (parent-credentials)',
    readParent,
  ),
  'no-proxy': kind('a host name (all names below it are meant, too), an IP address, a CIDR or *', readNoProxy),
  port: kind('a port from 1 to 65535', readPort),
  cidr: kind('an IP address or a CIDR, such as 10.0.0.0/8', readCidr),
} as const satisfies Record<string, Kind<unknown>>

export type ValueKind = keyof typeof valueKinds
