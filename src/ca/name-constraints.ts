import { SocketAddress } from 'node:net'
import type { GeneralName } from './certificate-builder.ts'
import { type CertificateFields, childrenOf, type DerValue } from './certificate-fields.ts'

const nameConstraintsNumber = 30
const permittedTag = 0xa0
const dnsTag = 0x82
const ipv4Bytes = 4

/** The permitted subtrees of the name constraints (RFC 5280 section 4.2.1.10), addresses with their masks; `undefined`: any name. */
export function permittedNames(fields: CertificateFields): readonly GeneralName[] | undefined {
  const constraints = fields.extension(nameConstraintsNumber)
  if (constraints === undefined) return undefined
  const permitted = childrenOf(constraints).find(({ tag }) => tag === permittedTag)
  return permitted === undefined ? [] : childrenOf(permitted).map((subtree) => nameOf(childrenOf(subtree)[0]!))
}

/** Does one of `permitted` cover `name`, an address without mask? */
export function isPermitted(name: GeneralName, permitted: readonly GeneralName[] | undefined): boolean {
  return permitted === undefined || permitted.some((subtree) => covers(subtree, name))
}

/** `example.org`, `192.0.2.7`, `10.0.0.0/8`, `2001:db8::/32` */
export function subtreeText(name: GeneralName): string {
  if ('dns' in name) return name.dns
  const half = name.address.length / 2
  const [bytes, mask] = [name.address.subarray(0, half), name.address.subarray(half)]
  const bits = [...mask].reduce((sum, byte) => sum + byte.toString(2).replaceAll('0', '').length, 0)
  return bits === half * 8 ? addressText(bytes) : `${addressText(bytes)}/${bits}`
}

function nameOf({ tag, content }: DerValue): GeneralName {
  return tag === dnsTag ? { dns: content.toString('latin1') } : { address: content }
}

function covers(subtree: GeneralName, name: GeneralName): boolean {
  if ('dns' in subtree) return 'dns' in name && (name.dns === subtree.dns || name.dns.endsWith(`.${subtree.dns}`))
  if ('dns' in name) return false
  const { length } = name.address
  if (subtree.address.length !== length * 2) return false
  return name.address.every((byte, place) => {
    const mask = subtree.address[length + place]!
    return (byte & mask) === (subtree.address[place]! & mask)
  })
}

function addressText(bytes: Uint8Array): string {
  if (bytes.length === ipv4Bytes) return bytes.join('.')
  const groups = Buffer.from(bytes).toString('hex').match(/.{4}/g)!
  return new SocketAddress({ address: groups.join(':'), family: 'ipv6' }).address
}
