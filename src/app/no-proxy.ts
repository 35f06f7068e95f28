import { addressBytes } from '../govern/address-bytes.ts'
import { createCidrList } from '../govern/cidr-list.ts'

/** Is a host among those that no parent is asked for? As curl reads no_proxy: a name stands for all names below it, too. */
export function noProxyCheck(entries: readonly string[]): (host: string) => boolean {
  const isAddress = (entry: string): boolean => addressBytes(entry.split('/')[0]!) !== undefined
  const addresses = createCidrList(entries.filter(isAddress), 'no-proxy')
  const names = entries.filter((entry) => !isAddress(entry))
  return (host) => {
    if (names.includes('*')) return true
    const bytes = addressBytes(host)
    if (bytes !== undefined) return addresses.has(bytes)
    return names.some((name) => host === name || host.endsWith(`.${name}`))
  }
}
