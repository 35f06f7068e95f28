import { addressBytes } from './address-bytes.ts'
import { type CidrList, createCidrList } from './cidr-list.ts'

export interface AddressLists {
  /** CIDRs that may be dialled although their class is barred. */
  readonly allow: readonly string[]
  /** CIDRs that may not be dialled; beats `allow`. */
  readonly deny: readonly string[]
}

/** Address classes that are no place for an origin (CORRECTNESS T19; RFC 6890). Documentation ranges are none of them. */
const barred: { readonly [reason: string]: readonly string[] } = {
  loopback: ['127.0.0.0/8', '::1'],
  'link-local': ['169.254.0.0/16', 'fe80::/10'],
  private: ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7', 'fec0::/10'],
  'carrier-grade NAT': ['100.64.0.0/10'],
  multicast: ['224.0.0.0/4', 'ff00::/8'],
  reserved: ['0.0.0.0/8', '240.0.0.0/4', '192.0.0.0/24', '198.18.0.0/15', '64:ff9b:1::/48', '100::/64'],
}

/** Decides about one address: `allowed`, or the reason why not. */
export type AddressRules = (address: string) => 'allowed' | string

/** Throws `CONFIG_BAD_VALUE` for an entry that is no CIDR. An address inside an address counts as well. */
export function createAddressRules(lists: AddressLists): AddressRules {
  const allow = createCidrList(lists.allow, '--allow-address')
  const deny = createCidrList(lists.deny, '--deny-address')
  const classes = Object.entries(barred).map(([reason, cidrs]) => ({ reason, list: createCidrList(cidrs, reason) }))
  return (address) => {
    const bytes = addressBytes(address)
    if (bytes === undefined) return 'not an IP address'
    const faces = [bytes, ...embedded(bytes)]
    if (faces.some(isUnspecified)) return 'unspecified'
    if (faces.some((face) => deny.has(face))) return 'denied by --deny-address'
    if (faces.some((face) => allow.has(face))) return 'allowed'
    return reasonOf(faces, classes) ?? 'allowed'
  }
}

function reasonOf(
  faces: readonly Uint8Array[],
  classes: readonly { readonly reason: string; readonly list: CidrList }[],
): string | undefined {
  for (const face of faces) {
    const match = classes.find(({ list }) => list.has(face))
    if (match !== undefined) return face === faces[0] ? match.reason : `${match.reason} inside an IPv6 address`
  }
  return undefined
}

const isUnspecified = (bytes: Uint8Array): boolean => bytes.every((byte) => byte === 0)

/** IPv4 addresses that an IPv6 address leads to: NAT64 (RFC 6052), 6to4 (RFC 3056), Teredo (RFC 4380), compatible. */
function embedded(bytes: Uint8Array): Uint8Array[] {
  if (bytes.length === 4) return []
  if (startsWith(bytes, [0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0])) return [bytes.subarray(12)]
  if (startsWith(bytes, [0x20, 0x02])) return [bytes.subarray(2, 6)]
  if (startsWith(bytes, [0x20, 0x01, 0, 0])) return [bytes.subarray(4, 8), bytes.subarray(12).map((byte) => byte ^ 255)]
  const compatible = startsWith(bytes, new Array(12).fill(0)) && (bytes[12] !== 0 || bytes[13] !== 0)
  return compatible ? [bytes.subarray(12)] : []
}

function startsWith(bytes: Uint8Array, prefix: readonly number[]): boolean {
  return prefix.every((byte, i) => bytes[i] === byte)
}
