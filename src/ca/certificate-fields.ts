/** One value of DER (X.690): its first tag byte, its content, and both as they stand. */
export interface DerValue {
  readonly tag: number
  readonly content: Buffer
  readonly whole: Buffer
}

const sequenceTag = 0x30
const extensionsTag = 0xa3
const versionTag = 0xa0

/** The value that begins `bytes`. Throws when it is longer than `bytes`; tags above 30 are not known. */
export function readDer(bytes: Buffer): DerValue {
  const tag = bytes.readUInt8(0)
  const short = bytes.readUInt8(1)
  const lengthBytes = short < 0x80 ? 0 : short & 0x7f
  const length = lengthBytes === 0 ? short : bytes.readUIntBE(2, lengthBytes)
  const start = 2 + lengthBytes
  if (start + length > bytes.length) throw new RangeError('DER ends too early')
  return { tag, content: bytes.subarray(start, start + length), whole: bytes.subarray(0, start + length) }
}

/** The values that `value` is made of. */
export function childrenOf(value: DerValue): DerValue[] {
  const children: DerValue[] = []
  for (let rest = value.content; rest.length > 0; rest = rest.subarray(children.at(-1)!.whole.length)) {
    children.push(readDer(rest))
  }
  return children
}

/** What node:crypto does not give of a certificate. */
export interface CertificateFields {
  /** DER of the subject's name, as the `issuer` of a leaf must repeat it. */
  readonly subject: Buffer
  /** The value of an extension by the last byte of its identifier 2.5.29.N (RFC 5280 section 4.2.1). */
  extension(number: number): DerValue | undefined
}

/** Fields of a certificate that node:crypto has parsed already, so its DER is sound; throws `RangeError` if not. */
export function certificateFields(certificate: Buffer): CertificateFields {
  const [tbs] = childrenOf(readDer(certificate))
  const parts = childrenOf(tbs!).filter(({ tag }) => tag !== versionTag)
  // serial, algorithm, issuer, validity, subject
  const subject = parts[4]
  if (subject?.tag !== sequenceTag) throw new RangeError('a certificate without subject')
  const block = parts.find(({ tag }) => tag === extensionsTag)
  const extensions = block === undefined ? [] : childrenOf(childrenOf(block)[0]!).map(childrenOf)
  return {
    subject: subject.whole,
    extension(number) {
      const found = extensions.find(([identifier]) => identifier!.content.equals(Buffer.from([0x55, 0x1d, number])))
      return found === undefined ? undefined : readDer(found.at(-1)!.content)
    },
  }
}
