import forge from 'node-forge'
import type {
  CertificateBuilder,
  CertificateContent,
  Extension,
  GeneralName,
  KeyUsage,
  Sign,
} from './certificate-builder.ts'
import { readDer } from './certificate-fields.ts'

const { asn1 } = forge
const { Class, Type } = asn1
type Asn1 = forge.asn1.Asn1

const oids = {
  ecdsaWithSha256: '1.2.840.10045.4.3.2',
  commonName: '2.5.4.3',
  serverAuthentication: '1.3.6.1.5.5.7.3.1',
}

const extensionOids: Readonly<Record<Extension['kind'], string>> = {
  subjectKeyIdentifier: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  nameConstraints: '2.5.29.30',
  authorityKeyIdentifier: '2.5.29.35',
  serverAuthentication: '2.5.29.37',
}

/** Bits of KeyUsage from the left (RFC 5280 section 4.2.1.3). */
const usageBits: Readonly<Record<KeyUsage, number>> = { digitalSignature: 0, keyCertSign: 5, cRLSign: 6 }
const firstYearOfGeneralizedTime = 2050

/** Writes certificates with forge's ASN.1; nothing is ever read or verified with forge. */
export class ForgeCertificateBuilder implements CertificateBuilder {
  build(content: CertificateContent, sign: Sign): Buffer {
    const tbs = toBeSigned(content)
    const signature = sign(der(tbs))
    return der(sequence(tbs, signatureAlgorithm(), primitive(Type.BITSTRING, `\0${text(signature)}`)))
  }
}

/** TBSCertificate (RFC 5280 section 4.1.2). */
function toBeSigned(content: CertificateContent): Asn1 {
  const subject = name(content.commonName)
  const spki = content.publicKey.export({ type: 'spki', format: 'der' })
  return sequence(
    context(0, [primitive(Type.INTEGER, '\x02')]),
    primitive(Type.INTEGER, text(content.serial)),
    signatureAlgorithm(),
    content.issuer === undefined ? subject : encoded(content.issuer),
    sequence(time(content.notBeforeAt), time(content.notAfterAt)),
    subject,
    encoded(spki),
    context(3, [sequence(...content.extensions.map(extension))]),
  )
}

function extension(one: Extension): Asn1 {
  const critical = one.critical ? [primitive(Type.BOOLEAN, '\xff')] : []
  return sequence(
    oid(extensionOids[one.kind]),
    ...critical,
    primitive(Type.OCTETSTRING, text(der(extensionValue(one)))),
  )
}

function extensionValue(one: Extension): Asn1 {
  switch (one.kind) {
    case 'basicConstraints': {
      const authority = one.authority ? [primitive(Type.BOOLEAN, '\xff')] : []
      const { pathLength } = one
      const limit = pathLength === undefined ? [] : [primitive(Type.INTEGER, String.fromCharCode(pathLength))]
      return sequence(...authority, ...limit)
    }
    case 'keyUsage':
      return bits(one.usages.map((usage) => usageBits[usage]))
    case 'serverAuthentication':
      return sequence(oid(oids.serverAuthentication))
    case 'subjectAltName':
      return sequence(...one.names.map(generalName))
    case 'subjectKeyIdentifier':
      return primitive(Type.OCTETSTRING, text(one.identifier))
    case 'authorityKeyIdentifier':
      return sequence(context(0, text(one.identifier)))
    case 'nameConstraints': {
      const subtrees = (tag: number, names: readonly GeneralName[]): Asn1[] =>
        names.length === 0
          ? []
          : [
              context(
                tag,
                names.map((each) => sequence(generalName(each))),
              ),
            ]
      return sequence(...subtrees(0, one.permitted), ...subtrees(1, one.excluded))
    }
  }
}

/** GeneralName (RFC 5280 section 4.2.1.6): dNSName is [2], iPAddress is [7]. */
function generalName(one: GeneralName): Asn1 {
  return 'dns' in one ? context(2, one.dns) : context(7, text(one.address))
}

/** Name with one attribute at most (RFC 5280 section 4.1.2.4). */
function name(commonName: string | undefined): Asn1 {
  if (commonName === undefined) return sequence()
  const value = primitive(Type.UTF8, text(Buffer.from(commonName)))
  return sequence(asn1.create(Class.UNIVERSAL, Type.SET, true, [sequence(oid(oids.commonName), value)]))
}

/** UTCTime to 2049, GeneralizedTime from 2050 (RFC 5280 section 4.1.2.5). */
function time(at: number): Asn1 {
  const date = new Date(at)
  return date.getUTCFullYear() < firstYearOfGeneralizedTime
    ? primitive(Type.UTCTIME, asn1.dateToUtcTime(date))
    : primitive(Type.GENERALIZEDTIME, asn1.dateToGeneralizedTime(date))
}

/** ecdsa-with-SHA256 has no parameters, not even NULL (RFC 5758 section 3.2). */
function signatureAlgorithm(): Asn1 {
  return sequence(oid(oids.ecdsaWithSha256))
}

/** A named bit list: no trailing zero bits (X.690 section 11.2.2). */
function bits(positions: readonly number[]): Asn1 {
  const octet = positions.reduce((sum, position) => sum | (0x80 >> position), 0)
  return primitive(Type.BITSTRING, String.fromCharCode(7 - Math.max(...positions), octet))
}

function sequence(...parts: Asn1[]): Asn1 {
  return asn1.create(Class.UNIVERSAL, Type.SEQUENCE, true, parts)
}

function context(tag: number, value: string | Asn1[]): Asn1 {
  return asn1.create(Class.CONTEXT_SPECIFIC, tag as forge.asn1.Type, typeof value !== 'string', value)
}

function primitive(type: forge.asn1.Type, value: string): Asn1 {
  return asn1.create(Class.UNIVERSAL, type, false, value)
}

function oid(dotted: string): Asn1 {
  return primitive(Type.OID, asn1.oidToDer(dotted).getBytes())
}

/** DER that exists already, taken over byte for byte; the tag carries its own "constructed" bit. */
function encoded(bytes: Uint8Array): Asn1 {
  const { tag, content } = readDer(Buffer.from(bytes))
  return primitive(tag as forge.asn1.Type, text(content))
}

function der(value: Asn1): Buffer {
  return Buffer.from(asn1.toDer(value).getBytes(), 'latin1')
}

/** forge keeps bytes in strings, one character a byte. */
function text(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
}
