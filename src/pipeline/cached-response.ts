import type { ClassRule } from '../ecosystem/class-rule.ts'
import { asksForCodings, contentCodings } from '../http/accept-encoding.ts'
import { Fields } from '../http/fields.ts'
import { type SecondaryKey, varyMatches } from '../http/vary.ts'
import { currentAgeSeconds, type FreshnessProfile, freshnessProfile } from '../policy/freshness.ts'
import type { Profile } from '../policy/profile.ts'
import { noSlot } from '../store/eviction-policy.ts'
import { maxVariantCount } from '../store/response-index.ts'
import type { StoredResponse } from '../store/stored-response.ts'
import type { Deliverable } from './deliverable.ts'
import { responseStem } from './response-stem.ts'

/** Content up to this size is kept with the record in memory. */
export const hotContentBytes = 64 * 1024
/** Rough cost of a record without content in memory: about 3 KiB that it lives in, and somewhat more that waits to be swept or is lost between blocks. */
const recordBytes = 7168

/** A stored response with everything precomputed that each hit would otherwise compute. */
export class CachedResponse implements Deliverable {
  readonly record: StoredResponse
  readonly status: number
  readonly fields: Fields
  readonly freshness: FreshnessProfile
  readonly sizeBytes: number
  /** Is only a part of the content there? Then status and size are those of the whole, and no request for the whole may get it. */
  readonly isPart: boolean
  content: Buffer | undefined
  /** Number of its entry among those that may be evicted. */
  slot = noSlot
  /** `undefined`: none, so that a hit need not look at Accept-Encoding. */
  readonly codings: readonly string[] | undefined
  readonly #stem: string[]

  constructor(record: StoredResponse, rule: ClassRule, profile: Profile, content?: Buffer) {
    this.record = record
    this.isPart = record.part !== undefined
    this.status = this.isPart ? 200 : record.status
    this.fields = new Fields(record.fields)
    this.freshness = freshnessProfile(record, rule, profile)
    this.sizeBytes = record.part?.sizeBytes ?? record.content?.sizeBytes ?? 0
    this.codings = codingsOf(this.fields)
    this.content = record.content === undefined ? Buffer.alloc(0) : content
    this.#stem = responseStem(record.fields, record.receivedAt, this.isPart ? undefined : record.content?.digest)
  }

  /** Memory that keeping it costs. */
  get memoryBytes(): number {
    return recordBytes + 2 * this.record.url.length + (this.content?.length ?? 0)
  }

  fieldsNow(nowMs: number, cacheStatus: string): string[] {
    const fields = this.#stem.slice()
    fields.push('Age', String(Math.floor(currentAgeSeconds(this.freshness, nowMs))), 'Cache-Status', cacheStatus)
    return fields
  }
}

/** Memory that keeping `variants` costs. */
export function memoryBytesOf(variants: readonly CachedResponse[]): number {
  let sum = 0
  for (const variant of variants) sum += variant.memoryBytes
  return sum
}

/** The newest complete variant whose secondary key the request matches (RFC 9111 section 4.1). */
export function selectVariant(variants: readonly CachedResponse[], request: Fields): CachedResponse | undefined {
  for (const variant of variants) {
    if (!variant.isPart && fits(variant.record.vary, variant.codings, request)) return variant
  }
  return undefined
}

/** The codings of a response's content; `undefined` when there are none. */
export function codingsOf(fields: Fields): readonly string[] | undefined {
  const codings = contentCodings(fields.get('content-encoding'))
  return codings.length > 0 ? codings : undefined
}

/**
 * Is this a response for `request`? Coded content is only for a client that asked for the coding, also when the origin
 * forgot to say Vary; a cache may always ask the origin instead.
 */
export function fits(vary: SecondaryKey, codings: readonly string[] | undefined, request: Fields): boolean {
  if (!varyMatches(vary, request)) return false
  return codings === undefined || asksForCodings(request.get('accept-encoding'), codings)
}

/** `variants` with `added` in front, in place of the one with the same secondary key. */
export function withVariant<T extends { readonly vary: { readonly [name: string]: string } }>(
  variants: readonly T[],
  added: T,
): T[] {
  if (variants.length === 0) return [added]
  const key = variantName(added.vary)
  return [added, ...variants.filter((variant) => variantName(variant.vary) !== key)].slice(0, maxVariantCount)
}

/** A secondary key as one text; the same for equal keys. */
export function variantName(vary: { readonly [name: string]: string }): string {
  if (Object.keys(vary).length === 0) return ''
  return JSON.stringify(Object.entries(vary).sort(([a], [b]) => (a < b ? -1 : 1)))
}
