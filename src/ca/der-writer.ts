/** Writes DER (X.690) as far as containers of certificates need it. */

export const derTags = {
  integer: 0x02,
  octetString: 0x04,
  null: 0x05,
  oid: 0x06,
  bmpString: 0x1e,
  sequence: 0x30,
  set: 0x31,
  /** Constructed, context-specific, number 0. */
  context0: 0xa0,
} as const

/** One value: tag, length and `parts` as its content. */
export function der(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts)
  return Buffer.concat([Buffer.from([tag]), lengthBytes(content.length), content])
}

export function derSequence(...parts: readonly Uint8Array[]): Buffer {
  return der(derTags.sequence, ...parts)
}

/** SET OF: its parts stand in the order of their bytes (X.690 section 11.6). */
export function derSet(...parts: readonly Buffer[]): Buffer {
  return der(derTags.set, ...parts.toSorted(Buffer.compare))
}

/** A number from 0 to 32767. */
export function derInteger(value: number): Buffer {
  const bytes = value < 0x80 ? [value] : [value >> 8, value & 0xff]
  return der(derTags.integer, Buffer.from(bytes))
}

/** `1.2.840.113549.1.7.1` */
export function derOid(text: string): Buffer {
  const [first = 0, second = 0, ...rest] = text.split('.').map(Number)
  return der(derTags.oid, Buffer.from([first * 40 + second, ...rest.flatMap(base128)]))
}

function base128(value: number): number[] {
  const bytes = [value % 0x80]
  for (let rest = Math.floor(value / 0x80); rest > 0; rest = Math.floor(rest / 0x80))
    bytes.unshift((rest % 0x80) | 0x80)
  return bytes
}

function lengthBytes(length: number): Buffer {
  if (length < 0x80) return Buffer.from([length])
  const bytes: number[] = []
  for (let rest = length; rest > 0; rest = Math.floor(rest / 0x100)) bytes.unshift(rest % 0x100)
  return Buffer.from([0x80 | bytes.length, ...bytes])
}
