import { asFault, Fault } from '../base/faults.ts'
import { tagOf, withoutPartFields } from '../policy/partial.ts'
import type { Profile } from '../policy/profile.ts'
import { freshened } from '../policy/validation.ts'
import type { ByteSource } from '../store/blob-store.ts'
import { sumChunkBytes } from '../store/chunk-sums.ts'
import type { BodySink, OriginRequest, OriginResponse } from '../upstream/origin-fetcher.ts'
import { resumePoint } from '../upstream/resume-point.ts'
import { fits } from './cached-response.ts'
import type { Exchange } from './exchange.ts'
import { fetchFromOrigin } from './follow.ts'
import { fillRequest } from './origin-request.ts'
import { isPart, lengthOf, type PartRecord } from './partial-records.ts'
import type { Services } from './services.ts'
import { forget } from './stored-content.ts'

/** Bytes copied at a time. */
const chunkBytes = 256 * 1024
const maxCheckedBytes = 64 * 1024 * 1024

/**
 * The whole response, of which a stored part is the beginning and only the rest was asked for, with Range and If-Range; or
 * whatever else the origin says to that. `undefined`: no such part, or its rest cannot be had; then the whole must be asked for.
 */
export async function fetchRest(exchange: Exchange, services: Services): Promise<OriginResponse | undefined> {
  const part = beginning(exchange)
  if (part === undefined) return undefined
  const request = fillRequest(exchange)
  const point = resumePoint(request, asIfCut(part), lengthOf(part.part), false)
  if (typeof point === 'string') return undefined
  const stored = await opened(part, exchange, services)
  if (stored === undefined) return undefined
  let isUsed = false
  try {
    const answer = await fetchFromOrigin(exchange, services, { ...request, fields: point.requestFields })
    if (answer.status !== 206 && answer.status !== 416) return answer
    isUsed = answer.status === 206 && typeof point.fits(answer) !== 'string'
    if (isUsed) return completed({ part, stored, answer, exchange, profile: services.profile })
    answer.cancel()
    return undefined
  } finally {
    if (!isUsed) stored.close()
  }
}

/** The longest stored beginning of the representation that a GET asks for, with a strong entity tag. */
function beginning({ variants, request }: Exchange): PartRecord | undefined {
  let longest: PartRecord | undefined
  for (const { record, codings } of variants) {
    if (!isPart(record) || record.part.first > 0 || !fits(record.vary, codings, request.fields)) continue
    if (tagOf(record.fields)?.weak !== false) continue
    if (longest === undefined || record.part.last > longest.part.last) longest = record
  }
  return longest
}

/** The part as the response that it was the beginning of. */
function asIfCut({ fields, part, requestedAt, receivedAt }: PartRecord): OriginResponse {
  const nothing = (): void => {}
  const flow = { consume: nothing, resume: nothing, cancel: nothing }
  return { status: 200, fields, framing: 'length', declaredBytes: part.sizeBytes, requestedAt, receivedAt, ...flow }
}

/** Damage is found here, while the whole can still be asked for instead; in a longer part it breaks the transfer. */
async function opened(part: PartRecord, { key }: Exchange, services: Services): Promise<ByteSource | undefined> {
  try {
    const source = await services.blobs.open(part.content!)
    if (source !== undefined) {
      await readThrough(source, Math.min(lengthOf(part.part), maxCheckedBytes))
      return source
    }
  } catch (error) {
    services.storeHealth.failed(error)
  }
  forget(key, services)
  return undefined
}

/** Rejects, and closes the source, where it has damage. What was found sound is not hashed again. */
async function readThrough(source: ByteSource, endBytes: number): Promise<void> {
  try {
    for (let at = 0; at < endBytes; ) {
      const lent = await source.next(at, Math.min(sumChunkBytes, endBytes - at))
      if (lent === undefined) throw new Fault('STORE_BLOB_CORRUPT', `a stored part ends at byte ${at} of ${endBytes}`)
      at += lent.length
      source.release(lent)
    }
  } catch (error) {
    source.close()
    throw error
  }
}

interface Completion {
  readonly part: PartRecord
  readonly stored: ByteSource
  readonly answer: OriginResponse
  readonly exchange: Exchange
  readonly profile: Profile
}

/** The stored fields with those of the 206 (RFC 9111 section 3.4), and the content of both. */
function completed(completion: Completion): OriginResponse {
  const { part, answer, profile } = completion
  const update = { ...answer, fields: withoutPartFields(answer.fields) }
  const { fields, requestedAt, receivedAt } = freshened(part, update, profile)
  const flow = new CompletedFlow(completion)
  return {
    status: 200,
    fields,
    framing: 'length',
    declaredBytes: part.part.sizeBytes,
    requestedAt,
    receivedAt,
    consume: (sink) => void flow.run(sink),
    resume: () => flow.resume(),
    cancel: () => flow.cancel(),
  }
}

/** First what is stored, then what comes from the origin. */
class CompletedFlow {
  readonly #completion: Completion
  #writable: PromiseWithResolvers<void> | undefined
  #running = false
  #cancelled = false

  constructor(completion: Completion) {
    this.#completion = completion
  }

  async run(sink: BodySink): Promise<void> {
    const { stored, answer } = this.#completion
    this.#running = true
    try {
      await this.#copy(sink)
    } catch (error) {
      answer.cancel()
      if (!this.#cancelled) sink.fail(asFault(error))
      return
    } finally {
      stored.close()
    }
    if (!this.#cancelled) answer.consume(sink)
  }

  resume(): void {
    this.#writable?.resolve()
    this.#writable = undefined
    this.#completion.answer.resume()
  }

  cancel(): void {
    this.#cancelled = true
    this.resume()
    this.#completion.answer.cancel()
    if (!this.#running) this.#completion.stored.close()
  }

  async #copy(sink: BodySink): Promise<void> {
    const { part, stored, exchange } = this.#completion
    const endBytes = lengthOf(part.part)
    for (let at = 0; at < endBytes && !this.#cancelled; ) {
      const lent = await stored.next(at, Math.min(chunkBytes, endBytes - at))
      if (lent === undefined) throw new Error(`the stored part ends at byte ${at} of ${endBytes}`)
      const bytes = Buffer.from(lent)
      stored.release(lent)
      if (this.#cancelled) return
      at += bytes.length
      // What is passed on here did not come from the origin.
      exchange.originBytes -= bytes.length
      if (sink.chunk(bytes)) continue
      this.#writable = Promise.withResolvers<void>()
      await this.#writable.promise
    }
  }
}

/** Is there a part whose rest may be asked for? Answers at once where nothing is stored. */
export function mayHaveRest({ variants, request, candidate }: Exchange, extra: OriginRequest['fields']): boolean {
  if (variants.length === 0 || request.method !== 'GET' || candidate !== undefined) return false
  return extra.length === 0 && variants.some((one) => one.isPart)
}
