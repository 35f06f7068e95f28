import { type ClassRule, immutable, revalidate } from '../../../src/ecosystem/class-rule.ts'
import { formatHttpDate } from '../../../src/http/http-date.ts'
import type { ResponseRecord } from '../../../src/policy/response-record.ts'

export const now = Date.UTC(2026, 0, 2, 3, 4, 5)
export const date = formatHttpDate(now)
/** The HTTP-date `seconds` after `now`. */
export const after = (seconds: number): string => formatHttpDate(now + seconds * 1000)

export const immutableRule: ClassRule = immutable('test.immutable', 30)
export const revalidateRule: ClassRule = revalidate('test.revalidate', 60, 0)

/** A response received at `now`. */
export function stored(fields: readonly string[], part: Partial<ResponseRecord> = {}): ResponseRecord {
  return { status: 200, fields, requestedAt: now, receivedAt: now, ...part }
}
