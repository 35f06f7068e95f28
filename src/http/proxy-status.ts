import type { Fault } from '../base/faults.ts'

/** The value of Proxy-Status for a fault (RFC 9209); `undefined` when the catalogue knows no error type for it. */
export function proxyStatus(fault: Fault): string | undefined {
  const error = fault.row.proxyStatus
  return error === undefined ? undefined : `larder; error=${error}; details=${fault.code}`
}
