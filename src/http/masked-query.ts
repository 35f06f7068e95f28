/** What stands in for a value that is nobody's business. */
const mask = '…'

/**
 * `uri` with the values of its query left out: names say what a URL is made of, values may be signatures and tokens, and
 * so may be a part without a name.
 */
export function maskedQuery(uri: string): string {
  const queryStart = uri.indexOf('?')
  if (queryStart === -1) return uri
  const parts = uri.slice(queryStart + 1).split('&')
  return `${uri.slice(0, queryStart)}?${parts.map(maskedPart).join('&')}`
}

function maskedPart(part: string): string {
  const equals = part.indexOf('=')
  if (equals === -1) return part === '' ? '' : mask
  return equals === part.length - 1 ? part : part.slice(0, equals + 1) + mask
}

/** Query strings carry signatures and tokens: they never reach a log (CORRECTNESS I8). */
export function withoutQuery(uri: string): string {
  const query = uri.indexOf('?')
  return query < 0 ? uri : uri.slice(0, query)
}
