import type { Fields } from '../http/fields.ts'
import type { TargetUri } from '../http/target-uri.ts'
import { aptRules } from './apt.ts'
import { canonicalPath, hasDotSegment } from './canonical-path.ts'
import { type ClassRule, firstMatch } from './class-rule.ts'
import { forgeRules } from './forges.ts'
import { genericRules } from './generic.ts'
import { mavenRules } from './maven.ts'
import { asksForPackument, npmRules, packument } from './npm.ts'
import { pypiRules } from './pypi.ts'

/** No rule matched: RFC 9111 to the letter. */
export const rfcRule: ClassRule = { name: 'rfc', class: 'rfc', freshSeconds: 0, negativeSeconds: 0 }

const pass = (name: string): ClassRule => ({ name, class: 'pass', freshSeconds: 0, negativeSeconds: 0 })
const dotSegments = pass('guard.dot-segments')
const credentialQuery = pass('guard.credential-query')
const rangeOfObject = pass('guard.signed-range')
const storeSubresource = pass('guard.s3-subresource')

/** Longer paths are nobody's artefact; patterns are not run on them, so that no path makes them slow. */
const maxRulePathLength = 1024
const credential =
  /(?:^|&)(?:private_token|job_token|deploy_token|feed_token|rss_token|access_token|id_token|refresh_token|oauth_token|authtoken|auth_token|api_token|password)=/i
const signature =
  /(?:^|&)(?:X-Amz-Signature|AWSAccessKeyId|OSSAccessKeyId|AccessKeyId|x-oss-signature|X-Goog-Signature|sig)=/i
/** The signature covers a range of bytes, so another range is another content. */
const signedRange = /(?:^|&)X-Xet-Signed-Range=/
const subresource =
  /(?:^|&)(?:list-type|uploads|uploadId|acl|policy|versioning|versions|delete|tagging|torrent|restype|comp)(?:=|&|$)/

/** Order as in the ecosystems' own precedence: the first table that knows the path decides. */
const tables = [aptRules, pypiRules, npmRules, mavenRules, genericRules]

/** The rule for a request: by its target, and where that says nothing, by what the client says it is after. */
export function classRuleForRequest(target: TargetUri, request: Fields): ClassRule {
  const rule = classRuleFor(target)
  return rule === rfcRule && asksForPackument(request) ? packument : rule
}

/** The rule under which a response for `target` was stored. */
export function classRuleOfStored(target: TargetUri, ruleName: string): ClassRule {
  return ruleName === packument.name ? packument : classRuleFor(target)
}

/** The class rule for a target: guards first, then what is known about the path on any host, then `rfcRule`. */
export function classRuleFor(target: TargetUri): ClassRule {
  const queryStart = target.path.indexOf('?')
  const path = queryStart === -1 ? target.path : target.path.slice(0, queryStart)
  if (hasDotSegment(path)) return dotSegments
  if (queryStart !== -1) {
    const guarded = guardQuery(target.path.slice(queryStart + 1))
    if (guarded !== undefined) return guarded
  }
  if (path.length > maxRulePathLength) return rfcRule
  const canonical = canonicalPath(path)
  const ofHost = forgeRules.get(target.host)
  const known = ofHost && firstMatch(ofHost, canonical)
  if (known !== undefined) return known
  for (const table of tables) {
    const rule = firstMatch(table, canonical)
    if (rule !== undefined) return rule
  }
  return rfcRule
}

function guardQuery(query: string): ClassRule | undefined {
  if (credential.test(query)) return credentialQuery
  if (signedRange.test(query)) return rangeOfObject
  return signature.test(query) && subresource.test(query) ? storeSubresource : undefined
}
