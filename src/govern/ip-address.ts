import { isIP } from 'node:net'

/** The bytes of an IP address literal (4 or 16, a v4-mapped one as 4); `undefined` when it is none. */
export function addressBytes(address: string): Uint8Array | undefined {
  const family = isIP(address)
  if (family === 4) return Uint8Array.from(address.split('.'), Number)
  if (family !== 6) return undefined
  const bytes = v6Bytes(address.replace(/%.*$/, ''))
  return isMapped(bytes) ? bytes.subarray(12) : bytes
}

/** The address that the bytes are, in one spelling for each address. */
export function addressText(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join('.')
  const groups: string[] = []
  for (let i = 0; i < 16; i += 2) groups.push(((bytes[i]! << 8) | bytes[i + 1]!).toString(16))
  return groups.join(':')
}

/** An address literal in one spelling, v4-mapped ones as IPv4; `undefined` when it is none. */
export function canonicalAddress(address: string): string | undefined {
  const bytes = addressBytes(address)
  return bytes === undefined ? undefined : addressText(bytes)
}

function v6Bytes(address: string): Uint8Array {
  // A dotted tail (`::ffff:1.2.3.4`) stands for two groups.
  const hex = address.replace(/[\d.]+\.\d+$/, (tail) => {
    const [a, b, c, d] = tail.split('.').map(Number)
    return `${((a! << 8) | b!).toString(16)}:${((c! << 8) | d!).toString(16)}`
  })
  const [head, tail] = hex.split('::').map((part) => (part === '' ? [] : part.split(':')))
  const groups = tail === undefined ? head! : [...head!, ...Array(8 - head!.length - tail.length).fill('0'), ...tail]
  const bytes = new Uint8Array(16)
  groups.forEach((group, i) => {
    const value = Number.parseInt(group, 16)
    bytes[2 * i] = value >> 8
    bytes[2 * i + 1] = value & 255
  })
  return bytes
}

function isMapped(bytes: Uint8Array): boolean {
  return bytes[10] === 255 && bytes[11] === 255 && bytes.subarray(0, 10).every((byte) => byte === 0)
}
