import type { TargetUri } from '../http/target-uri.ts'

/** How an FTP server is spoken to. */
export interface FtpAccess {
  /** Octets, one a character (latin1). */
  readonly user: string
  readonly password: string
  /** `explicit`: AUTH TLS on the plain port (RFC 4217); `implicit`: TLS from the first byte. Never less than that. */
  readonly tls: 'none' | 'explicit' | 'implicit'
}

/** The access for a target; what clients say has no part in it (CORRECTNESS T23). */
export type FtpAccessRule = (target: TargetUri) => FtpAccess

export const anonymous = { user: 'anonymous', password: 'larder@' } as const

/** No logins: anonymous, with TLS where the URL says so. */
export const anonymousAccess: FtpAccessRule = ({ scheme }) => ({
  ...anonymous,
  tls: scheme === 'ftps' ? 'implicit' : 'none',
})
