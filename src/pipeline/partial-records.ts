import type { BytePart } from '../http/range.ts'
import { sameRepresentation, tagOf } from '../policy/partial.ts'
import type { Profile } from '../policy/profile.ts'
import { freshened } from '../policy/validation.ts'
import type { StoredResponse } from '../store/stored-response.ts'
import { variantName } from './cached-response.ts'

/** Most parts kept under one key; the oldest goes first. */
const maxPartCount = 16
/** Parts that touch are joined at once while their bytes are few, and else when the larger is not so many times the smaller. */
const smallBytes = 1024 * 1024
const joinRatio = 4

export type PartRecord = StoredResponse & { readonly part: BytePart }

export function isPart(record: StoredResponse): record is PartRecord {
  return record.part !== undefined
}

/** A piece of a range, and the part that has it. */
export interface Piece<T> {
  readonly of: T
  readonly first: number
  readonly last: number
}

/** The pieces that together are exactly `range`, in order; `undefined` when some of it is in no part. */
export function piecesOf<T>(
  range: { readonly first: number; readonly last: number },
  parts: readonly { readonly of: T; readonly part: BytePart }[],
): Piece<T>[] | undefined {
  const pieces: Piece<T>[] = []
  for (let at = range.first; at <= range.last; at = pieces.at(-1)!.last + 1) {
    let furthest: { readonly of: T; readonly part: BytePart } | undefined
    for (const one of parts) {
      const covers = one.part.first <= at && one.part.last >= at
      if (covers && (furthest === undefined || one.part.last > furthest.part.last)) furthest = one
    }
    if (furthest === undefined) return undefined
    pieces.push({ of: furthest.of, first: at, last: Math.min(furthest.part.last, range.last) })
  }
  return pieces
}

export function ofSameRepresentation(a: StoredResponse, b: StoredResponse): boolean {
  return sameRepresentation(described(a), described(b))
}

function described({ fields, part, content }: StoredResponse): { fields: StoredResponse['fields']; sizeBytes: number } {
  return { fields, sizeBytes: part?.sizeBytes ?? content?.sizeBytes ?? 0 }
}

/**
 * What is stored under a key once `added` came. What is of the same representation gets its fields (RFC 9111 section 3.4); of another one
 * the newer stays; `stored` itself when that is all. A whole response stays whole, and needs no part.
 */
export function withPart(
  stored: readonly StoredResponse[],
  added: PartRecord,
  profile: Profile,
): readonly StoredResponse[] {
  const name = variantName(added.vary)
  const rivals = stored.filter((one) => variantName(one.vary) === name)
  const others = stored.filter((one) => !rivals.includes(one))
  const same = rivals.filter((one) => ofSameRepresentation(one, added))
  if (same.length > 0) return [...joinedBy(added, same, profile), ...others]
  if (rivals.some((one) => outlasts(one, added))) return stored
  const kept = rivals.filter((one) => isPart(one) && mayStandBeside(one, added))
  return capped([added, ...kept, ...others])
}

/** `same` and `added`, all with the newest fields; what lies within another is left out. */
function joinedBy(added: PartRecord, same: readonly StoredResponse[], profile: Profile): readonly StoredResponse[] {
  const [newest] = same
  const isNews = added.requestedAt >= newest!.requestedAt
  const { fields, requestedAt, receivedAt } = isNews ? freshened(newest!, added, profile) : newest!
  const updated = same.map((one) => ({ ...one, fields, requestedAt, receivedAt }))
  const whole = updated.filter((one) => !isPart(one))
  if (whole.length > 0) return whole
  const parts = updated.filter(isPart)
  if (parts.some(({ part }) => contains(part, added.part))) return parts
  const rest = parts.filter(({ part }) => !contains(added.part, part))
  return capped([{ ...added, fields, requestedAt, receivedAt }, ...rest])
}

/** Is `stored` to be kept rather than `added`, of which it is not known to be the same? */
function outlasts(stored: StoredResponse, added: PartRecord): boolean {
  if (stored.requestedAt > added.requestedAt) return !(isPart(stored) && mayStandBeside(stored, added))
  // Without a strong tag a part proves nothing against a whole.
  return !isPart(stored) && tagOf(added.fields)?.weak !== false
}

/** Parts without any tag may be of one representation: both stay, each for itself, where they do not overlap. */
function mayStandBeside(one: PartRecord, other: PartRecord): boolean {
  if (one.part.sizeBytes !== other.part.sizeBytes) return false
  if (tagOf(one.fields) !== undefined || tagOf(other.fields) !== undefined) return false
  return one.part.last < other.part.first || other.part.last < one.part.first
}

function contains(outer: BytePart, inner: BytePart): boolean {
  return outer.first <= inner.first && outer.last >= inner.last
}

function capped(records: readonly StoredResponse[]): readonly StoredResponse[] {
  let count = 0
  return records.filter((record) => !isPart(record) || ++count <= maxPartCount)
}

/** Parts of one representation whose bytes should be joined next, in the order of their bytes; `undefined`: none. */
export function nextJoin(records: readonly StoredResponse[], added: PartRecord): readonly PartRecord[] | undefined {
  const name = variantName(added.vary)
  const same = records
    .filter(isPart)
    .filter((one) => variantName(one.vary) === name && ofSameRepresentation(one, added))
  const inOrder = same.sort((a, b) => a.part.first - b.part.first || b.part.last - a.part.last)
  const all = { first: 0, last: added.part.sizeBytes - 1 }
  if (
    piecesOf(
      all,
      inOrder.map((of) => ({ of, part: of.part })),
    ) !== undefined
  )
    return inOrder
  for (const [at, next] of inOrder.entries()) {
    const before = inOrder[at - 1]
    if (before !== undefined && next.part.first <= before.part.last + 1 && isWorthJoining(before, next)) {
      return [before, next]
    }
  }
  return undefined
}

/** Joining like sizes copies each byte few times, however many parts come. */
function isWorthJoining(a: PartRecord, b: PartRecord): boolean {
  const [small, large] = [lengthOf(a.part), lengthOf(b.part)].sort((x, y) => x - y) as [number, number]
  return small + large <= smallBytes || large <= joinRatio * small
}

export function lengthOf({ first, last }: { readonly first: number; readonly last: number }): number {
  return last - first + 1
}
