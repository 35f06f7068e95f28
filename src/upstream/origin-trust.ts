import { checkServerIdentity, createSecureContext, type PeerCertificate, type SecureContext } from 'node:tls'

/** Forward secrecy and authenticated encryption only (CORRECTNESS section 3, Upstream TLS). */
const ciphers = [
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'TLS_AES_128_GCM_SHA256',
  'ECDHE+AESGCM',
  'ECDHE+CHACHA20',
  '@SECLEVEL=2',
].join(':')

/** What origins are verified against: `roots` in PEM, the only ones trusted. Built once, as parsing them is slow. */
export function createOriginTrust(roots: readonly string[]): SecureContext {
  return createSecureContext({ ca: [...roots], minVersion: 'TLSv1.2', ciphers })
}

/** As Node's own check, but the common name does not count: a certificate must list its names (RFC 9525 section 6.3). */
export function checkOriginIdentity(host: string, certificate: PeerCertificate): Error | undefined {
  if (certificate.subjectaltname) return checkServerIdentity(host, certificate)
  const error = new Error(`the certificate names no server at all, so not ${host}`)
  return Object.assign(error, { code: 'ERR_TLS_CERT_ALTNAME_INVALID' })
}
