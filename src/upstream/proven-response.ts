import { createHash } from 'node:crypto'
import type { Digest } from '../base/digest.ts'
import { Fault } from '../base/faults.ts'
import type { BodySink, OriginResponse } from './origin-fetcher.ts'

/**
 * The response, which comes to its end only when its content has this digest: the last piece waits for the proof. Without a
 * tag, as another response could not go on where this one is cut without losing the proof.
 */
export function provenResponse(response: OriginResponse, digest: Digest, authority: string): OriginResponse {
  const { status, framing, declaredBytes, requestedAt, receivedAt } = response
  return {
    status,
    fields: withoutTag(response.fields),
    framing,
    declaredBytes,
    requestedAt,
    receivedAt,
    consume: (sink) => response.consume(proving(sink, digest, `${authority} has other content than is stored`)),
    resume: () => response.resume(),
    cancel: () => response.cancel(),
  }
}

/** Hands content on to `sink`, the last piece only when all of it has this digest; `otherwise` says what is wrong when it has another. */
export function proving(sink: BodySink, digest: Digest, otherwise: string): BodySink {
  const hash = createHash('sha256')
  let last: Buffer | undefined
  return {
    chunk: (bytes) => {
      hash.update(bytes)
      const before = last
      last = bytes
      return before === undefined || sink.chunk(before)
    },
    end: (trailers) => {
      if (hash.digest('hex') !== digest) {
        return sink.fail(new Fault('CONTENT_DIGEST_MISMATCH', otherwise))
      }
      if (last !== undefined) sink.chunk(last)
      sink.end(trailers)
    },
    fail: (fault) => sink.fail(fault),
  }
}

function withoutTag(fields: OriginResponse['fields']): string[] {
  const kept: string[] = []
  for (let i = 0; i + 1 < fields.length; i += 2) {
    if (fields[i]!.toLowerCase() !== 'etag') kept.push(fields[i]!, fields[i + 1]!)
  }
  return kept
}
