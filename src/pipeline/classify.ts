import { Fault } from '../base/faults.ts'
import { classRuleForRequest } from '../ecosystem/classify.ts'
import { parseCacheControl } from '../http/cache-control.ts'
import { cacheKey } from '../key/cache-key.ts'
import type { Profile } from '../policy/profile.ts'
import type { Exchange } from './exchange.ts'
import { keyWithQuery } from './signed-urls.ts'
import type { Step } from './step.ts'
import { withUserRule } from './user-class.ts'

/** Finds the class rule and the key; keeps out of the cache what must not touch it. */
export const classify: Step<'classify'> = (exchange, services) => {
  const target = exchange.target!
  exchange.rule = withUserRule(classRuleForRequest(target, exchange.request.fields), target, services)
  const reason = bypassReason(exchange, services.profile)
  if (reason !== undefined) {
    if (reason !== 'method') refuseOnlyIfCached(exchange)
    exchange.stored = reason
    exchange.result = 'relayed'
    return 'relay'
  }
  exchange.key = exchange.target!.path.includes('?')
    ? keyWithQuery(exchange, services)
    : cacheKey(exchange.target!, exchange.rule, services.keyTerms)
  exchange.flightKey = exchange.key
  exchange.uncoded = exchange.rule.identity === true && services.profile === 'builds'
  return 'lookup'
}

/** What goes past the store is never in it (RFC 9111 section 5.2.1.7). */
function refuseOnlyIfCached(exchange: Exchange): void {
  const directives = exchange.request.fields.get('cache-control')
  if (directives === undefined || !parseCacheControl(directives).onlyIfCached) return
  throw new Fault(
    'CLIENT_ONLY_IF_CACHED',
    `this request to ${exchange.target!.authority} is not answered from the store`,
  )
}

/** Methods without reuse and the client's no-store go past the store; in builds also credentials (CORRECTNESS T14). */
function bypassReason(
  exchange: Exchange,
  profile: Profile,
): 'method' | 'authorization' | 'rule' | 'no-store' | undefined {
  const { method, fields, body } = exchange.request
  if ((method !== 'GET' && method !== 'HEAD') || body !== undefined) return 'method'
  if (profile === 'builds') {
    if (fields.has('authorization') || fields.has('cookie')) return 'authorization'
    if (exchange.rule!.class === 'pass') return 'rule'
  }
  const directives = fields.get('cache-control')
  if (directives !== undefined && parseCacheControl(directives).noStore) return 'no-store'
  return undefined
}
