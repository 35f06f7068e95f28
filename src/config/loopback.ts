import { BlockList, isIP } from 'node:net'

/** Is this the text of an address that only this machine reaches? */
export function isLoopback(host: string): boolean {
  if (host === 'localhost') return true
  const list = new BlockList()
  list.addSubnet('127.0.0.0', 8, 'ipv4')
  list.addAddress('::1', 'ipv6')
  return isIP(host) !== 0 && list.check(host, isIP(host) === 4 ? 'ipv4' : 'ipv6')
}
