import { readFileSync } from 'node:fs'
import { getCACertificates } from 'node:tls'

/** The system's trusted roots as PEM, and where they were found. */
export interface SystemRoots {
  readonly pem: string
  /** A file, or `node` when Node was asked. */
  readonly source: string
}

/** Where systems keep all their roots in one file. */
export const systemRootFiles = [
  '/etc/ssl/certs/ca-certificates.crt', // Debian, Alpine, Arch
  '/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem', // Red Hat
  '/etc/pki/tls/certs/ca-bundle.crt', // Red Hat, older
  '/etc/ssl/ca-bundle.pem', // SUSE
  '/var/lib/ca-certificates/ca-bundle.pem', // SUSE, generated
  '/etc/ssl/cert.pem', // Alpine, OpenBSD, FreeBSD, macOS
  '/usr/local/share/certs/ca-root-nss.crt', // FreeBSD, from its packages
  '/etc/openssl/certs/ca-certificates.crt', // NetBSD
] as const

const begin = '-----BEGIN CERTIFICATE-----'

/** The first of `candidates` that holds certificates; else what Node finds by the system's own rules. */
export function readSystemRoots(candidates: readonly string[] = systemRootFiles): SystemRoots {
  for (const source of candidates) {
    const pem = readIfThere(source)
    if (pem?.includes(begin)) return { pem, source }
  }
  const certificates = getCACertificates('system').map((pem) => `${pem.trimEnd()}\n`)
  return { pem: certificates.join(''), source: 'node' }
}

/** A file that is absent or closed to us is passed over: the next candidate is as good. */
function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}
