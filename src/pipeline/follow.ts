import { bearsCredentials } from '../http/credentials.ts'
import { Fields } from '../http/fields.ts'
import { isRedirect, locationHref } from '../http/location.ts'
import type { TargetUri } from '../http/target-uri.ts'
import type { OriginRequest, OriginResponse } from '../upstream/origin-fetcher.ts'
import { leave, ofOtherOrigin } from '../upstream/other-origin.ts'
import type { Exchange } from './exchange.ts'
import type { Services } from './services.ts'

const maxRedirectCount = 5

/**
 * The origin's response. Where the class rule knows that a URL only leads to its content, that content: it is stored under
 * the URL that was asked, and signatures on the way never reach a key or a client. A redirect that may not be followed is
 * the response.
 */
export function fetchFromOrigin(
  exchange: Exchange,
  services: Services,
  request: OriginRequest,
): Promise<OriginResponse> {
  const first = services.origins.fetch(request)
  // Some stores sign the method: what GET may read, HEAD may not.
  if (exchange.rule!.follow !== true || services.profile !== 'builds' || request.method !== 'GET') return first
  if (bearsCredentials(exchange.request.fields)) return first
  return first.then((response) => followed(services, request, response))
}

async function followed(services: Services, request: OriginRequest, first: OriginResponse): Promise<OriginResponse> {
  let response = first
  let { target } = request
  for (let count = 0; isRedirect(response.status); count += 1) {
    const next = nextTarget(response, target, services)
    if (next === undefined || count === maxRedirectCount) break
    leave(response)
    target = next
    response = await services.origins.fetch({ ...request, target })
  }
  return target === request.target ? response : ofOtherOrigin(response)
}

/** Where the redirect leads, when a client could go there through this proxy; never from https to less. */
function nextTarget(response: OriginResponse, from: TargetUri, services: Services): TargetUri | undefined {
  const location = new Fields(response.fields).get('location')
  const href = location === undefined ? undefined : locationHref(location, from)
  const target = href === undefined ? undefined : services.parseTarget(href)
  if (target === undefined || 'invalid' in target) return undefined
  if (target.scheme !== 'https' && target.scheme !== from.scheme) return undefined
  if (target.scheme === 'https' && !services.mayRead(target.host)) return undefined
  const denied = services.urlCheck(target) ?? services.selfCheck(target.host, target.port)
  return denied === undefined ? target : undefined
}
