import { isIP } from 'node:net'
import ipaddr from 'ipaddr.js'

/**
 * The bytes of an IP address literal (4 or 16, a v4-mapped one as 4); `undefined` when it is none. Node decides what a
 * literal is: ipaddr.js alone would also take `0177.0.0.1` or `127.1` (CORRECTNESS M13).
 */
export function addressBytes(address: string): Uint8Array | undefined {
  return isIP(address) === 0 ? undefined : Uint8Array.from(ipaddr.process(address).toByteArray())
}

/** The address that the bytes are, in one spelling for each address. */
export function addressText(bytes: Uint8Array): string {
  return ipaddr.fromByteArray([...bytes]).toString()
}

/** An address literal in one spelling, v4-mapped ones as IPv4; `undefined` when it is none. */
export function canonicalAddress(address: string): string | undefined {
  const bytes = addressBytes(address)
  return bytes === undefined ? undefined : addressText(bytes)
}
