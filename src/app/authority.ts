import type { Clock } from '../base/clock.ts'
import { Fault } from '../base/faults.ts'
import { type CertificateAuthority, loadAuthority } from '../ca/certificate-authority.ts'
import type { CertificateBuilder } from '../ca/certificate-builder.ts'
import { ForgeCertificateBuilder } from '../ca/forge-certificate-builder.ts'
import type { Settings } from '../config/settings.ts'

export interface OpenedAuthority {
  readonly authority: CertificateAuthority
  readonly builder: CertificateBuilder
}

/** The CA of the CA folder; `undefined` when there is none: then TLS is passed through unread (CORRECTNESS 8.1.3). */
export function openAuthority(settings: Settings, clock: Clock): OpenedAuthority | undefined {
  try {
    return { authority: loadAuthority({ folder: settings.caFolder, clock }), builder: new ForgeCertificateBuilder() }
  } catch (error) {
    if (error instanceof Fault && error.code === 'CA_MISSING') return undefined
    throw error
  }
}
