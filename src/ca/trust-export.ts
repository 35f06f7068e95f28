import { SocketAddress } from 'node:net'
import type { CertificateAuthority } from './certificate-authority.ts'
import { childrenOf, type DerValue } from './certificate-fields.ts'

/** `bundle`: the system's roots and ours in one PEM file, for tools whose setting replaces the system's. */
export type ExportFormat = 'pem' | 'der' | 'bundle'

/** What `ca show` prints. */
export interface AuthorityDescription {
  readonly subject: string
  readonly serialNumber: string
  /** SHA-256 of the certificate, in pairs of hexadecimal digits with colons. */
  readonly fingerprint: string
  /** ISO 8601, UTC. */
  readonly notBefore: string
  readonly notAfter: string
  /** DNS names (with all below them) and addresses that the CA is good for; empty: any. */
  readonly permittedHosts: readonly string[]
  readonly certificateFile: string
  readonly keyFile: string
}

const nameConstraintsNumber = 30
const permittedTag = 0xa0
const dnsTag = 0x82
const ipv4Bytes = 4

/** The CA's certificate, never its key. `systemRoots` is PEM and is used for `bundle` alone. */
export function exportAuthority(authority: CertificateAuthority, format: ExportFormat, systemRoots: string): Buffer {
  switch (format) {
    case 'der':
      return Buffer.from(authority.certificate.raw)
    case 'pem':
      return Buffer.from(authority.certificatePem)
    case 'bundle': {
      const roots = systemRoots === '' || systemRoots.endsWith('\n') ? systemRoots : `${systemRoots}\n`
      return Buffer.from(roots + authority.certificatePem)
    }
  }
}

export function describeAuthority(authority: CertificateAuthority): AuthorityDescription {
  const { certificate, files } = authority
  return {
    subject: certificate.subject,
    serialNumber: certificate.serialNumber,
    fingerprint: certificate.fingerprint256,
    notBefore: new Date(authority.notBeforeAt).toISOString(),
    notAfter: new Date(authority.notAfterAt).toISOString(),
    permittedHosts: permittedHosts(authority),
    certificateFile: files.certificateFile,
    keyFile: files.keyFile,
  }
}

/** The permitted subtrees of the name constraints (RFC 5280 section 4.2.1.10). */
function permittedHosts(authority: CertificateAuthority): string[] {
  const constraints = authority.fields.extension(nameConstraintsNumber)
  if (constraints === undefined) return []
  const permitted = childrenOf(constraints).find(({ tag }) => tag === permittedTag)
  return permitted === undefined ? [] : childrenOf(permitted).map((subtree) => hostOf(childrenOf(subtree)[0]!))
}

/** A dNSName, or an iPAddress without its mask, which is one host's. */
function hostOf({ tag, content }: DerValue): string {
  if (tag === dnsTag) return content.toString('latin1')
  const bytes = content.subarray(0, content.length / 2)
  if (bytes.length === ipv4Bytes) return bytes.join('.')
  const groups = bytes.toString('hex').match(/.{4}/g)!
  return new SocketAddress({ address: groups.join(':'), family: 'ipv6' }).address
}
