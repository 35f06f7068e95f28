import { X509Certificate } from 'node:crypto'
import type { CertificateAuthority } from './certificate-authority.ts'
import { jksOf, type TrustedEntry } from './jks.ts'
import { subtreeText } from './name-constraints.ts'
import { pkcs12Of } from './pkcs12.ts'

/**
 * `pem`: what clients have to trust, one certificate for each CA that issues, will, or did; `der`: that of the issuing
 * CA. The others are for tools whose setting replaces the system's roots, so those stand in them too: `bundle` in PEM,
 * `p12` in PKCS #12, `jks` in Java's own format.
 */
export const exportFormats = ['pem', 'bundle', 'der', 'p12', 'jks'] as const
export type ExportFormat = (typeof exportFormats)[number]

/** Not a secret: what a trust store holds is public, and this is what every JDK ships with. */
export const trustStorePassword = 'changeit'

const aliasDigits = 16

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

export interface Exported {
  readonly authority: CertificateAuthority
  readonly trustedPem: string
  /** PEM; not used for `pem` and `der`. */
  readonly systemRoots: string
  /** Milliseconds since the epoch: the date of entries in `jks`. */
  readonly at: number
}

/** Certificates, never a key. */
export function exportAuthority(format: ExportFormat, { authority, trustedPem, systemRoots, at }: Exported): Buffer {
  switch (format) {
    case 'der':
      return Buffer.from(authority.certificate.raw)
    case 'pem':
      return Buffer.from(trustedPem)
    case 'bundle': {
      const roots = systemRoots === '' || systemRoots.endsWith('\n') ? systemRoots : `${systemRoots}\n`
      return Buffer.from(roots + trustedPem)
    }
    case 'p12':
      return pkcs12Of(trustedEntries(systemRoots, trustedPem), trustStorePassword)
    case 'jks':
      return jksOf(trustedEntries(systemRoots, trustedPem), trustStorePassword, at)
  }
}

/** For a trust store: the roots, and ours as `larder-…`. Text that is no certificate is passed over. */
export function trustedEntries(systemRoots: string, trustedPem: string): TrustedEntry[] {
  const named = (pem: string, prefix: string): TrustedEntry[] =>
    certificatesIn(pem).map((certificate) => ({
      alias: `${prefix}-${certificate.fingerprint256.replaceAll(':', '').slice(0, aliasDigits).toLowerCase()}`,
      certificate: certificate.raw,
    }))
  const entries = [...named(systemRoots, 'system'), ...named(trustedPem, 'larder')]
  return [...new Map(entries.map((entry) => [entry.certificate.toString('base64'), entry])).values()]
}

/** The certificates of PEM text; blocks that do not parse are passed over. */
export function certificatesIn(pem: string): X509Certificate[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? []
  return blocks.flatMap((block) => {
    try {
      return [new X509Certificate(block)]
    } catch {
      return []
    }
  })
}

export function describeAuthority(authority: CertificateAuthority): AuthorityDescription {
  const { certificate, files } = authority
  return {
    subject: certificate.subject,
    serialNumber: certificate.serialNumber,
    fingerprint: certificate.fingerprint256,
    notBefore: new Date(authority.notBeforeAt).toISOString(),
    notAfter: new Date(authority.notAfterAt).toISOString(),
    permittedHosts: (authority.permitted ?? []).map(subtreeText),
    certificateFile: files.certificateFile,
    keyFile: files.keyFile,
  }
}
