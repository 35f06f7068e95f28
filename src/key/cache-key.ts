import { namesParameter, type UserRule } from '../config/user-rules.ts'
import { canonicalPath } from '../ecosystem/canonical-path.ts'
import type { ClassRule } from '../ecosystem/class-rule.ts'
import { type Signature, signatureAt, withoutParameters } from '../ecosystem/signed-families.ts'
import type { TargetUri } from '../http/target-uri.ts'
import { UserRuleSet } from './user-rule-set.ts'

/** What the making of keys depends on, beside the target and its class rule. */
export interface KeyTerms {
  /** Under `standards` only spellings are folded that RFC 9110 calls equal. */
  readonly profile: 'builds' | 'standards'
  readonly userRules: UserRuleSet
}

/** A key and how it came about. */
export interface ExplainedKey {
  /** The target URI as it was asked for. */
  readonly before: string
  /** The key. */
  readonly after: string
  /** What made a difference, beyond equal spellings: names of class rules and families, `FILE:LINE` of user rules; `undefined`: nothing. */
  readonly rule: string | undefined
}

/** No rules of a user. */
export const initialTerms: KeyTerms = { profile: 'builds', userRules: new UserRuleSet([]) }

const scopeSlash = '%2F@scope'
const encodedScopeSlash = /(\/(?:@|%40)[^/%]+)%2f(?=[^/])/gi

/**
 * What selects stored responses for a target (RFC 9111 section 2): its URI, in the one spelling of those that RFC 9110
 * section 4.2.3 calls equal. Rules may know more that means the same (CORRECTNESS T10); see `explainKey`. GET and HEAD share
 * the key. `isPublic`: it is proven that everybody may read what the target's signature gives access to. `partition`
 * keeps clients apart that do not trust each other.
 */
export function cacheKey(
  target: TargetUri,
  rule: ClassRule,
  terms: KeyTerms = initialTerms,
  isPublic = false,
  partition?: string,
): string {
  const asItIs = terms.userRules.isEmpty && !isPublic && !target.path.includes('%')
  const uri = asItIs ? target.href : explainKey(target, rule, terms, isPublic).after
  // A URI has no white space, so no partition can be taken for a part of one.
  return partition === undefined ? uri : `${encodeURIComponent(partition)} ${uri}`
}

/** The keys under which responses for a target may be stored: with its signature, and without. */
export function possibleKeys(target: TargetUri, rule: ClassRule, terms: KeyTerms): readonly string[] {
  return [...new Set([cacheKey(target, rule, terms, false), cacheKey(target, rule, terms, true)])]
}

/** The key with the steps that lead to it: spelling, class rule, user rule, signature, mirrors. Pure. */
export function explainKey(target: TargetUri, rule: ClassRule, terms: KeyTerms, isPublic: boolean): ExplainedKey {
  const before = target.href
  const acted: string[] = []
  let uri = spelledHref(target)
  const step = (name: string, next: string): void => {
    if (next !== uri) acted.push(name)
    uri = next
  }
  if (terms.profile === 'builds') {
    if (rule.keyDecode !== undefined) step(rule.name, decodedUri(uri, rule.keyDecode))
    const user = terms.userRules.isEmpty ? undefined : terms.userRules.matching(target)
    if (user !== undefined) step(user.origin, withUserRule(uri, user))
    const signature = isPublic || user?.public ? signatureOf(target, terms) : undefined
    if (signature !== undefined) step(`signed.${signature.family.name}`, unsigned(uri, signature))
    const folded = terms.userRules.folded(uri)
    if (folded !== undefined) step(folded.rule.origin, folded.uri)
  }
  return { before, after: uri, rule: acted.length === 0 ? undefined : acted.join(', ') }
}

/** The target in the one spelling of those that are equal: unreserved characters plain, other hexadecimal digits in capitals. */
export function spelledHref({ href, path }: TargetUri): string {
  return path.includes('%') ? href.slice(0, href.length - path.length) + canonicalPath(path) : href
}

/** The signature of a target that some family of its host, or a user rule, knows. */
export function signatureOf(target: TargetUri, terms: KeyTerms): Signature | undefined {
  const queryStart = target.path.indexOf('?')
  if (queryStart === -1 || terms.profile === 'standards') return undefined
  const named = terms.userRules.isEmpty ? undefined : terms.userRules.matching(target)?.signed
  return signatureAt(target.host, target.path.slice(queryStart + 1), named)
}

/** `uri` without what belongs to its signature. */
export function unsigned(uri: string, { family }: Signature): string {
  return filtered(uri, (name) => family.drop.includes(name))
}

function withUserRule(uri: string, { drop, keep }: UserRule): string {
  if (keep !== undefined) return filtered(uri, (name) => !namesParameter(keep, name))
  return drop.length === 0 ? uri : filtered(uri, (name) => namesParameter(drop, name))
}

/** A query that loses all of its parameters loses its `?`; one that loses none stays as it is. */
function filtered(uri: string, isDropped: (name: string) => boolean): string {
  const queryStart = uri.indexOf('?')
  if (queryStart === -1) return uri
  const query = uri.slice(queryStart + 1)
  const kept = withoutParameters(query, isDropped)
  if (kept === query) return uri
  return kept === '' ? uri.slice(0, queryStart) : uri.slice(0, queryStart + 1) + kept
}

function decodedUri(uri: string, decode: readonly string[]): string {
  const queryStart = uri.indexOf('?')
  const path = queryStart === -1 ? uri : uri.slice(0, queryStart)
  if (!path.includes('%')) return uri
  return decodedPath(path, decode) + (queryStart === -1 ? '' : uri.slice(queryStart))
}

function decodedPath(path: string, decode: readonly string[]): string {
  const withSlash = decode.includes(scopeSlash) ? path.replace(encodedScopeSlash, '$1/') : path
  return withSlash.replace(/%[0-9A-F]{2}/g, (triplet) =>
    decode.includes(triplet) ? String.fromCharCode(Number.parseInt(triplet.slice(1), 16)) : triplet,
  )
}
