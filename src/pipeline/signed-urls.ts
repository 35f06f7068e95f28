import { parseCacheControl } from '../http/cache-control.ts'
import { bearsCredentials } from '../http/credentials.ts'
import { isRedirect, locationHref } from '../http/location.ts'
import { cacheKey, signatureOf, spelledHref, unsigned } from '../key/cache-key.ts'
import type { Exchange } from './exchange.ts'
import type { Services } from './services.ts'

/** How long a grant holds whose signature does not say when it ends. */
const unknownLifeMs = 60_000

/** Forms the key of an exchange whose target has a query: only here can a signature be in it. */
export function keyWithQuery(exchange: Exchange, services: Services): string {
  const target = exchange.target!
  const { keyTerms, grants } = services
  const isPublic =
    keyTerms.profile === 'builds' &&
    grants.holds(spelledHref(target), services.clock.now()) &&
    !bearsCredentials(exchange.request.fields)
  if (isPublic) {
    const signature = signatureOf(target, keyTerms)
    // What is stored for everybody must not tell anybody's signature (CORRECTNESS I8).
    if (signature !== undefined) exchange.recordUrl = unsigned(target.href, signature)
  }
  return cacheKey(target, exchange.rule!, keyTerms, isPublic)
}

/** Remembers that the origin's redirect led somebody without credentials to a signed URL. */
export function noteRedirect(exchange: Exchange, services: Services): void {
  const { request, rule, upstream, upstreamFields: fields } = exchange
  const location = fields?.get('location')
  if (location === undefined || !isRedirect(upstream!.status) || rule!.class === 'pass') return
  if (services.profile !== 'builds' || bearsCredentials(request.fields)) return
  if (parseCacheControl(fields!.get('cache-control')).private) return
  // A redirect that only a signature led to proves nothing, unless that one was granted.
  if (exchange.recordUrl === undefined && signatureOf(exchange.target!, services.keyTerms) !== undefined) return
  const href = locationHref(location, exchange.target!)
  const target = href === undefined ? undefined : services.parseTarget(href)
  if (target === undefined || 'invalid' in target) return
  const signature = signatureOf(target, services.keyTerms)
  if (signature === undefined) return
  const now = services.clock.now()
  const untilMs = signature.expiresAt ?? now + unknownLifeMs
  if (untilMs > now) services.grants.grant(spelledHref(target), untilMs)
}
