import type { Fault } from '../base/faults.ts'

/**
 * The value of Proxy-Status for a fault (RFC 9209), with the parent proxy that it happened at; `undefined` when the catalogue
 * knows no error type for it.
 */
export function proxyStatus(fault: Fault): string | undefined {
  const error = fault.row.proxyStatus
  if (error === undefined) return undefined
  const hop = fault.nextHop === undefined ? '' : `; next-hop="${fault.nextHop.replace(/[^!-~]|["\\]/g, '')}"`
  return `larder; error=${error}${hop}; details=${fault.code}`
}
