import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { HostPort } from '../config/settings.ts'

/** Why a request to the admin address is not served. */
export interface Refusal {
  readonly status: number
  readonly error: string
}

/** Answers `undefined` for a request that may go on. */
export type Guard = (request: IncomingMessage) => Refusal | undefined

/** A unix socket: whoever may open the file may ask. */
export const fileGuard: Guard = () => undefined

/**
 * A port on loopback, which any web page and any user of the machine can reach (CORRECTNESS T42): the Host must be ours to the
 * letter, which ends DNS rebinding; nothing that a browser marks as its own is served; and the token is asked for.
 */
export function portGuard(address: HostPort, token: string): Guard {
  const hosts = hostNames(address)
  const wanted = digest(`Bearer ${token}`)
  return ({ headers, headersDistinct, url }) => {
    const [host, ...more] = headersDistinct.host ?? []
    if (host === undefined || more.length > 0 || !hosts.includes(host)) {
      return { status: 403, error: `the Host of a request must be ${hosts.join(' or ')}` }
    }
    const site = headers['sec-fetch-site']
    if (headers.origin !== undefined || (site !== undefined && site !== 'none')) {
      return { status: 403, error: 'requests of web pages are not served' }
    }
    if (isProbe(url) || timingSafeEqual(digest(headers.authorization ?? ''), wanted)) return undefined
    return {
      status: 401,
      error: 'Authorization: Bearer TOKEN is missing or wrong; the token is in admin.token in the data folder',
    }
  }
}

/** Probes of orchestrators carry no token and learn yes or no. */
function isProbe(url: string | undefined): boolean {
  return url === '/livez' || url === '/readyz'
}

function hostNames({ host, port }: HostPort): string[] {
  const written = host.includes(':') ? `[${host}]` : host
  return [...new Set([`${written}:${port}`, `localhost:${port}`])]
}

/** Of one length, so that comparing tells nothing about either. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
