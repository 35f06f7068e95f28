import { createHash, generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto'
import { createSecureContext, type SecureContext } from 'node:tls'
import type { Clock } from '../base/clock.ts'
import type { Observer } from '../base/events.ts'
import { Fault } from '../base/faults.ts'
import type { CertificateAuthority } from './certificate-authority.ts'
import type { CertificateBuilder } from './certificate-builder.ts'
import { profile } from './certificate-profile.ts'
import { pemOf } from './identifiers.ts'
import { leafContent } from './leaf-certificate.ts'
import { parseServerName, type ServerName } from './server-name.ts'
import { issuerAt, type Successor } from './succession.ts'

const ticketKeysBytes = 48
const sessionContextCharacters = 32
/** The first two leaves of a process take five times as long as later ones: code is loaded and compiled. */
const warmUpCount = 2

export interface LeafContextsOptions {
  readonly authority: CertificateAuthority
  /** Takes over at its moment. */
  readonly successor?: Successor | undefined
  readonly builder: CertificateBuilder
  readonly clock: Clock
  readonly observer: Observer
  /** Contexts kept in memory; the one that was not used for longest goes first. */
  readonly maxCount?: number
}

interface Leaf {
  readonly context: SecureContext
  readonly notBeforeAt: number
  readonly reissueAt: number
}

/** TLS contexts with our certificates, minted on demand, in memory only, with one key for the whole process. */
export class LeafContexts {
  readonly #options: LeafContextsOptions
  readonly #maxCount: number
  readonly #publicKey: KeyObject
  readonly #keyPem: string
  /** Outlives the contexts, so a client resumes its session after a leaf was issued again. */
  readonly #ticketKeys = randomBytes(ticketKeysBytes)
  /** In the order of use, the latest last. */
  readonly #leaves = new Map<string, Leaf>()

  /** Throws what issuing a leaf throws, so that a CA that cannot sign is found at start and not by a client. */
  constructor(options: LeafContextsOptions) {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: profile.curve })
    this.#options = options
    this.#maxCount = options.maxCount ?? 1_000
    this.#publicKey = publicKey
    this.#keyPem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
    const name = parseServerName('localhost')!
    for (let count = 0; count < warmUpCount; count++) this.#mint(name, options.clock.now())
  }

  /**
   * The context for a DNS name in A-labels, or for an IPv4 or IPv6 address without brackets.
   * Throws `CA_ISSUE_FAILED` for any other text, for what the CA is not good for, and when it is not valid now.
   */
  contextFor(serverName: string): SecureContext {
    const name = parseServerName(serverName)
    if (name === undefined) {
      throw new Fault('CA_ISSUE_FAILED', `not a server name or address: ${JSON.stringify(serverName)}`)
    }
    const now = this.#options.clock.now()
    if (!this.#issuer(now).permits(name.general)) {
      throw new Fault('CA_ISSUE_FAILED', `the CA is limited to other hosts, so it issues nothing for ${name.text}`)
    }
    const known = this.#leaves.get(name.text)
    // A clock that was set back makes a leaf one that is not valid yet.
    const leaf = known && now >= known.notBeforeAt && now < known.reissueAt ? known : this.#issue(name, now)
    this.#leaves.delete(name.text)
    this.#leaves.set(name.text, leaf)
    if (this.#leaves.size > this.#maxCount) this.#leaves.delete(this.#leaves.keys().next().value!)
    return leaf.context
  }

  /** Is the CA good for this name or address, as far as name constraints go? */
  permits(serverName: string): boolean {
    const name = parseServerName(serverName)
    return name !== undefined && this.#issuer(this.#options.clock.now()).permits(name.general)
  }

  #issuer(now: number): CertificateAuthority {
    const { authority, successor } = this.#options
    return issuerAt({ issuing: authority, successor }, now)
  }

  #issue(name: ServerName, now: number): Leaf {
    const leaf = this.#mint(name, now)
    this.#options.observer({ kind: 'leaf-issued', serverName: name.text })
    return leaf
  }

  #mint(name: ServerName, now: number): Leaf {
    const { builder, successor } = this.#options
    const authority = this.#issuer(now)
    if (now < authority.notBeforeAt || now > authority.notAfterAt) {
      throw new Fault('CA_ISSUE_FAILED', `the CA is not valid now, so it issues nothing for ${name.text}`)
    }
    const content = leafContent(authority, name, this.#publicKey, now)
    const certificate = builder.build(content, (bytes) => authority.sign(bytes))
    const context = createSecureContext({
      key: this.#keyPem,
      // The leaf alone: the root is what clients have already. With no CA in the context OpenSSL adds none either.
      cert: pemOf(certificate),
      ca: [],
      minVersion: 'TLSv1.2',
      ticketKeys: this.#ticketKeys,
      // A session is resumed only for the server name that it was made for.
      sessionIdContext: createHash('sha256').update(name.text).digest('hex').slice(0, sessionContextCharacters),
    })
    const wornAt = now + (content.notAfterAt - now) * profile.reissueAfterRatio
    const isOfFirst = successor !== undefined && now < successor.fromAt
    const reissueAt = isOfFirst ? Math.min(wornAt, successor.fromAt) : wornAt
    return { context, notBeforeAt: content.notBeforeAt, reissueAt }
  }
}
