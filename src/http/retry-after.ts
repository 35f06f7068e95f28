import { parseHttpDate } from './http-date.ts'

const msPerSecond = 1000

/** How long Retry-After asks to wait, in milliseconds and never negative; `undefined` when it is neither seconds nor a date (RFC 9110 section 10.2.3). */
export function retryAfterMs(value: string | undefined, nowMs: number): number | undefined {
  if (value === undefined) return undefined
  const text = value.trim()
  if (/^\d+$/.test(text)) return Number(text) * msPerSecond
  const at = parseHttpDate(text, nowMs)
  return at === undefined ? undefined : Math.max(0, at - nowMs)
}
