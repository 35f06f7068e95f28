import type { ClassRule } from '../ecosystem/class-rule.ts'
import type { TargetUri } from '../http/target-uri.ts'

const scopeSlash = '%2F@scope'
const encodedScopeSlash = /(\/(?:@|%40)[^/%]+)%2f(?=[^/])/gi

/**
 * What selects stored responses for a target (RFC 9111 section 2): its URI, path and query as they are sent. A rule may
 * know percent-encodings that mean the same in its ecosystem; they are decoded here, in the path, and nowhere else
 * (CORRECTNESS T10). GET and HEAD share the key. `partition` keeps clients apart that do not trust each other.
 */
export function cacheKey(target: TargetUri, rule: ClassRule, partition?: string): string {
  const uri = rule.keyDecode === undefined ? target.href : decodedHref(target, rule.keyDecode)
  // A URI has no white space, so no partition can be taken for a part of one.
  return partition === undefined ? uri : `${encodeURIComponent(partition)} ${uri}`
}

function decodedHref(target: TargetUri, decode: readonly string[]): string {
  if (!target.path.includes('%')) return target.href
  const queryStart = target.path.indexOf('?')
  const path = queryStart === -1 ? target.path : target.path.slice(0, queryStart)
  const query = queryStart === -1 ? '' : target.path.slice(queryStart)
  const origin = target.href.slice(0, target.href.length - target.path.length)
  return origin + decodedPath(path, decode) + query
}

function decodedPath(path: string, decode: readonly string[]): string {
  const withSlash = decode.includes(scopeSlash) ? path.replace(encodedScopeSlash, '$1/') : path
  return withSlash.replace(/%[0-9A-Fa-f]{2}/g, (triplet) => {
    const upper = triplet.toUpperCase()
    return decode.includes(upper) ? String.fromCharCode(Number.parseInt(upper.slice(1), 16)) : triplet
  })
}
