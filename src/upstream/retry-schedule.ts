import type { Fault, FaultCode, RetryRule } from '../base/faults.ts'
import { codeOf } from './connect-faults.ts'
import type { OriginRequest } from './origin-fetcher.ts'

/** A number from 0 up to, but not, 1. */
export type Random = () => number

const firstPauseMs = 300
const longestPauseMs = 5_000

/** Before the head of a response there is nothing to resume; a lost connection that was a reused one was replaced at once already. */
const repeats: { readonly [rule in RetryRule]: boolean } = {
  never: false,
  'back-off': true,
  'at-once': true,
  resume: true,
  once: false,
}

/** Answers that say that the origin, or what stands before it, fails for the moment. */
const failingStatuses = new Set([502, 503, 504])
const tooManyRequests = 429

/** Faults by which an FTP server shows that it is there and answers. */
const spoken: ReadonlySet<FaultCode> = new Set(['ORIGIN_FTP_NOT_FOUND', 'ORIGIN_FTP_LOGIN'])

/** Does this fault show that the origin works? */
export function showsLife(fault: Fault): boolean {
  return spoken.has(fault.code)
}

/** Is this fault worth another attempt? A name that does not exist will not exist in a second either. */
export function isTransient(fault: Fault): boolean {
  return repeats[fault.row.retry] && codeOf(fault.cause) !== 'ENOTFOUND'
}

/** What a status says of the origin: that it failed, that it asks for less, that it works, or nothing. */
export type StatusVerdict = 'failed' | 'too-many' | 'works' | 'unclear'

/** Only answers to GET and HEAD are a reason to ask again: what an unsafe request met is between its client and the origin. */
export function judgeStatus({ method }: OriginRequest, status: number): StatusVerdict {
  const reads = method === 'GET' || method === 'HEAD'
  if (failingStatuses.has(status)) return reads ? 'failed' : 'unclear'
  return status === tooManyRequests && reads ? 'too-many' : 'works'
}

/** Milliseconds before attempt `number` (2 is the first repetition): exponential with full jitter, so that those who failed together do not come back together. */
export function backOffMs(number: number, random: Random): number {
  return random() * Math.min(longestPauseMs, firstPauseMs * 2 ** (number - 2))
}
