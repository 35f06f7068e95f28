/** Fields that only the next recipient may see (RFC 9110 section 7.6.1) and those that frame a message. All lower case. */
const hopByHop = new Set([
  'connection',
  'content-length',
  'http2-settings',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/** Fields that Connection may never name: dropping them would change what the message means. */
const neverNominated = new Set([
  'age',
  'authorization',
  'cache-control',
  'cookie',
  'date',
  'etag',
  'expires',
  'host',
  'last-modified',
  'larder-expect-digest',
  'location',
  'pragma',
  'range',
  'set-cookie',
  'transfer-encoding',
  'vary',
  'via',
])

/** Does the field concern this connection alone, or the proxy itself? `name` is lower case. */
export function isHopByHop(name: string): boolean {
  return hopByHop.has(name) || name.startsWith('proxy-')
}

/** May a Connection field name `name` (lower case)? */
export function mayBeNominated(name: string): boolean {
  return !(neverNominated.has(name) || name.startsWith('content-') || name.startsWith('if-'))
}
