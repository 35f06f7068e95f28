import { systemClock } from '../base/clock.ts'
import { createAuthority } from '../ca/certificate-authority.ts'
import { ForgeCertificateBuilder } from '../ca/forge-certificate-builder.ts'
import type { Settings } from '../config/settings.ts'

/** Makes the CA in the CA folder, good for the intercepted hosts alone when they are listed. Throws what `createAuthority` throws. */
export function makeAuthority({ caFolder, intercept }: Settings): void {
  const permittedHosts = intercept.includes('*') ? [] : intercept
  createAuthority({ folder: caFolder, builder: new ForgeCertificateBuilder(), clock: systemClock, permittedHosts })
}
