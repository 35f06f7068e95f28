import type { ReasonNotStored } from '../base/results.ts'
import type { ClassRule } from '../ecosystem/class-rule.ts'
import { parseEntityTag, strongMatch } from '../http/entity-tag.ts'
import { Fields, type RawFields } from '../http/fields.ts'
import { type BytePart, parseContentRange } from '../http/range.ts'
import type { Profile } from './profile.ts'
import { type JudgedRequest, type JudgedResponse, storability } from './storable.ts'

export interface JudgedPart extends JudgedResponse {
  /** Declared length of the content; `undefined`: not declared. */
  readonly declaredBytes: number | undefined
}

/** Fields that speak of the content of one 206, not of the representation. */
const ofOnePart = new Set(['content-range', 'content-digest', 'content-md5'])

/**
 * The part that a 206 brings, when it may be stored: what the whole response may, with one range of a known whole and of the length that
 * it says (RFC 9111 sections 3 and 3.3, RFC 9110 section 15.3.7). Else the reason against it.
 */
export function storablePart(
  request: JudgedRequest,
  response: JudgedPart,
  rule: ClassRule,
  profile: Profile,
): BytePart | ReasonNotStored {
  const part = partOf(response)
  if (part === undefined) return 'partial'
  const fields = new Fields(withoutPartFields(response.fields.raw))
  const verdict = storability(request, { status: 200, fields, framing: response.framing }, rule, profile)
  return verdict.storable ? part : verdict.reason
}

/** The one range in a 206; `undefined`: several, of an unknown whole, or with a length that contradicts it. */
function partOf({ fields, declaredBytes }: JudgedPart): BytePart | undefined {
  const range = parseContentRange(fields.get('content-range'))
  if (range?.sizeBytes === undefined) return undefined
  if (/^\s*multipart\/byteranges\b/i.test(fields.get('content-type') ?? '')) return undefined
  const { first, last, sizeBytes } = range
  if (declaredBytes !== undefined && declaredBytes !== last - first + 1) return undefined
  return { first, last, sizeBytes }
}

/** The fields of a 206 that are kept with its part. */
export function withoutPartFields(fields: RawFields): string[] {
  const kept: string[] = []
  for (let i = 0; i + 1 < fields.length; i += 2) {
    if (!ofOnePart.has(fields[i]!.toLowerCase())) kept.push(fields[i]!, fields[i + 1]!)
  }
  return kept
}

/** What is to be known of a response to tell whether another is of the same representation. */
export interface Described {
  readonly fields: RawFields
  readonly sizeBytes: number
}

/** Do both name the same strong entity tag and size? Only then may their bytes be joined (RFC 9111 section 3.4). */
export function sameRepresentation(a: Described, b: Described): boolean {
  return a.sizeBytes === b.sizeBytes && strongMatch(tagOf(a.fields), tagOf(b.fields))
}

export function tagOf(fields: RawFields): ReturnType<typeof parseEntityTag> {
  return parseEntityTag(new Fields(fields).get('etag'))
}
