import { parseDigest } from '../base/digest.ts'
import type { BlobRef } from './blob-store.ts'
import type { StoredResponse } from './stored-response.ts'

/** Raised when the shape of a record changes; records of another version are misses. */
const recordVersion = 1

/** What stands in the index under one key. */
export interface StoredRecord {
  readonly v: number
  readonly variants: readonly StoredResponse[]
}

export function toRecord(variants: readonly StoredResponse[]): StoredRecord {
  return { v: recordVersion, variants }
}

/** The variants of a record; empty when it is not exactly of our shape (CORRECTNESS T33: what a back end holds is data). */
export function fromRecord(value: unknown): readonly StoredResponse[] {
  if (!isObject(value) || value.v !== recordVersion || !Array.isArray(value.variants)) return []
  const variants: StoredResponse[] = []
  for (const entry of value.variants) {
    const variant = readVariant(entry)
    if (variant === undefined) return []
    variants.push(variant)
  }
  return variants
}

function readVariant(value: unknown): StoredResponse | undefined {
  if (!isObject(value)) return undefined
  const { url, status, fields, requestedAt, receivedAt, vary, rule, fetchMs } = value
  const content = value.content === undefined ? undefined : readRef(value.content)
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
    content !== null
  if (!sound) return undefined
  const secondary: { [name: string]: string } = Object.assign(Object.create(null), vary)
  return { url, status, fields, requestedAt, receivedAt, content, vary: secondary, rule, fetchMs }
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

/** Values with a line break would end a field early on the wire. */
function isTextList(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((text) => typeof text === 'string' && !/[\r\n\0]/.test(text))
}
