import type { LookupAddress } from 'node:dns'
import { isIP } from 'node:net'
import { Fault } from '../base/faults.ts'
import type { ConnectionGuard } from './connection-guard.ts'
import type { ResolveHost } from './resolve-host.ts'

/**
 * All addresses of a host, each put to the guard. Rejects with the guard's fault when only one of them is barred: such a
 * set may change its order at will (CORRECTNESS T20). An IP address is its own only answer, but is checked all the same.
 */
export async function checkedAddresses(
  host: string,
  port: number,
  resolve: ResolveHost,
  guard: ConnectionGuard,
): Promise<readonly LookupAddress[]> {
  const family = isIP(host)
  const addresses = family === 0 ? await resolve(host) : [{ address: host, family }]
  if (addresses.length === 0) throw new Fault('ORIGIN_DNS_FAILED', `${host} has no address`)
  for (const { address } of addresses) {
    const fault = guard(address, port)
    if (fault !== undefined) throw fault
  }
  return addresses
}
