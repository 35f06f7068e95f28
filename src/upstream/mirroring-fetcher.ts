import { asFault, Fault, type FaultCode } from '../base/faults.ts'
import { bearsCredentials } from '../http/credentials.ts'
import { Fields } from '../http/fields.ts'
import type { TargetUri } from '../http/target-uri.ts'
import type { MirrorSets, Mirrors } from './mirror-sets.ts'
import type { Attempts, MirrorTerms, OriginFetcher, OriginRequest, OriginResponse } from './origin-fetcher.ts'
import { leave, ofOtherOrigin } from './other-origin.ts'
import { provenResponse } from './proven-response.ts'
import { agrees, provableBy } from './same-version.ts'

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
  /** Had another than the asked origin a part in it? */
  isMixed: boolean
  readonly attempts: Map<string, Attempts>
}

interface Tried {
  readonly isTaken: boolean
  readonly end: End
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

  fetch(request: OriginRequest): Promise<OriginResponse> {
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
    const first = await this.#tryAt(story.source, request, story, mirrors, terms)
    if (first.isTaken) return concluded(first.end)
    for (const target of [request.target, ...mirrors.targets]) {
      if (target.href === story.source.href || !this.#options.mayAsk(target)) continue
      if (request.isWanted?.() === false) break
      const next = await this.#tryAt(target, request, story, mirrors, terms)
      if (!next.isTaken) continue
      if (!(first.end instanceof Fault)) leave(first.end)
      story.source = target
      story.isMixed = true
      if (request.attempts !== undefined) this.#stories.set(request.attempts, story)
      return concluded(next.end)
    }
    return concluded(first.end)
  }

  /** The asked origin is believed; what others say must agree with what is known, and once they had a word, its own as well. */
  async #tryAt(
    target: TargetUri,
    request: OriginRequest,
    story: Story,
    { alsoMissing }: Mirrors,
    terms: MirrorTerms,
  ): Promise<Tried> {
    const end = await this.#ask(request, target, story)
    if (!story.isMixed && target.href === story.source.href) return { isTaken: !cannotDeliver(end, alsoMissing), end }
    if (end instanceof Fault) return { isTaken: false, end }
    const taken = accepted(request, end, target, terms)
    if (taken !== undefined) return { isTaken: true, end: taken }
    leave(end)
    const reason = `the answer of ${target.authority} does not agree with what was had`
    return { isTaken: false, end: request.attempts?.cut ?? new Fault('ORIGIN_RESPONSE_INVALID', reason) }
  }

  #storyOf({ attempts, target }: OriginRequest): Story {
    const known = attempts && this.#stories.get(attempts)
    return known ?? { source: target, isMixed: false, attempts: new Map() }
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

/** The answer as one to the asked origin; `undefined`: it may not stand for that. */
function accepted(
  request: OriginRequest,
  answer: OriginResponse,
  target: TargetUri,
  { stored, onMirror }: MirrorTerms,
): OriginResponse | undefined {
  const isSame = agrees(request, answer, stored)
  const proof = isSame ? undefined : provableBy(request, answer, stored)
  if (!isSame && proof === undefined) return undefined
  const isAsked = target.href === request.target.href
  if (!isAsked) onMirror(target.authority)
  const response = isAsked ? answer : ofOtherOrigin(answer)
  return proof === undefined ? response : provenResponse(response, proof, target.authority)
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
