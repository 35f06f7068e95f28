/** One range of bytes as it was asked for: from `first` (to `last`, inclusive), or the last `suffixBytes` (RFC 9110 section 14.1.2). */
export type ByteRange = { readonly first: number; readonly last: number | undefined } | { readonly suffixBytes: number }

/** What a Range field means for a representation of known size. */
export type ResolvedRange =
  | { readonly kind: 'whole' }
  | { readonly kind: 'partial'; readonly first: number; readonly last: number }
  | { readonly kind: 'unsatisfiable' }

/** One range of a representation whose size is known. */
export interface BytePart {
  readonly first: number
  readonly last: number
  /** Size of the whole representation. */
  readonly sizeBytes: number
}

export interface ContentRange {
  readonly first: number
  readonly last: number
  /** `undefined`: the sender does not know it (`*`). */
  readonly sizeBytes: number | undefined
}

const single = /^bytes=[\t ,]*(\d*)-(\d*)[\t ,]*$/i
const contentRange = /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15}|\*)$/i

/**
 * The one range that a Range field asks for; this is all that is known while the size is not. `undefined`: to be ignored
 * (several ranges, another unit, bad syntax; RFC 9110 section 14.2).
 */
export function parseRange(value: string | undefined): ByteRange | undefined {
  const parts = value === undefined ? null : single.exec(value.trim())
  if (parts === null) return undefined
  const [, from = '', to = ''] = parts
  if (from === '') return to === '' ? undefined : { suffixBytes: position(to) }
  const first = position(from)
  if (to === '') return { first, last: undefined }
  const last = position(to)
  return last < first ? undefined : { first, last }
}

/** What a Range field selects of `sizeBytes` bytes. */
export function resolveRange(value: string | undefined, sizeBytes: number): ResolvedRange {
  const range = parseRange(value)
  if (range === undefined) return { kind: 'whole' }
  if ('suffixBytes' in range) {
    if (range.suffixBytes === 0) return { kind: 'unsatisfiable' }
    // A suffix of nothing is satisfiable, but no Content-Range can say so: the whole, empty representation is sent.
    if (sizeBytes === 0) return { kind: 'whole' }
    return { kind: 'partial', first: Math.max(0, sizeBytes - range.suffixBytes), last: sizeBytes - 1 }
  }
  if (range.first >= sizeBytes) return { kind: 'unsatisfiable' }
  return { kind: 'partial', first: range.first, last: Math.min(range.last ?? sizeBytes - 1, sizeBytes - 1) }
}

export function formatRange(range: ByteRange): string {
  return 'suffixBytes' in range ? `bytes=-${range.suffixBytes}` : `bytes=${range.first}-${range.last ?? ''}`
}

/** Content-Range of a 206; `undefined` when it is none or contradicts itself (RFC 9110 section 14.4). */
export function parseContentRange(value: string | undefined): ContentRange | undefined {
  const parts = value === undefined ? null : contentRange.exec(value)
  if (parts === null) return undefined
  const first = Number(parts[1])
  const last = Number(parts[2])
  const sizeBytes = parts[3] === '*' ? undefined : Number(parts[3])
  if (last < first || (sizeBytes !== undefined && last >= sizeBytes)) return undefined
  return { first, last, sizeBytes }
}

export function formatContentRange(range: ContentRange): string {
  return `bytes ${range.first}-${range.last}/${range.sizeBytes ?? '*'}`
}

/** Digits as a number that stays exact; what is larger than any content counts as the largest. */
function position(digits: string): number {
  return Math.min(Number(digits), Number.MAX_SAFE_INTEGER)
}
