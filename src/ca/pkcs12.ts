import { createHash, createHmac, randomBytes } from 'node:crypto'
import { der, derInteger, derOid, derSequence, derSet, derTags } from './der-writer.ts'
import type { TrustedEntry } from './jks.ts'

const oids = {
  data: '1.2.840.113549.1.7.1',
  certBag: '1.2.840.113549.1.12.10.1.3',
  x509Certificate: '1.2.840.113549.1.9.22.1',
  friendlyName: '1.2.840.113549.1.9.20',
  sha256: '2.16.840.1.101.3.4.2.1',
  /** Java takes a certificate without key for trusted only with this attribute, here for any use. */
  trustedKeyUsage: '2.16.840.1.113894.746875.1.1',
  anyExtendedKeyUsage: '2.5.29.37.0',
}
const version = 3
const saltBytes = 16
const macIterations = 10_000
/** Of SHA-256. */
const blockBytes = 64
const macKeyPurpose = 3

/** A trust store in PKCS #12 (RFC 7292): certificates in clear, which are public, under a MAC by `password`. */
export function pkcs12Of(entries: readonly TrustedEntry[], password: string): Buffer {
  const bags = derSequence(...entries.map(certificateBag))
  const safe = derSequence(dataContent(bags))
  return derSequence(derInteger(version), dataContent(safe), macData(safe, password))
}

function dataContent(content: Buffer): Buffer {
  return derSequence(derOid(oids.data), der(derTags.context0, der(derTags.octetString, content)))
}

function certificateBag({ alias, certificate }: TrustedEntry): Buffer {
  const value = der(derTags.context0, der(derTags.octetString, certificate))
  const name = der(derTags.bmpString, bmp(alias))
  return derSequence(
    derOid(oids.certBag),
    der(derTags.context0, derSequence(derOid(oids.x509Certificate), value)),
    derSet(
      derSequence(derOid(oids.friendlyName), derSet(name)),
      derSequence(derOid(oids.trustedKeyUsage), derSet(derOid(oids.anyExtendedKeyUsage))),
    ),
  )
}

function macData(content: Buffer, password: string): Buffer {
  const salt = randomBytes(saltBytes)
  const mac = createHmac('sha256', macKey(password, salt)).update(content).digest()
  const algorithm = derSequence(derOid(oids.sha256), der(derTags.null))
  const digest = derSequence(algorithm, der(derTags.octetString, mac))
  return derSequence(digest, der(derTags.octetString, salt), derInteger(macIterations))
}

/** RFC 7292 appendix B.2; the key has the length of one hash, so that one round of it is all. */
function macKey(password: string, salt: Buffer): Buffer {
  const filled = (bytes: Buffer): Buffer => {
    const length = Math.ceil(bytes.length / blockBytes) * blockBytes
    return Buffer.alloc(length, bytes)
  }
  const diversifier = Buffer.alloc(blockBytes, macKeyPurpose)
  let hash = Buffer.concat([diversifier, filled(salt), filled(bmp(`${password}\0`))])
  for (let round = 0; round < macIterations; round++) hash = createHash('sha256').update(hash).digest()
  return hash
}

/** UTF-16, big-endian. */
function bmp(text: string): Buffer {
  return Buffer.from(text, 'utf16le').swap16()
}
