import { Fault } from '../base/faults.ts'
import { anonymous } from './ftp-access.ts'
import { type FtpPath, ftpPath } from './ftp-path.ts'
import type { OriginRequest } from './origin-fetcher.ts'

/** Answers the path of a request for an ftp URL; throws `CLIENT_URL_DENIED` and `CLIENT_REQUEST_INVALID` for what is not served. */
export function checkFtpRequest({ method, target, fields }: OriginRequest): FtpPath {
  if (method !== 'GET' && method !== 'HEAD') {
    throw new Fault('CLIENT_URL_DENIED', `${method} ${target.href}: only GET and HEAD are served for ftp URLs`)
  }
  for (let i = 0; i + 1 < fields.length; i += 2) {
    if (fields[i]!.toLowerCase() !== 'authorization' || isAnonymous(fields[i + 1]!)) continue
    const reason = 'logins of FTP servers come from the configuration of the proxy alone (ftp-credentials)'
    throw new Fault('CLIENT_URL_DENIED', `${target.href}: ${reason}`)
  }
  return ftpPath(target.path)
}

/** curl says who is anonymous, too, when the URL does. */
function isAnonymous(authorization: string): boolean {
  const [, encoded = ''] = /^basic +([a-z0-9+/=]+)$/i.exec(authorization) ?? []
  const user = Buffer.from(encoded, 'base64').toString('latin1').split(':')[0]!
  return user === anonymous.user || user === 'ftp'
}
