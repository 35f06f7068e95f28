import { BlockList, isIP } from 'node:net'
import { Fault } from '../base/faults.ts'
import { addressText } from './address-bytes.ts'

export interface CidrList {
  has(bytes: Uint8Array): boolean
}

/** A list of CIDRs or single addresses; throws `CONFIG_BAD_VALUE` that names `option` and the entry. */
export function createCidrList(cidrs: readonly string[], option: string): CidrList {
  const list = new BlockList()
  for (const cidr of cidrs) add(list, cidr, option)
  return { has: (bytes) => list.check(addressText(bytes), bytes.length === 4 ? 'ipv4' : 'ipv6') }
}

function add(list: BlockList, cidr: string, option: string): void {
  const [address = '', bits, ...rest] = cidr.split('/')
  const family = isIP(address)
  const widest = family === 4 ? 32 : 128
  const valid = family !== 0 && rest.length === 0 && (bits === undefined || /^\d{1,3}$/.test(bits))
  if (!valid || Number(bits ?? 0) > widest || address.includes('%')) {
    throw new Fault('CONFIG_BAD_VALUE', `${option} "${cidr}" is neither an IP address nor a CIDR such as 10.0.0.0/8`)
  }
  list.addSubnet(address, bits === undefined ? widest : Number(bits), family === 4 ? 'ipv4' : 'ipv6')
}
