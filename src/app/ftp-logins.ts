import type { NetrcLogin } from '../config/netrc.ts'
import type { Settings } from '../config/settings.ts'
import type { TargetUri } from '../http/target-uri.ts'
import { anonymous, type FtpAccessRule } from '../upstream/ftp-access.ts'
import { readLogins } from './private-logins.ts'
import { hostMatches } from './url-rules.ts'

const ownPorts = [21, 990]

/**
 * How FTP servers are spoken to: with the logins of the credentials files, else anonymously; with TLS for `ftps` URLs and the
 * hosts of ftp-tls. Reads the files once. Throws `CONFIG_BAD_VALUE` and, for a file that others may read, `CONFIG_CONFLICT`.
 */
export function ftpAccess(settings: Pick<Settings, 'ftpCredentialFiles' | 'ftpTls'>): FtpAccessRule {
  const logins = settings.ftpCredentialFiles.flatMap((file) => readLogins('ftp-credentials', file))
  return (target) => {
    const login = logins.find(({ machine }) => isFor(machine, target)) ?? anonymous
    if (target.scheme === 'ftps') return { ...octetsOf(login), tls: 'implicit' }
    return { ...octetsOf(login), tls: hostMatches(settings.ftpTls, target.host) ? 'explicit' : 'none' }
  }
}

/** A machine without a port is the server on FTP's own ports, and no other that runs beside it (CORRECTNESS T28). */
function isFor(machine: string, { host, port }: TargetUri): boolean {
  const name = host.includes(':') ? `[${host}]` : host
  if (ownPorts.includes(port) && (machine === name || machine === host)) return true
  return machine === `${name}:${port}`
}

function octetsOf({ user, password }: Pick<NetrcLogin, 'user' | 'password'>) {
  const octets = (text: string): string => Buffer.from(text, 'utf8').toString('latin1')
  return { user: octets(user), password: octets(password) }
}
