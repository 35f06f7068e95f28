import type { LookupAddress } from 'node:dns'
import type { LookupFunction } from 'node:net'

/**
 * The addresses of a host that a sink may dial. `isVerified`: whoever answers proves by a certificate that it is that host.
 * Rejects with an `AlertFailure` when one of them is barred (CORRECTNESS T19).
 */
export type AddressesOf = (host: string, isVerified: boolean) => Promise<readonly LookupAddress[]>

/** A lookup for sockets that answers what was checked, so that nothing else is dialled (CORRECTNESS T20). */
export function lookupOf(addresses: readonly LookupAddress[]): LookupFunction {
  return (_host, { all }, answer) => {
    if (all) answer(null, [...addresses])
    else answer(null, addresses[0]!.address, addresses[0]!.family)
  }
}
