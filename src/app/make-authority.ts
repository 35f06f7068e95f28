import { systemClock } from '../base/clock.ts'
import { createAuthority } from '../ca/certificate-authority.ts'
import { ForgeCertificateBuilder } from '../ca/forge-certificate-builder.ts'
import { rotateAuthority, type Succession } from '../ca/succession.ts'
import type { Settings } from '../config/settings.ts'

/** Makes the CA in the CA folder, good for `onlyHosts` alone, else for the intercepted hosts when they are listed. Throws what `createAuthority` throws. */
export function makeAuthority({ caFolder, intercept }: Settings, onlyHosts: readonly string[] = []): void {
  const intercepted = intercept.includes('*') ? [] : intercept
  const permittedHosts = onlyHosts.length > 0 ? onlyHosts : intercepted
  createAuthority({ folder: caFolder, builder: new ForgeCertificateBuilder(), clock: systemClock, permittedHosts })
}

/** Makes the CA that takes over at `fromAt` (milliseconds since the epoch). Throws what `rotateAuthority` throws. */
export function makeSuccessor(
  { caFolder, intercept }: Settings,
  fromAt: number,
  onlyHosts: readonly string[],
): Succession {
  const intercepted = intercept.includes('*') ? [] : intercept
  const permittedHosts = onlyHosts.length > 0 ? onlyHosts : intercepted
  const builder = new ForgeCertificateBuilder()
  return rotateAuthority({ folder: caFolder, builder, clock: systemClock, fromAt, permittedHosts })
}
