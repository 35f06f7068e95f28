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

/** A name, an address, or a block of addresses such as `10.0.0.0/8`. */
function subtree(host: string): GeneralName {
  const [, name, bits] = /^(?:\*\.)?([^/]*)(?:\/(\d{1,3}))?$/.exec(host) ?? []
  const general = name === undefined ? undefined : parseServerName(name)?.general
  const wrong = new Fault('CONFIG_BAD_VALUE', `not a host name or address: ${JSON.stringify(host)}`)
  if (general === undefined) throw wrong
  if ('dns' in general) {
    if (bits !== undefined) throw wrong
    return general
  }
  const mask = maskOf(general.address.length, bits === undefined ? general.address.length * 8 : Number(bits))
  if (mask === undefined) throw wrong
  return { address: Buffer.concat([general.address.map((byte, place) => byte & mask[place]!), mask]) }
}

function maskOf(bytes: number, bits: number): Uint8Array | undefined {
  if (bits > bytes * 8) return undefined
  return Uint8Array.from({ length: bytes }, (_, place) => 0xff & ~(0xff >> Math.min(8, Math.max(0, bits - place * 8))))
}
