import type { KeyObject } from 'node:crypto'
import type { CertificateAuthority } from './certificate-authority.ts'
import type { CertificateContent } from './certificate-builder.ts'
import { profile } from './certificate-profile.ts'
import { keyIdentifier, newSerial } from './identifiers.ts'
import type { ServerName } from './server-name.ts'

const secondMs = 1_000

/** The certificate for one server name (CORRECTNESS section 6), within the CA's own validity. */
export function leafContent(
  authority: CertificateAuthority,
  serverName: ServerName,
  publicKey: KeyObject,
  now: number,
): CertificateContent {
  const { text, general } = serverName
  const commonName = 'dns' in general && text.length <= profile.leafCommonNameCharacters ? text : undefined
  const notBeforeAt = now - profile.backdatedMs
  return {
    serial: newSerial(),
    issuer: authority.fields.subject,
    commonName,
    notBeforeAt: Math.max(notBeforeAt, authority.notBeforeAt),
    notAfterAt: Math.min(notBeforeAt + profile.leafLifeMs - secondMs, authority.notAfterAt),
    publicKey,
    extensions: [
      { kind: 'basicConstraints', critical: true, authority: false },
      { kind: 'keyUsage', critical: true, usages: ['digitalSignature'] },
      { kind: 'serverAuthentication', critical: false },
      { kind: 'subjectAltName', critical: commonName === undefined, names: [general] },
      { kind: 'subjectKeyIdentifier', critical: false, identifier: keyIdentifier(publicKey) },
      { kind: 'authorityKeyIdentifier', critical: false, identifier: authority.keyIdentifier },
    ],
  }
}
