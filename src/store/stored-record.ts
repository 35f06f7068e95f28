import { parseDigest } from '../base/digest.ts'
import type { BytePart } from '../http/range.ts'
import type { BlobRef } from './blob-store.ts'
import type { StoredResponse } from './stored-response.ts'

/** Raised when the shape of a record changes; records of another version are misses. */
const recordVersion = 1
/** Of records with a part among them, so that nobody takes it for a whole who does not know parts. */
const versionWithParts = 2
/** Of records that are pinned or outdated, so that nobody loses those marks who does not know them. */
const versionWithMarks = 3

/** What stands in the index under one key. */
export interface StoredRecord {
  readonly v: number
  readonly variants: readonly StoredResponse[]
}

export function toRecord(variants: readonly StoredResponse[]): StoredRecord {
  return { v: versionOf(variants), variants }
}

/** Is any of the variants of a key pinned? Then all are: a pin is of the key, never evicted, and what replaces them is pinned too. */
export function isPinned(variants: readonly StoredResponse[]): boolean {
  return variants.some((variant) => variant.pinned === true)
}

/** `variants`, all of them pinned or none. */
export function withPin(variants: readonly StoredResponse[], pinned: boolean): readonly StoredResponse[] {
  return variants.map(({ pinned: _, ...variant }) => (pinned ? { ...variant, pinned } : variant))
}

function versionOf(variants: readonly StoredResponse[]): number {
  const hasMarks = variants.some((variant) => variant.pinned !== undefined || variant.outdatedAt !== undefined)
  if (hasMarks) return versionWithMarks
  return variants.some((variant) => variant.part !== undefined) ? versionWithParts : recordVersion
}

/** The variants of a record; empty when it is not exactly of our shape (CORRECTNESS T33: what a back end holds is data). */
export function fromRecord(value: unknown): readonly StoredResponse[] {
  if (!isObject(value) || !Array.isArray(value.variants)) return []
  if (value.v !== recordVersion && value.v !== versionWithParts && value.v !== versionWithMarks) return []
  const variants: StoredResponse[] = []
  for (const entry of value.variants) {
    const variant = readVariant(entry)
    if (variant === undefined) return []
    variants.push(variant)
  }
  return variants
}

/** As `fromRecord`, of a record as it is kept; what is no JSON has none. */
export function fromText(text: string): readonly StoredResponse[] {
  try {
    return fromRecord(JSON.parse(text))
  } catch {
    return []
  }
}

function readVariant(value: unknown): StoredResponse | undefined {
  if (!isObject(value)) return undefined
  const { url, status, fields, requestedAt, receivedAt, vary, rule, fetchMs, pinned, outdatedAt } = value
  const content = value.content === undefined ? undefined : readRef(value.content)
  const part = value.part === undefined ? undefined : readPart(value.part, content)
  const sound =
    typeof url === 'string' &&
    isCount(status) &&
    status >= 100 &&
    status <= 599 &&
    isTextList(fields) &&
    fields.length % 2 === 0 &&
    isCount(requestedAt) &&
    isCount(receivedAt) &&
    isObject(vary) &&
    Object.values(vary).every((text) => typeof text === 'string') &&
    typeof rule === 'string' &&
    isCount(fetchMs) &&
    content !== null &&
    part !== null &&
    (pinned === undefined || pinned === true) &&
    (outdatedAt === undefined || isCount(outdatedAt))
  if (!sound) return undefined
  const secondary: { [name: string]: string } = Object.assign(Object.create(null), vary)
  const response = { url, status, fields, requestedAt, receivedAt, content, vary: secondary, rule, fetchMs }
  if (part === undefined && pinned === undefined && outdatedAt === undefined) return response
  return {
    ...response,
    ...(part !== undefined && { part }),
    ...(pinned === true && { pinned }),
    ...(outdatedAt !== undefined && { outdatedAt }),
  }
}

/** `null`: not a part, or not of that length. */
function readPart(value: unknown, content: BlobRef | null | undefined): BytePart | null {
  if (!isObject(value) || !content) return null
  const { first, last, sizeBytes } = value
  if (!isPosition(first) || !isPosition(last) || !isPosition(sizeBytes)) return null
  return last < sizeBytes && content.sizeBytes === last - first + 1 ? { first, last, sizeBytes } : null
}

/** `null`: not a reference. */
function readRef(value: unknown): BlobRef | null {
  if (!isObject(value) || typeof value.digest !== 'string' || !isCount(value.sizeBytes)) return null
  const digest = parseDigest(value.digest)
  return digest === undefined ? null : { digest, sizeBytes: value.sizeBytes }
}

function isObject(value: unknown): value is { readonly [name: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0
}

function isPosition(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0
}

/** Values with a line break would end a field early on the wire. */
function isTextList(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((text) => typeof text === 'string' && !/[\r\n\0]/.test(text))
}
