import { X509Certificate } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Clock } from '../base/clock.ts'
import { Fault } from '../base/faults.ts'
import { authorityFiles, checkPrivateFolder, readCertificateText, removeFile } from './authority-files.ts'
import { type CertificateAuthority, createAuthority, loadAuthority } from './certificate-authority.ts'
import type { CertificateBuilder } from './certificate-builder.ts'
import { pemOf } from './identifiers.ts'

/** A CA that takes over at a moment, in milliseconds since the epoch. */
export interface Successor {
  readonly authority: CertificateAuthority
  readonly fromAt: number
}

/** The CAs of one folder: that which issues now, that which will, and those whose leaves clients may still be shown. */
export interface Succession {
  readonly issuing: CertificateAuthority
  readonly successor: Successor | undefined
  /** Certificates that clients trust all together, that of the issuing CA first. */
  readonly trustedPem: string
}

export interface RotateOptions {
  readonly folder: string
  readonly builder: CertificateBuilder
  readonly clock: Clock
  /** When the new CA takes over, in milliseconds since the epoch. */
  readonly fromAt: number
  readonly permittedHosts: readonly string[]
}

/** One CA of the folder; the first one was there from the beginning. */
interface Generation {
  readonly folder: string
  readonly fromAt: number
}

const privateMode = 0o700

/**
 * The CAs in `folder`: `ca.pem` and `ca.key`, and a folder of their own in `rotated/` for each one that followed, with
 * the moment in a file `from`. Throws what `loadAuthority` throws.
 */
export function loadSuccession({ folder, clock }: { folder: string; clock: Clock }): Succession {
  const now = clock.now()
  const all = generationsOf(folder)
  const current = all.findLast(({ fromAt }) => fromAt <= now)!
  const next = all.find(({ fromAt }) => fromAt > now)
  if (current.folder !== folder) checkPrivateFolder(folder)
  const issuing = loadAuthority({ folder: current.folder, clock })
  const successor = next && { authority: loadAuthority({ folder: next.folder, clock }), fromAt: next.fromAt }
  const former = all.filter((one) => one.fromAt < current.fromAt).map((one) => formerPem(one.folder, now))
  return {
    issuing,
    successor,
    trustedPem: [issuing.certificatePem, successor?.authority.certificatePem ?? '', ...former].join(''),
  }
}

/**
 * Makes a CA beside the one that issues; it takes over at `fromAt`, and both are exported and trusted until their ends.
 * Keys of CAs that issue no more are removed. Throws `CONFIG_CONFLICT` when a new CA waits already, and what
 * `loadSuccession` and `createAuthority` throw.
 */
export function rotateAuthority({ folder, builder, clock, fromAt, permittedHosts }: RotateOptions): Succession {
  const { successor } = loadSuccession({ folder, clock })
  if (successor !== undefined) {
    const reason = `${successor.authority.files.folder} takes over at ${new Date(successor.fromAt).toISOString()}`
    throw new Fault('CONFIG_CONFLICT', `a new CA waits already: ${reason}`)
  }
  const all = generationsOf(folder)
  const path = join(folder, 'rotated', String(all.length))
  const unfinished = `${path}.new`
  rmSync(unfinished, { recursive: true, force: true })
  mkdirSync(unfinished, { recursive: true, mode: privateMode })
  createAuthority({ folder: unfinished, builder, clock, permittedHosts })
  writeFileSync(join(unfinished, 'from'), `${new Date(fromAt).toISOString()}\n`)
  renameSync(unfinished, path)
  const issuing = all.findLast((one) => one.fromAt <= clock.now())!
  for (const one of all) if (one.fromAt < issuing.fromAt) removeFile(authorityFiles(one.folder).keyFile)
  return loadSuccession({ folder, clock })
}

/** The CA that issues at `now`. */
export function issuerAt(
  { issuing, successor }: Pick<Succession, 'issuing' | 'successor'>,
  now: number,
): CertificateAuthority {
  return successor !== undefined && now >= successor.fromAt ? successor.authority : issuing
}

/** In the order in which they take over; the CA of the folder itself is always the first. */
function generationsOf(folder: string): readonly Generation[] {
  const rotated = join(folder, 'rotated')
  const names = existsSync(rotated) ? readdirSync(rotated).filter((name) => /^\d+$/.test(name)) : []
  const later = names.map((name) => ({ folder: join(rotated, name), fromAt: startOf(join(rotated, name, 'from')) }))
  return [{ folder, fromAt: Number.NEGATIVE_INFINITY }, ...later.sort((a, b) => a.fromAt - b.fromAt)]
}

function startOf(file: string): number {
  let text: string
  try {
    text = readFileSync(file, 'utf8').trim()
  } catch (error) {
    throw new Fault('CA_UNREADABLE', `${file}: ${(error as NodeJS.ErrnoException).code}`)
  }
  const at = Date.parse(text)
  if (Number.isNaN(at)) throw new Fault('CA_UNREADABLE', `${file} holds no moment: ${JSON.stringify(text)}`)
  return at
}

/** The certificate of a CA that issues no more; empty when it is over, or gone. */
function formerPem(folder: string, now: number): string {
  try {
    const certificate = new X509Certificate(readCertificateText(authorityFiles(folder).certificateFile))
    return certificate.validToDate.getTime() > now ? pemOf(certificate.raw) : ''
  } catch {
    return ''
  }
}
