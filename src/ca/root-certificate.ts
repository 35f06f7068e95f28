import type { KeyObject } from 'node:crypto'
import { Fault } from '../base/faults.ts'
import type { CertificateContent, Extension, GeneralName } from './certificate-builder.ts'
import { profile } from './certificate-profile.ts'
import { keyIdentifier, newSerial } from './identifiers.ts'
import { parseServerName } from './server-name.ts'

const secondMs = 1_000

export interface RootOptions {
  readonly publicKey: KeyObject
  readonly now: number
  readonly hostName: string
  /** Host patterns as in `--intercept`; empty: any name. */
  readonly permittedHosts: readonly string[]
}

/** The root CA's own certificate (CORRECTNESS section 6). Throws `CONFIG_BAD_VALUE` naming a host that is none. */
export function rootContent({ publicKey, now, hostName, permittedHosts }: RootOptions): CertificateContent {
  const notBeforeAt = now - profile.backdatedMs
  const constraints = permittedHosts.length === 0 ? [] : [nameConstraints(permittedHosts)]
  return {
    serial: newSerial(),
    issuer: undefined,
    commonName: rootName(hostName, now),
    notBeforeAt,
    notAfterAt: notBeforeAt + profile.rootLifeMs - secondMs,
    publicKey,
    extensions: [
      { kind: 'basicConstraints', critical: true, authority: true, pathLength: 0 },
      { kind: 'keyUsage', critical: true, usages: ['keyCertSign', 'cRLSign'] },
      { kind: 'serverAuthentication', critical: false },
      { kind: 'subjectKeyIdentifier', critical: false, identifier: keyIdentifier(publicKey) },
      ...constraints,
    ],
  }
}

/** `Larder CA HOST DATE`; a long host name is cut so that the whole keeps X.520's limit. */
function rootName(hostName: string, now: number): string {
  const date = new Date(now).toISOString().slice(0, 10)
  const space = profile.rootCommonNameCharacters - `Larder CA  ${date}`.length
  const host = hostName.replace(/[^A-Za-z0-9._-]/g, '-').slice(0, space) || 'host'
  return `Larder CA ${host} ${date}`
}

/**
 * RFC 5280 section 4.2.1.10. A name also permits what lies below it. A type of name that no host has is excluded whole,
 * because a constraint on one type says nothing about the other.
 */
function nameConstraints(hosts: readonly string[]): Extension {
  const permitted = hosts.map(subtree)
  const excluded: GeneralName[] = []
  if (!permitted.some((name) => 'dns' in name)) excluded.push({ dns: '' })
  if (permitted.every((name) => 'dns' in name)) {
    excluded.push({ address: new Uint8Array(8) }, { address: new Uint8Array(32) })
  }
  return { kind: 'nameConstraints', critical: true, permitted, excluded }
}

function subtree(host: string): GeneralName {
  const parsed = parseServerName(host.replace(/^\*\./, ''))
  if (parsed === undefined) throw new Fault('CONFIG_BAD_VALUE', `not a host name or address: ${JSON.stringify(host)}`)
  const { general } = parsed
  if ('dns' in general) return general
  const mask = new Uint8Array(general.address.length).fill(0xff)
  return { address: Buffer.concat([general.address, mask]) }
}
