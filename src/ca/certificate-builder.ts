import type { KeyObject } from 'node:crypto'

/** A name in a certificate (RFC 5280 section 4.2.1.6): an A-label, or 4 or 16 bytes; in constraints 8 or 32, address and mask. */
export type GeneralName = { readonly dns: string } | { readonly address: Uint8Array }

export type KeyUsage = 'digitalSignature' | 'keyCertSign' | 'cRLSign'

/** An extension of RFC 5280 section 4.2.1. */
export type Extension = { readonly critical: boolean } & (
  | { readonly kind: 'basicConstraints'; readonly authority: boolean; readonly pathLength?: number }
  | { readonly kind: 'keyUsage'; readonly usages: readonly KeyUsage[] }
  | { readonly kind: 'serverAuthentication' }
  | { readonly kind: 'subjectAltName'; readonly names: readonly GeneralName[] }
  | { readonly kind: 'subjectKeyIdentifier'; readonly identifier: Uint8Array }
  | { readonly kind: 'authorityKeyIdentifier'; readonly identifier: Uint8Array }
  | {
      readonly kind: 'nameConstraints'
      readonly permitted: readonly GeneralName[]
      readonly excluded: readonly GeneralName[]
    }
)

/** Everything that a certificate says. */
export interface CertificateContent {
  /** Big-endian, first byte from 0x01 to 0x7f, at most 20 bytes. */
  readonly serial: Uint8Array
  /** DER of the issuer's name; `undefined`: the subject issues itself. */
  readonly issuer: Uint8Array | undefined
  /** `undefined`: the subject is empty. */
  readonly commonName: string | undefined
  /** Milliseconds since the epoch; the fraction of a second is dropped. */
  readonly notBeforeAt: number
  readonly notAfterAt: number
  readonly publicKey: KeyObject
  readonly extensions: readonly Extension[]
}

/** ECDSA with SHA-256 over `bytes`, as DER (RFC 3279 section 2.2.3). The key stays with whoever gives this. */
export type Sign = (bytes: Uint8Array) => Uint8Array

export interface CertificateBuilder {
  /** The signed certificate as DER. */
  build(content: CertificateContent, sign: Sign): Buffer
}
