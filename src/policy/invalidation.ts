import { Fields, type RawFields } from '../http/fields.ts'
import { parseTargetUri, type TargetUri } from '../http/target-uri.ts'

const safeMethods = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'CONNECT'])

/**
 * The URIs whose stored responses a successful unsafe request makes invalid: its own, and those in Location and
 * Content-Location when they are of the same origin (RFC 9111 section 4.4).
 */
export function invalidates(
  method: string,
  status: number,
  target: TargetUri,
  responseFields: RawFields,
): readonly string[] {
  if (safeMethods.has(method) || status < 200 || status > 399) return []
  const fields = new Fields(responseFields)
  const hrefs = new Set([target.href])
  for (const name of ['location', 'content-location']) {
    const reference = fields.get(name)
    const href = reference === undefined ? undefined : sameOriginHref(reference, target)
    if (href !== undefined) hrefs.add(href)
  }
  return [...hrefs]
}

/** `reference` resolved against `target`, its bytes kept; `undefined` when it leads to another origin or nowhere. */
function sameOriginHref(reference: string, target: TargetUri): string | undefined {
  const text = reference.split('#', 1)[0]!.trim()
  const origin = `${target.scheme}://${target.authority}`
  const resolved = parseTargetUri(absolute(text, target, origin))
  if ('invalid' in resolved || !resolved.href.startsWith(`${origin}/`)) return undefined
  return resolved.href
}

function absolute(text: string, target: TargetUri, origin: string): string {
  if (/^[a-z][a-z0-9+.-]*:/i.test(text)) return text
  if (text.startsWith('//')) return `${target.scheme}:${text}`
  if (text.startsWith('/')) return origin + text
  const base = target.href.split('?', 1)[0]!
  if (text === '') return target.href
  if (text.startsWith('?')) return base + text
  return URL.parse(text, base)?.href ?? ''
}
