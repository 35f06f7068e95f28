import { createHash, type KeyObject, randomBytes } from 'node:crypto'
import { profile } from './certificate-profile.ts'

/** An uncompressed point of P-256; it ends the SubjectPublicKeyInfo. */
const pointBytes = 65

/** 128 random bits behind 0x01: positive, in shortest form, 17 octets (RFC 5280 section 4.1.2.2). */
export function newSerial(): Buffer {
  return Buffer.concat([Buffer.from([1]), randomBytes(profile.serialRandomBytes)])
}

/** The leftmost 160 bits of SHA-256 over a P-256 key (RFC 7093 section 2, method 1). */
export function keyIdentifier(publicKey: KeyObject): Buffer {
  const point = publicKey.export({ type: 'spki', format: 'der' }).subarray(-pointBytes)
  return createHash('sha256').update(point).digest().subarray(0, profile.keyIdentifierBytes)
}

export function pemOf(certificate: Buffer): string {
  const lines = certificate.toString('base64').replace(/.{64}(?=.)/g, '$&\n')
  return `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`
}
