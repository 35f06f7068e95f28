import { Fault } from '../base/faults.ts'
import type { Settings } from '../config/settings.ts'
import type { TargetUri } from '../http/target-uri.ts'

/** Well-known ports below 1024 that plain requests may name, beside all from 1024 on (as Squid's Safe_ports). */
const lowPorts: { readonly [scheme: string]: readonly number[] } = {
  http: [80, 443],
  https: [443],
  ftp: [21],
  ftps: [21, 990],
}

/** May this target be asked for? Mail, shells and their like on low ports may not (CORRECTNESS T21). */
export function urlCheck(target: TargetUri): Fault | undefined {
  if (target.port >= 1024 || lowPorts[target.scheme]!.includes(target.port)) return undefined
  return new Fault('CLIENT_URL_DENIED', `port ${target.port} is not for ${target.scheme}`)
}

/** May a tunnel be opened to this port? */
export function connectPortCheck(ports: readonly number[]): (port: number) => Fault | undefined {
  return (port) => {
    if (port === 80 || ports.includes(port)) return undefined
    return new Fault('CLIENT_URL_DENIED', `CONNECT to port ${port} is not allowed (--connect-port ${ports.join(', ')})`)
  }
}

/** May content of a host that comes over TLS be read, as `intercept` and `splice` say? */
export function readingCheck({ intercept, splice }: Pick<Settings, 'intercept' | 'splice'>): (host: string) => boolean {
  return (host) => !hostMatches(splice, host) && (intercept.length === 0 || hostMatches(intercept, host))
}

/** Does a host pattern (`example.org`, `*.example.org`, `*`) cover `host`? */
export function hostMatches(patterns: readonly string[], host: string): boolean {
  return patterns.some((pattern) => {
    const wanted = pattern.toLowerCase()
    if (wanted === '*') return true
    return wanted.startsWith('*.') ? host.endsWith(wanted.slice(1)) : host === wanted
  })
}
