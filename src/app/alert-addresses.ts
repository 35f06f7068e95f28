import type { AddressesOf } from '../alert/alert-addresses.ts'
import { AlertFailure } from '../alert/alert-sink.ts'
import { isLoopback } from '../config/loopback.ts'
import type { Settings } from '../config/settings.ts'
import { addressBytes } from '../govern/address-bytes.ts'
import { createAddressRules } from '../govern/address-rules.ts'
import { createCidrList } from '../govern/cidr-list.ts'
import { checkedAddresses } from '../upstream/checked-addresses.ts'
import type { ResolveHost } from '../upstream/resolve-host.ts'

/** Barred to clients' requests, but a place where an operator's receiver may well be. */
const internal = new Set(['allowed', 'loopback', 'private', 'carrier-grade NAT'])

/**
 * Where alerts may go. Whoever proves by a certificate that it is the host that the operator named may also have a private
 * address, for clients cannot choose it. What goes unverified must stay on this machine or go to an allowed address.
 */
export function checkedAlertAddresses(
  { allowAddresses, denyAddresses, offline }: Settings,
  resolve: ResolveHost,
): AddressesOf {
  const rules = createAddressRules({ allow: allowAddresses, deny: denyAddresses })
  const allowed = createCidrList(allowAddresses, '--allow-address')
  const mayGo = (address: string, isVerified: boolean): boolean => {
    const verdict = rules(address)
    const bytes = addressBytes(address)
    if (isVerified) return internal.has(verdict)
    return verdict === 'loopback' || (verdict === 'allowed' && bytes !== undefined && allowed.has(bytes))
  }
  return async (host, isVerified) => {
    const name = host.replace(/^\[|\]$/g, '')
    if (offline && !isLoopback(name)) throw new AlertFailure('offline: nothing leaves this machine', true)
    const addresses = await checkedAddresses(name, 0, resolve, () => undefined).catch(() => {
      throw new AlertFailure('its name does not resolve')
    })
    if (addresses.every(({ address }) => mayGo(address, isVerified))) return addresses
    throw new AlertFailure(
      isVerified ? 'its address is barred' : 'without TLS only this machine or an --allow-address',
      true,
    )
  }
}
