import type { BodySink, OriginResponse } from './origin-fetcher.ts'

/** Beyond this, the rest of an answer that nobody gets costs more than another connection. */
const maxContentBytes = 16 * 1024
/** What a server says for its own name. */
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

/** The response without what its server says for its own name, not for the one that the client asked. */
export function ofOtherOrigin(response: OriginResponse): OriginResponse {
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

/** Leaves a response that nobody gets. A short content is read to its end, so that the connection can be used again. */
export function leave(response: OriginResponse): void {
  if (response.framing === 'none' || (response.declaredBytes ?? Infinity) <= maxContentBytes) response.consume(nowhere)
  else response.cancel()
}
