import { Fault } from '../base/faults.ts'

export interface FtpPath {
  /** The octets of the path, one a character (latin1), as they stand in a command. */
  readonly octets: string
  /** The URL itself says that this is a directory. */
  readonly directory: boolean
}

/**
 * The path that an ftp URL names (RFC 1738 section 3.2), percent-decoded exactly once. Throws `CLIENT_REQUEST_INVALID` for
 * what could not be a path or would break out of the command (CORRECTNESS T23). `;type=a` and `;type=i` name the same file:
 * its bytes come as they are, as text mode would alter them on the way.
 */
export function ftpPath(path: string): FtpPath {
  const [, name = path, type] = /^(.*);type=([aid])$/is.exec(path) ?? []
  const octets = decodeOnce(name)
  return { octets, directory: octets.endsWith('/') || type?.toLowerCase() === 'd' }
}

/**
 * Where the path leads on the server: a URL's path begins in the folder of the login, unless it begins with a further
 * slash, plain or encoded (RFC 1738 section 3.2.2).
 */
export function pathFrom(loginFolder: string, { octets }: FtpPath): string {
  if (octets.startsWith('//')) return octets.slice(1)
  return loginFolder.endsWith('/') ? loginFolder + octets.slice(1) : loginFolder + octets
}

/** May these octets stand in a command? The text says which one may not. */
export function forbiddenOctet(octets: string): string | undefined {
  for (let i = 0; i < octets.length; i++) {
    const code = octets.charCodeAt(i)
    if (code < 0x20 || code === 0x7f || code > 0xff) return String(code)
  }
  return undefined
}

function decodeOnce(path: string): string {
  const octets = path.replace(/%(..?)?/gs, (encoded, digits: string | undefined) => {
    if (digits === undefined || !/^[0-9a-f]{2}$/i.test(digits)) {
      throw new Fault('CLIENT_REQUEST_INVALID', `${path}: "${encoded}" is no percent-encoding`)
    }
    return String.fromCharCode(Number.parseInt(digits, 16))
  })
  const forbidden = forbiddenOctet(octets)
  if (forbidden === undefined) return octets
  throw new Fault('CLIENT_REQUEST_INVALID', `${path}: a path on an FTP server cannot hold the octet ${forbidden}`)
}
