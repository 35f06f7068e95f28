import type { RawFields } from '../http/fields.ts'
import type { BytePart } from '../http/range.ts'
import { tagOf } from './partial.ts'

/** What a fill may still cost when nobody reads it any more. */
export interface LeavingLimits {
  /** Missing bytes up to which a fill is always finished; of content without a declared length, what may still come. */
  readonly finishBytes: number
  /** The share of the whole, 0 to 1, from which on a fill is finished however much is missing. */
  readonly finishShare: number
  /** A smaller part is not kept: asking for the rest would save nothing. */
  readonly minPartBytes: number
  /** A fill that is finished for nobody has this long, and as long again as what was missing takes at the least pace. */
  readonly graceMs: number
  readonly minBytesPerMs: number
}

export const leavingLimits: LeavingLimits = {
  finishBytes: 16 * 1024 * 1024,
  finishShare: 0.5,
  minPartBytes: 64 * 1024,
  graceMs: 30_000,
  minBytesPerMs: 64,
}

/** How far a fill has come when its last reader goes. */
export interface Progress {
  readonly doneBytes: number
  /** `undefined`: not declared. */
  readonly declaredBytes: number | undefined
  /** Had the last reader all that it asked for (a range, a 304)? Then it did not give up, and the whole is still wanted for others. */
  readonly served: boolean
}

/** Stop, or go on until so many bytes are there, for so long at most. */
export type Leaving =
  | { readonly kind: 'stop' }
  | { readonly kind: 'finish'; readonly untilBytes: number; readonly withinMs: number }

/** What becomes of a fill that nobody reads any more (CORRECTNESS T29). */
export function whenUnread({ doneBytes, declaredBytes, served }: Progress, limits: LeavingLimits): Leaving {
  const missingBytes = declaredBytes === undefined ? limits.finishBytes : declaredBytes - doneBytes
  const isNearEnd = missingBytes <= limits.finishBytes || doneBytes >= declaredBytes! * limits.finishShare
  if (!served && !isNearEnd) return { kind: 'stop' }
  const withinMs = limits.graceMs + missingBytes / limits.minBytesPerMs
  return { kind: 'finish', untilBytes: doneBytes + missingBytes, withinMs }
}

/** A response whose content will not come to its end. */
export interface Incomplete {
  readonly status: number
  readonly fields: RawFields
  /** Declared length of what was coming. */
  readonly declaredBytes: number | undefined
  /** Which part was coming, of a 206. */
  readonly part: BytePart | undefined
  readonly doneBytes: number
}

/**
 * The part that is worth keeping of an incomplete response, so that only the rest need be asked for (RFC 9111 section 3.3);
 * `undefined`: none. Without a strong entity tag nothing could ever be joined to it.
 */
export function partToKeep(
  { status, fields, declaredBytes, part, doneBytes }: Incomplete,
  minPartBytes: number,
): BytePart | undefined {
  if (declaredBytes === undefined || doneBytes < minPartBytes || doneBytes >= declaredBytes) return undefined
  if (part === undefined && status !== 200) return undefined
  if (tagOf(fields)?.weak !== false) return undefined
  const first = part?.first ?? 0
  return { first, last: first + doneBytes - 1, sizeBytes: part?.sizeBytes ?? declaredBytes }
}
