import { bearsCredentials } from '../http/credentials.ts'
import { Fields } from '../http/fields.ts'
import { isRedirect, locationHref } from '../http/location.ts'
import type { TargetUri } from '../http/target-uri.ts'
import type { BodySink, OriginRequest, OriginResponse } from '../upstream/origin-fetcher.ts'
import type { Exchange } from './exchange.ts'
import type { Services } from './services.ts'

const maxRedirectCount = 5
const maxContentBytes = 16 * 1024
const ofServer = new Set([
  'alt-svc',
  'clear-site-data',
  'content-location',
  'public-key-pins',
  'set-cookie',
  'set-cookie2',
  'strict-transport-security',
  'www-authenticate',
])
const nowhere: BodySink = { chunk: () => true, end: () => {}, fail: () => {} }

/**
 * The origin's response. Where the class rule knows that a URL only leads to its content, that content: it is stored under
 * the URL that was asked, and signatures on the way never reach a key or a client. A redirect that may not be followed is
 * the response.
 */
export async function fetchFromOrigin(
  exchange: Exchange,
  services: Services,
  request: OriginRequest,
): Promise<OriginResponse> {
  let response = await services.origins.fetch(request)
  // Some stores sign the method: what GET may read, HEAD may not.
  if (exchange.rule!.follow !== true || services.profile !== 'builds' || request.method !== 'GET') return response
  if (bearsCredentials(exchange.request.fields)) return response
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

/** The response without what its server says for its own name, not for the one that the client asked. */
function ofOtherOrigin(response: OriginResponse): OriginResponse {
  const { status, framing, declaredBytes, requestedAt, receivedAt } = response
  const fields: string[] = []
  for (let i = 0; i + 1 < response.fields.length; i += 2) {
    if (!ofServer.has(response.fields[i]!.toLowerCase())) fields.push(response.fields[i]!, response.fields[i + 1]!)
  }
  return {
    status,
    fields,
    framing,
    declaredBytes,
    requestedAt,
    receivedAt,
    consume: (sink) => response.consume(sink),
    resume: () => response.resume(),
    cancel: () => response.cancel(),
  }
}

/** A short content is read to its end, so that the connection can be used again. */
function leave(response: OriginResponse): void {
  if (response.framing === 'none' || (response.declaredBytes ?? Infinity) <= maxContentBytes) response.consume(nowhere)
  else response.cancel()
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
