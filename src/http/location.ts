import type { TargetUri } from './target-uri.ts'

const absolute = /^[a-z][a-z0-9+.-]*:\/\//i

/** Where a redirect of `target` leads, without fragment (RFC 9110 section 10.2.2); an absolute URI keeps its bytes. */
export function locationHref(location: string, target: TargetUri): string | undefined {
  const reference = location.split('#', 1)[0]!.trim()
  if (absolute.test(reference)) return reference
  return URL.parse(reference, target.href)?.href
}

/** Statuses whose Location a client follows for a GET. */
export function isRedirect(status: number): boolean {
  return status === 301 || status === 302 || status === 303 || status === 307 || status === 308
}
