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

const sha256Member = /(?:^|,)[ \t]*sha-256=:([A-Za-z0-9+/]{43}=):[ \t]*(?:,|$)/

/** The SHA-256 that a Repr-Digest field tells; `undefined`: none. */
export function toldDigest(field: string | undefined): Digest | undefined {
  const found = field === undefined ? null : sha256Member.exec(field)
  return found === null ? undefined : parseDigest(Buffer.from(found[1]!, 'base64').toString('hex'))
}
