import { createHash } from 'node:crypto'

/** SHA-256 of a blob's bytes: 64 lower-case hexadecimal digits, the blob's only name. */
export type Digest = string & { readonly __brand: 'Digest' }

const pattern = /^[0-9a-f]{64}$/

/** `text` as a digest; `undefined` when it is not one. */
export function parseDigest(text: string): Digest | undefined {
  return pattern.test(text) ? (text as Digest) : undefined
}

export function digestOf(bytes: Uint8Array): Digest {
  return createHash('sha256').update(bytes).digest('hex') as Digest
}

/** A value of Repr-Digest (RFC 9530 section 3): `sha-256=:BASE64:`. */
export function reprDigest(digest: Digest): string {
  return `sha-256=:${Buffer.from(digest, 'hex').toString('base64')}:`
}
