import { execFileSync } from 'node:child_process'
import { generateKeyPairSync, X509Certificate } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Clock, systemClock } from '../../../src/base/clock.ts'
import { type CertificateAuthority, createAuthority, loadAuthority } from '../../../src/ca/certificate-authority.ts'
import { ForgeCertificateBuilder } from '../../../src/ca/forge-certificate-builder.ts'
import { leafContent } from '../../../src/ca/leaf-certificate.ts'
import { parseServerName } from '../../../src/ca/server-name.ts'

export const hourMs = 3_600_000
export const dayMs = 24 * hourMs

/** Names of every kind that a leaf must carry. */
export const serverNames = [
  'example.test',
  `${'a'.repeat(63)}.${'b'.repeat(5)}.test`,
  'xn--bcher-kva.example.test',
  '127.0.0.1',
  '::1',
] as const

/** A clock that stands where it is put. */
export class SetClock implements Clock {
  at: number

  constructor(at: number) {
    this.at = at
  }

  now(): number {
    return this.at
  }

  elapsed(): number {
    return this.at
  }
}

/** A folder of the test's own, gone when the scope ends. */
export class TestFolder implements Disposable {
  readonly top = mkdtempSync(join(tmpdir(), 'larder-ca-'))
  readonly ca = join(this.top, 'ca');

  [Symbol.dispose](): void {
    rmSync(this.top, { recursive: true, force: true })
  }
}

export const builder = new ForgeCertificateBuilder()

export function makeAuthority(
  folder: string,
  { clock = systemClock, ...rest }: { clock?: Clock; hostName?: string; permittedHosts?: readonly string[] } = {},
): CertificateAuthority {
  createAuthority({ folder, builder, clock, ...rest })
  return loadAuthority({ folder, clock })
}

/** A leaf as `LeafContexts` issues it, to look at. */
export function leafFor(authority: CertificateAuthority, name: string, now = Date.now()): X509Certificate {
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
  const content = leafContent(authority, parseServerName(name)!, publicKey, now)
  return new X509Certificate(builder.build(content, (bytes) => authority.sign(bytes)))
}

/** Runs openssl on a certificate given on standard input; throws with its message when it refuses. */
export function openssl(certificate: X509Certificate, ...parameters: string[]): string {
  return execFileSync('openssl', parameters, { input: certificate.toString(), encoding: 'utf8', stdio: 'pipe' })
}

/** `openssl verify -x509_strict` of `certificate` under the authority's root, on standard input. */
export function verifyStrictly(authority: CertificateAuthority, certificate: X509Certificate, folder: string): string {
  const purpose = certificate.ca ? [] : ['-purpose', 'sslserver']
  const root = join(folder, 'root-to-trust.pem')
  writeFileSync(root, authority.certificatePem)
  return openssl(certificate, 'verify', '-x509_strict', ...purpose, '-CAfile', root)
}
