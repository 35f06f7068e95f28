import type { OriginFailureCode } from '../base/events.ts'
import { Fault } from '../base/faults.ts'
import type { OriginResponse } from './origin-fetcher.ts'

/** How an attempt failed, in a form that may be shown to everybody. */
export interface OriginFailure {
  readonly code: OriginFailureCode
  readonly detail: string
}

/** Answers have nothing to say but their status. Messages of faults may name a URL, whose query and user are left out (CORRECTNESS I8). */
export function failureOf(end: OriginResponse | Fault, origin: string): OriginFailure {
  if (!(end instanceof Fault)) return { code: `status-${end.status}`, detail: `${origin} answered ${end.status}` }
  const detail = end.message
    .replace(/\?\S*/g, '?…')
    .replace(/\/\/[^/\s]*@/g, '//')
    .replace(/\s+/g, ' ')
  return { code: end.code, detail }
}

/** Does this fault say that an origin failed? Others concern nobody but the client. */
export function concernsOrigin(fault: Fault): boolean {
  return fault.code.startsWith('ORIGIN_') && fault.row.alert !== 'none'
}
