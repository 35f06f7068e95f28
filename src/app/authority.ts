import type { Clock } from '../base/clock.ts'
import { Fault } from '../base/faults.ts'
import type { CertificateAuthority } from '../ca/certificate-authority.ts'
import type { CertificateBuilder } from '../ca/certificate-builder.ts'
import { ForgeCertificateBuilder } from '../ca/forge-certificate-builder.ts'
import { loadSuccession, type Successor } from '../ca/succession.ts'
import type { Settings } from '../config/settings.ts'

export interface OpenedAuthority {
  readonly authority: CertificateAuthority
  /** Takes over at its moment. */
  readonly successor: Successor | undefined
  readonly builder: CertificateBuilder
  /** What clients have to trust: the certificate of every CA that issues, will issue, or did. */
  readonly trustedPem: string
}

/** The CA of the CA folder; `undefined` when there is none: then TLS is passed through unread (CORRECTNESS 8.1.3). */
export function openAuthority(settings: Settings, clock: Clock): OpenedAuthority | undefined {
  try {
    const { issuing, successor, trustedPem } = loadSuccession({ folder: settings.caFolder, clock })
    return { authority: issuing, successor, trustedPem, builder: new ForgeCertificateBuilder() }
  } catch (error) {
    if (error instanceof Fault && error.code === 'CA_MISSING') return undefined
    throw error
  }
}
