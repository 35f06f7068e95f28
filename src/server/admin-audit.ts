import type { IncomingMessage } from 'node:http'
import type { AdminChange } from '../base/events.ts'
import type { ChangeKind } from '../pipeline/change-responses.ts'
import type { FoundResponse } from '../pipeline/find-responses.ts'

/** Digests that are named in a line; the others are counted. */
const mostDigests = 16

/** Collects what one change did, for the line that tells of it (CORRECTNESS 8.2.7). */
export class Audit {
  readonly #by: string
  readonly #agent: string | undefined
  readonly #action: ChangeKind
  readonly #what: string
  readonly #digests: string[] = []
  #count = 0

  constructor(request: IncomingMessage, action: ChangeKind, what: string) {
    this.#by = peerOf(request)
    this.#agent = request.headers['user-agent']
    this.#action = action
    this.#what = what
  }

  add({ digest }: Pick<FoundResponse, 'digest'>): void {
    this.#count += 1
    if (digest !== undefined && this.#digests.length < mostDigests) this.#digests.push(digest)
  }

  get change(): AdminChange {
    const agent = this.#agent === undefined ? {} : { agent: this.#agent }
    return {
      by: this.#by,
      ...agent,
      action: this.#action,
      what: this.#what,
      count: this.#count,
      digests: this.#digests,
    }
  }
}

/** A URL, or a pattern of URLs, without what may be a secret (CORRECTNESS I8). */
export function withoutSecrets(url: string): string {
  return url.replace(/\?.*$/s, '').replace(/^([a-z]+:\/\/)[^/]*@/i, '$1')
}

/** Whoever may open a unix socket may ask, and has no address. */
function peerOf({ socket }: IncomingMessage): string {
  return socket.remoteAddress ?? 'unix'
}
