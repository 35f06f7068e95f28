import { asFault, Fault, type FaultCode } from '../base/faults.ts'
import { bearsCredentials } from '../http/credentials.ts'
import { Fields } from '../http/fields.ts'
import type { TargetUri } from '../http/target-uri.ts'
import type { MirrorSets, Mirrors } from './mirror-sets.ts'
import type { Attempts, MirrorTerms, OriginFetcher, OriginRequest, OriginResponse } from './origin-fetcher.ts'
import { leave, ofOtherOrigin } from './other-origin.ts'
import { agrees } from './same-version.ts'

export interface MirroringOptions {
  readonly sets: MirrorSets
  /** May this target be asked for, as if a client did? */
  readonly mayAsk: (target: TargetUri) => boolean
}

/** How one origin ended that was asked. */
type End = OriginResponse | Fault

/** Who gave what was had of a response, and how often each mirror was tried for it. */
interface Story {
  source: TargetUri
  readonly attempts: Map<string, Attempts>
}

/** Faults that no other origin may make good: rules of this proxy, and what is too large anywhere. */
const final: ReadonlySet<FaultCode> = new Set([
  'ORIGIN_ADDRESS_PROHIBITED',
  'ORIGIN_HEAD_TOO_LARGE',
  'ORIGIN_BODY_TOO_LARGE',
])
const tooManyRequests = 429

/**
 * Asks equivalent origins when the one that is asked cannot deliver, one after the other: the same path below another base URL.
 * Credentials never go there (CORRECTNESS T28), and no response is made of two versions (T02).
 */
export function createMirroringFetcher(inner: OriginFetcher, options: MirroringOptions): OriginFetcher {
  return new Mirroring(inner, options)
}

class Mirroring implements OriginFetcher {
  readonly #inner: OriginFetcher
  readonly #options: MirroringOptions
  /** Of responses that mirrors had a part in, by what counts the attempts for them. */
  readonly #stories = new WeakMap<Attempts, Story>()

  constructor(inner: OriginFetcher, options: MirroringOptions) {
    this.#inner = inner
    this.#options = options
  }

  async fetch(request: OriginRequest): Promise<OriginResponse> {
    const mirrors = this.#mirrorsOf(request)
    const terms = mirrors && request.mirrors?.()
    if (mirrors === undefined || terms === undefined) return this.#inner.fetch(request)
    return this.#fetchFromAny(request, mirrors, terms)
  }

  close(): Promise<void> {
    return this.#inner.close()
  }

  #mirrorsOf({ method, target, fields, body }: OriginRequest): Mirrors | undefined {
    if ((method !== 'GET' && method !== 'HEAD') || body !== undefined) return undefined
    const mirrors = this.#options.sets.of(target)
    return mirrors === undefined || bearsCredentials(new Fields(fields)) ? undefined : mirrors
  }

  async #fetchFromAny(request: OriginRequest, mirrors: Mirrors, terms: MirrorTerms): Promise<OriginResponse> {
    const story = this.#storyOf(request)
    const own = await this.#ask(request, story.source, story)
    if (!cannotDeliver(own, mirrors.alsoMissing)) return concluded(own)
    for (const target of [request.target, ...mirrors.targets]) {
      if (target.href === story.source.href || !this.#options.mayAsk(target)) continue
      if (request.isWanted?.() === false) break
      const end = await this.#ask(request, target, story)
      if (end instanceof Fault) continue
      if (!agrees(request, end, terms.stored)) {
        leave(end)
        continue
      }
      if (!(own instanceof Fault)) leave(own)
      return this.#chosen(request, target, end, story, terms)
    }
    return concluded(own)
  }

  #chosen(
    request: OriginRequest,
    target: TargetUri,
    response: OriginResponse,
    story: Story,
    { onMirror }: MirrorTerms,
  ): OriginResponse {
    story.source = target
    if (request.attempts !== undefined) this.#stories.set(request.attempts, story)
    if (target.href === request.target.href) return response
    onMirror(target.authority)
    return ofOtherOrigin(response)
  }

  #storyOf({ attempts, target }: OriginRequest): Story {
    const known = attempts && this.#stories.get(attempts)
    return known ?? { source: target, attempts: new Map() }
  }

  async #ask(request: OriginRequest, target: TargetUri, story: Story): Promise<End> {
    try {
      if (target.href === request.target.href) return await this.#inner.fetch(request)
      const attempts = attemptsAt(target, story, request.attempts?.cut)
      return await this.#inner.fetch({ ...request, target, fields: fieldsForOther(request), attempts })
    } catch (error) {
      return asFault(error)
    }
  }
}

/** Each mirror has as many attempts for a response as the asked origin has. */
function attemptsAt({ href }: TargetUri, { attempts }: Story, cut: Fault | undefined): Attempts {
  const known = attempts.get(href) ?? { count: 0, cut: undefined }
  attempts.set(href, known)
  // What cut the response of another says nothing of one that was not asked yet.
  known.cut = known.count > 0 ? cut : undefined
  return known
}

/** Where the client came from is for the origin that it asked. */
function fieldsForOther({ fields }: OriginRequest): string[] {
  const kept: string[] = []
  for (let i = 0; i + 1 < fields.length; i += 2) {
    if (!/^(?:referer|origin)$/i.test(fields[i]!)) kept.push(fields[i]!, fields[i + 1]!)
  }
  return kept
}

function cannotDeliver(end: End, alsoMissing: boolean): boolean {
  if (!(end instanceof Fault)) {
    const isMissing = end.status === 404 || end.status === 410
    return end.status >= 500 || end.status === tooManyRequests || (alsoMissing && isMissing)
  }
  if (end.code === 'ORIGIN_FTP_NOT_FOUND') return alsoMissing
  return end.code.startsWith('ORIGIN_') && !final.has(end.code)
}

function concluded(end: End): OriginResponse {
  if (end instanceof Fault) throw end
  return end
}
