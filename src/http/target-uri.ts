import { isIPv6 } from 'node:net'
import { domainToASCII } from 'node:url'

export type Scheme = 'http' | 'https' | 'ftp' | 'ftps'

/** The absolute URI that a request is for (RFC 9110 section 7.1), in canonical spelling. */
export interface TargetUri {
  readonly scheme: Scheme
  /** Lower case, A-label, no trailing dot; an IPv6 literal without brackets. */
  readonly host: string
  readonly port: number
  /** `host`, or `host:port` when the port is not the scheme's own; IPv6 in brackets. */
  readonly authority: string
  /** Path and query exactly as they came (never decoded); at least `/`. */
  readonly path: string
  /** `scheme://authority` + `path`. */
  readonly href: string
}

export interface HostPort {
  readonly host: string
  readonly port: number
}

/** Why a text is no target URI; short, for a fault's message. */
export interface Invalid {
  readonly invalid: string
}

/** The server that a tunnel was opened to: what `parseAuthorityForm` read from CONNECT, and what is spoken inside. */
export interface TunnelAuthority extends HostPort {
  readonly scheme: Scheme
}

/** Everything before the path, parsed. */
interface Origin extends TunnelAuthority {
  readonly authority: string
  readonly prefix: string
}

/** The longest target that is accepted (CORRECTNESS section 7). */
export const maxTargetLength = 8192
/** Authorities that a parser made by `createTargetParser` remembers. */
const rememberedAuthorities = 1024

const ports: Readonly<Record<Scheme, number>> = { http: 80, https: 443, ftp: 21, ftps: 990 }
const plainText = /^[!"$-~]*$/
const plainHost = /^[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*$/
/** WHATWG URL and the resolver read such a name as an IPv4 address in an odd spelling. */
const endsLikeNumber = /(?:^|\.)(?:[0-9]+|0x[0-9a-f]*)$/
const oddInHost = /[^A-Za-z0-9._\u0080-\uffff-]/
/** Says what goes without saying; any password will do, so it is not part of the target. */
const anonymousUser = /^(?:anonymous|ftp)(?::[A-Za-z0-9._~%+!$&'()*,;=-]*)?@/
const ipv4 = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.|$)){4}$/

/**
 * Parses an absolute-form target: `http`, `https`, `ftp` or `ftps`. Only the equivalences that RFC 3986 section 6 calls safe are
 * folded (case of scheme and host, default port, trailing dot, empty path); path and query keep their bytes (CORRECTNESS T10).
 */
export function parseTargetUri(text: string): TargetUri | Invalid {
  return parseWith(text, parseOrigin)
}

/** `parseTargetUri` that remembers the authorities it has seen, a bounded number of them. */
export function createTargetParser(): (text: string) => TargetUri | Invalid {
  const known = new Map<string, Origin>()
  const remembering = (text: string): Origin | Invalid => {
    const before = known.get(text)
    if (before !== undefined) return before
    const origin = parseOrigin(text)
    if ('invalid' in origin) return origin
    if (known.size >= rememberedAuthorities) known.delete(known.keys().next().value!)
    known.set(text, origin)
    return origin
  }
  return (text) => parseWith(text, remembering)
}

/** Parses the authority-form of CONNECT, `host:port`; the port is mandatory (RFC 9112 section 3.2.3). */
export function parseAuthorityForm(text: string): HostPort | Invalid {
  return parseAuthority(text, undefined)
}

/**
 * The target of a request inside a tunnel. Host and, where it came, the absolute-form must name the server that the
 * tunnel was opened to (CORRECTNESS T09); `tunnel.host` is canonical. For `*` (OPTIONS) the path is `*`.
 */
export function targetInTunnel(
  tunnel: TunnelAuthority,
  requestTarget: string,
  hostField: string | undefined,
): TargetUri | Invalid | { readonly misdirected: string } {
  const authority = authorityText(tunnel)
  if (hostField !== undefined && hostField !== authority) {
    const named = parseAuthority(hostField, ports[tunnel.scheme])
    if ('invalid' in named) return { invalid: `Host ${named.invalid}` }
    if (!sameServer(named, tunnel)) return { misdirected: `Host ${hostField} in a tunnel to ${authority}` }
  }
  if (requestTarget.length > maxTargetLength || !plainText.test(requestTarget))
    return { invalid: 'target has bad bytes' }
  const prefix = `${tunnel.scheme}://${authority}`
  if (requestTarget.startsWith('/')) return assemble({ ...tunnel, authority, prefix }, requestTarget)
  if (requestTarget === '*') return { ...assemble({ ...tunnel, authority, prefix }, '/*'), path: '*' }
  const target = parseTargetUri(requestTarget)
  if ('invalid' in target) return target
  if (target.scheme === tunnel.scheme && sameServer(target, tunnel)) return target
  return { misdirected: `target ${target.scheme}://${target.authority} in a tunnel to ${prefix}` }
}

/** Is it absolute-form without path and query? With OPTIONS that means the whole server (RFC 9112 section 3.2.4). */
export function hasNoPath(requestTarget: string): boolean {
  return /^[a-z]+:\/\/[^/?]*$/i.test(requestTarget)
}

function parseWith(text: string, originOf: (text: string) => Origin | Invalid): TargetUri | Invalid {
  const authorityStart = text.indexOf('://') + 3
  if (authorityStart < 3) return { invalid: 'target is not absolute-form' }
  if (text.length > maxTargetLength) return { invalid: `target is longer than ${maxTargetLength} bytes` }
  let pathStart = text.indexOf('/', authorityStart)
  const queryStart = text.indexOf('?', authorityStart)
  if (queryStart !== -1 && (pathStart === -1 || queryStart < pathStart)) pathStart = queryStart
  const rest = pathStart === -1 ? '' : text.slice(pathStart)
  if (!plainText.test(rest)) return { invalid: 'target has a fragment or bytes that must be percent-encoded' }
  const origin = originOf(pathStart === -1 ? text : text.slice(0, pathStart))
  return 'invalid' in origin ? origin : assemble(origin, rest)
}

function assemble(origin: Origin, rest: string): TargetUri {
  const path = rest.startsWith('/') ? rest : `/${rest}`
  const { scheme, host, port, authority } = origin
  return { scheme, host, port, authority, path, href: origin.prefix + path }
}

/** `text` is everything before the path. */
function parseOrigin(text: string): Origin | Invalid {
  const colon = text.indexOf('://')
  const scheme = text.slice(0, colon).toLowerCase()
  if (scheme !== 'http' && scheme !== 'https' && scheme !== 'ftp' && scheme !== 'ftps')
    return { invalid: 'scheme is not http, https, ftp or ftps' }
  const after = text.slice(colon + 3)
  const isFtp = scheme === 'ftp' || scheme === 'ftps'
  const parsed = parseAuthority(isFtp ? after.replace(anonymousUser, '') : after, ports[scheme])
  if ('invalid' in parsed && isFtp && after.includes('@'))
    return {
      invalid: `${parsed.invalid}: logins of FTP servers come from the configuration of the proxy (ftp-credentials)`,
    }
  if ('invalid' in parsed) return parsed
  const authority = authorityText({ scheme, ...parsed })
  return { scheme, ...parsed, authority, prefix: `${scheme}://${authority}` }
}

function parseAuthority(text: string, defaultPort: number | undefined): HostPort | Invalid {
  if (text.includes('@')) return { invalid: 'userinfo is not accepted' }
  const bracket = text.startsWith('[') ? text.indexOf(']') : 0
  const colon = text.indexOf(':', bracket)
  const hostEnd = colon === -1 ? text.length : colon
  const host = canonicalHost(text.slice(0, hostEnd))
  if (host === undefined) return { invalid: 'host is not a valid name or address' }
  const port = parsePort(text.slice(hostEnd), defaultPort)
  return port === undefined ? { invalid: 'port is missing or not between 1 and 65535' } : { host, port }
}

/** `text` is empty or begins with the colon; an empty port is the default one (RFC 3986 section 6.2.3). */
function parsePort(text: string, defaultPort: number | undefined): number | undefined {
  if (text === '' || text === ':') return defaultPort
  if (!/^:[0-9]{1,5}$/.test(text)) return undefined
  const port = Number(text.slice(1))
  return port >= 1 && port <= 65535 ? port : undefined
}

/** The one spelling of a host (CORRECTNESS T19): every odd way to write an address becomes the usual one. */
function canonicalHost(text: string): string | undefined {
  if (text.startsWith('[')) return canonicalIpv6(text)
  // Nothing in ASCII but letters, digits and these: a percent sign or slash would be decoded or cut off by the mapping.
  if (oddInHost.test(text)) return undefined
  const lower = text.toLowerCase()
  const host = isOrdinary(withoutFinalDot(lower)) ? lower : domainToASCII(lower)
  const name = withoutFinalDot(host)
  if (name.length > 253 || !plainHost.test(name)) return undefined
  if (!endsLikeNumber.test(name)) return name
  const address = ipv4.test(name) ? name : domainToASCII(name)
  return ipv4.test(address) ? address : undefined
}

/** Is `name` beyond doubt its own A-label, and no address in an odd spelling? */
function isOrdinary(name: string): boolean {
  return plainHost.test(name) && !name.includes('xn--') && !endsLikeNumber.test(name)
}

function withoutFinalDot(name: string): string {
  return name.endsWith('.') ? name.slice(0, -1) : name
}

function canonicalIpv6(text: string): string | undefined {
  const address = text.slice(1, -1)
  // A zone would name an interface of this machine; the WHATWG parser knows the one canonical text.
  if (!text.endsWith(']') || address.includes('%') || !isIPv6(address)) return undefined
  return new URL(`http://${text}/`).hostname.slice(1, -1)
}

function authorityText({ scheme, host, port }: TunnelAuthority): string {
  const name = host.includes(':') ? `[${host}]` : host
  return port === ports[scheme] ? name : `${name}:${port}`
}

function sameServer(a: HostPort, b: HostPort): boolean {
  return a.host === b.host && a.port === b.port
}
