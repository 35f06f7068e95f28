import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
  X509Certificate,
} from 'node:crypto'
import { existsSync } from 'node:fs'
import { hostname } from 'node:os'
import type { Clock } from '../base/clock.ts'
import { Fault } from '../base/faults.ts'
import {
  type AuthorityFiles,
  authorityFiles,
  checkPresent,
  checkPrivateFolder,
  preparePrivateFolder,
  publishFile,
  readCertificateText,
  readKeyText,
  removeFile,
  settleFolder,
} from './authority-files.ts'
import type { CertificateBuilder, GeneralName } from './certificate-builder.ts'
import { type CertificateFields, certificateFields } from './certificate-fields.ts'
import { profile } from './certificate-profile.ts'
import { pemOf } from './identifiers.ts'
import { isPermitted, permittedNames } from './name-constraints.ts'
import { rootContent } from './root-certificate.ts'

const keyMode = 0o600
const certificateMode = 0o644
const subjectKeyIdentifierNumber = 14

/** A CA that was loaded and may sign. The key is in a private field: no log, error or inspection shows it. */
export class CertificateAuthority {
  readonly certificate: X509Certificate
  readonly files: AuthorityFiles
  readonly fields: CertificateFields
  readonly keyIdentifier: Buffer
  /** Milliseconds since the epoch, both included. */
  readonly notBeforeAt: number
  readonly notAfterAt: number
  /** Names that it is good for, with all below them; `undefined`: any. */
  readonly permitted: readonly GeneralName[] | undefined
  readonly #key: KeyObject

  /** Throws `CA_UNREADABLE` when `key` is not the key of `certificate`, or `certificate` is no CA of the profile. */
  constructor(certificate: X509Certificate, key: KeyObject, files: AuthorityFiles) {
    const wrong = (reason: string): Fault => new Fault('CA_UNREADABLE', `${files.certificateFile} ${reason}`)
    if (!certificate.checkPrivateKey(key)) throw wrong(`does not belong to ${files.keyFile}`)
    if (key.asymmetricKeyDetails?.namedCurve !== profile.curve) throw wrong('has a key that is not P-256')
    if (!certificate.ca) throw wrong('is not the certificate of a CA')
    if (!certificate.verify(certificate.publicKey)) throw wrong('is not signed by itself')
    this.fields = certificateFields(certificate.raw)
    const identifier = this.fields.extension(subjectKeyIdentifierNumber)?.content
    if (identifier === undefined) throw wrong('has no subject key identifier')
    this.keyIdentifier = identifier
    this.certificate = certificate
    this.permitted = permittedNames(this.fields)
    this.files = files
    this.notBeforeAt = certificate.validFromDate.getTime()
    this.notAfterAt = certificate.validToDate.getTime()
    this.#key = key
  }

  /** What clients are given to trust. */
  get certificatePem(): string {
    return pemOf(this.certificate.raw)
  }

  /** Would clients accept a leaf for `name`, as far as name constraints go? */
  permits(name: GeneralName): boolean {
    return isPermitted(name, this.permitted)
  }

  /** ECDSA with SHA-256, as DER. */
  sign(bytes: Uint8Array): Buffer {
    return sign(profile.digest, bytes, this.#key)
  }
}

export interface CreateAuthorityOptions {
  readonly folder: string
  readonly builder: CertificateBuilder
  readonly clock: Clock
  /** Stands in the CA's name; initially the name of this machine. */
  readonly hostName?: string
  /** Host patterns as in `--intercept` that the CA is good for; initially any. */
  readonly permittedHosts?: readonly string[]
}

/**
 * Makes a CA: folder 0700, `ca.key` 0600, `ca.pem` 0644. Each file appears whole or not at all, the key first; a key
 * without certificate is what a killed init leaves, and it gets its certificate. Throws `CONFIG_CONFLICT` when there is
 * a CA, `CA_KEY_EXPOSED` when the folder is another user's, `CA_UNREADABLE` when it cannot be written.
 */
export function createAuthority(options: CreateAuthorityOptions): AuthorityFiles {
  const { folder, builder, clock, hostName = hostname(), permittedHosts = [] } = options
  const files = authorityFiles(folder)
  preparePrivateFolder(folder)
  if (existsSync(files.certificateFile)) {
    throw new Fault(
      'CONFIG_CONFLICT',
      `${files.certificateFile} exists, and a CA is never overwritten: remove it first`,
    )
  }
  const found = existsSync(files.keyFile)
  const key = found ? readKey(files) : generateKeyPairSync('ec', { namedCurve: profile.curve }).privateKey
  const publicKey = createPublicKey(key)
  const content = rootContent({ publicKey, now: clock.now(), hostName, permittedHosts })
  const certificate = builder.build(content, (bytes) => sign(profile.digest, bytes, key))
  if (!found) publishFile(files.keyFile, key.export({ type: 'pkcs8', format: 'pem' }).toString(), keyMode)
  try {
    publishFile(files.certificateFile, pemOf(certificate), certificateMode)
  } catch (error) {
    // Another init may have found our key and finished the work.
    if (!isCertificateOf(files, key)) {
      if (!found) removeFile(files.keyFile)
      throw error
    }
  }
  settleFolder(folder)
  return files
}

/**
 * The CA in `folder`. Throws `CA_MISSING`; `CA_KEY_EXPOSED` when others may read the key or its folder, or another user
 * owns them; `CA_UNREADABLE`; `CA_EXPIRED` outside of its validity.
 */
export function loadAuthority({ folder, clock }: { folder: string; clock: Clock }): CertificateAuthority {
  const files = authorityFiles(folder)
  for (const file of [files.certificateFile, files.keyFile]) checkPresent(file)
  checkPrivateFolder(folder)
  const key = readKey(files)
  const authority = new CertificateAuthority(readCertificate(files), key, files)
  const now = clock.now()
  if (now >= authority.notBeforeAt && now <= authority.notAfterAt) return authority
  const span = `${new Date(authority.notBeforeAt).toISOString()} to ${new Date(authority.notAfterAt).toISOString()}`
  throw new Fault(
    'CA_EXPIRED',
    `${files.certificateFile} is valid from ${span}, and now is ${new Date(now).toISOString()}`,
  )
}

function readKey(files: AuthorityFiles): KeyObject {
  const text = readKeyText(files.keyFile)
  try {
    return createPrivateKey(text)
  } catch {
    // The cause is not kept: nothing that was derived from the key's text leaves this function.
    throw new Fault('CA_UNREADABLE', `${files.keyFile} is not a private key in PEM`)
  }
}

function readCertificate(files: AuthorityFiles): X509Certificate {
  const text = readCertificateText(files.certificateFile)
  try {
    return new X509Certificate(text)
  } catch (cause) {
    throw new Fault('CA_UNREADABLE', `${files.certificateFile} is not a certificate in PEM`, { cause })
  }
}

function isCertificateOf(files: AuthorityFiles, key: KeyObject): boolean {
  try {
    return readCertificate(files).checkPrivateKey(key)
  } catch {
    return false
  }
}
