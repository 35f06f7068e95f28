import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { localPrograms } from './local-programs.ts'
import type { RefusingPair, TrustRefusals } from './trust-refusals.ts'

/** Alerts by which a client says that it does not take a certificate (RFC 8446 section 6.2), as OpenSSL names their errors. */
const certificateAlert =
  /ALERT_(UNKNOWN_CA|BAD_CERTIFICATE|CERTIFICATE_UNKNOWN|CERTIFICATE_EXPIRED|CERTIFICATE_REVOKED|UNSUPPORTED_CERTIFICATE|ACCESS_DENIED)/

export interface FollowedTrust {
  readonly tls: TLSSocket
  /** Below TLS. */
  readonly client: Socket
  readonly pair: RefusingPair
  readonly refusals: TrustRefusals
  /** Was the client shown our certificate, as far as we know? */
  readonly isShown: () => boolean
  /** The handshake failed for another reason than trust. */
  readonly failed: (reason: string) => void
}

/**
 * Watches until the client has shown whether it takes our certificate: by what it asks inside, by an alert, or by going
 * away after it. Some check it only after the handshake and close without a word.
 */
export function followTrust({ tls, client, pair, refusals, isShown, failed }: FollowedTrust): void {
  let isDecided = false
  // Many tools do not say who they are, and are gone a moment after they refused.
  const programs = refusals.shallLook(pair) ? localPrograms(client.remoteAddress, client.remotePort) : []
  const refuse = (reason: string): void => {
    isDecided = true
    refusals.refused(pair, reason, programs)
  }
  tls.on('error', (error: NodeJS.ErrnoException) => {
    if (isDecided) return
    const alert = certificateAlert.exec(error.code ?? '')?.[1]
    if (alert !== undefined) return refuse(alert.toLowerCase())
    if (error.code === 'ECONNRESET' && isShown()) return refuse('closed')
    isDecided = true
    failed(error.code ?? error.message)
  })
  tls.once('timeout', () => {
    isDecided = true
  })
  tls.once('close', () => {
    if (!isDecided && isShown()) refuse('closed')
  })
  const onEnd = (): void => {
    if (!isDecided && isShown()) refuse('closed')
    tls.destroy()
  }
  tls.once('end', onEnd)
  tls.once('secure', () => {
    tls.off('end', onEnd)
    tls.once('data', () => {
      isDecided = true
      refusals.accepted(pair)
    })
  })
}
