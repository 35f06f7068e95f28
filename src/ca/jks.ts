import { createHash } from 'node:crypto'

/** A certificate that a Java trust store trusts. */
export interface TrustedEntry {
  /** In lower case, as Java compares them. */
  readonly alias: string
  /** DER */
  readonly certificate: Buffer
}

const magic = 0xfeedfeed
const version = 2
const trustedTag = 2
const digestBytes = 20
const headBytes = 12
const certificateType = 'X.509'
/** Part of the format: it stands between password and content when the digest is made. */
const digestWords = 'Mighty Aphrodite'

/** A trust store in Java's own format, which every Java reads. `at`: milliseconds since the epoch, kept as the date of the entries. */
export function jksOf(entries: readonly TrustedEntry[], password: string, at: number): Buffer {
  const head = Buffer.alloc(headBytes)
  head.writeUInt32BE(magic, 0)
  head.writeUInt32BE(version, 4)
  head.writeUInt32BE(entries.length, 8)
  const content = Buffer.concat([head, ...entries.map((entry) => encoded(entry, at))])
  return Buffer.concat([content, digestOf(content, password)])
}

/** The entries of a trust store; `undefined`: it is another format, has another password, or holds keys too. */
export function readJks(bytes: Buffer, password: string): readonly TrustedEntry[] | undefined {
  if (bytes.length < headBytes + digestBytes || bytes.readUInt32BE(0) !== magic) return undefined
  const content = bytes.subarray(0, -digestBytes)
  if (!digestOf(content, password).equals(bytes.subarray(-digestBytes))) return undefined
  const entries: TrustedEntry[] = []
  let place = headBytes
  const take = (length: number): Buffer => content.subarray(place, (place += length))
  for (let left = content.readUInt32BE(8); left > 0; left--) {
    if (take(4).readUInt32BE() !== trustedTag) return undefined
    const alias = take(take(2).readUInt16BE()).toString('utf8')
    take(8)
    take(take(2).readUInt16BE())
    entries.push({ alias, certificate: Buffer.from(take(take(4).readUInt32BE())) })
  }
  return entries
}

function encoded({ alias, certificate }: TrustedEntry, at: number): Buffer {
  const date = Buffer.alloc(8)
  date.writeBigUInt64BE(BigInt(at))
  return Buffer.concat([
    number(trustedTag, 4),
    text(alias),
    date,
    text(certificateType),
    number(certificate.length, 4),
    certificate,
  ])
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value, 'utf8')
  return Buffer.concat([number(bytes.length, 2), bytes])
}

function number(value: number, bytes: 2 | 4): Buffer {
  const buffer = Buffer.alloc(bytes)
  buffer.writeUIntBE(value, 0, bytes)
  return buffer
}

function digestOf(content: Buffer, password: string): Buffer {
  return createHash('sha1')
    .update(Buffer.from(password, 'utf16le').swap16())
    .update(digestWords)
    .update(content)
    .digest()
}
