import { addressBytes } from './address-bytes.ts'
import { createCidrList } from './cidr-list.ts'

const loopback = ['127.0.0.0/8', '::1']

/** May a client with this address be served? Loopback always is. Throws `CONFIG_BAD_VALUE` for a bad CIDR. */
export function createClientRules(cidrs: readonly string[]): (address: string) => boolean {
  const served = createCidrList([...loopback, ...cidrs], '--allow-client')
  return (address) => {
    const bytes = addressBytes(address)
    return bytes !== undefined && served.has(bytes)
  }
}
