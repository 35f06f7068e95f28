import { Fault } from '../base/faults.ts'

export interface FtpPath {
  /** The octets of the path, one a character (latin1), as they stand in a command. */
  readonly octets: string
  /** The URL itself says that this is a directory. */
  readonly directory: boolean
}

/**
 * The path that an ftp URL names (RFC 1738 section 3.2), percent-decoded exactly once. Throws `CLIENT_REQUEST_INVALID` for
 * what could not be a path or would break out of the command (CORRECTNESS T23), and for text mode, which alters bytes.
 */
export function ftpPath(path: string): FtpPath {
  const [, name = path, type] = /^(.*);type=([a-z])$/is.exec(path) ?? []
  if (type?.toLowerCase() === 'a') throw new Fault('CLIENT_REQUEST_INVALID', `${path}: text mode is not offered`)
  const octets = decodeOnce(name)
  return { octets, directory: octets.endsWith('/') || type?.toLowerCase() === 'd' }
}

function decodeOnce(path: string): string {
  const octets = path.replace(/%(..?)?/gs, (encoded, digits: string | undefined) => {
    if (digits === undefined || !/^[0-9a-f]{2}$/i.test(digits)) {
      throw new Fault('CLIENT_REQUEST_INVALID', `${path}: "${encoded}" is no percent-encoding`)
    }
    return String.fromCharCode(Number.parseInt(digits, 16))
  })
  for (let i = 0; i < octets.length; i++) {
    const code = octets.charCodeAt(i)
    if (code >= 0x20 && code !== 0x7f && code <= 0xff) continue
    throw new Fault('CLIENT_REQUEST_INVALID', `${path}: a path on an FTP server cannot hold the octet ${code}`)
  }
  return octets
}
