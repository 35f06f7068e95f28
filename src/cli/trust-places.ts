import { execFile } from 'node:child_process'
import type { X509Certificate } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { pemOf } from '../ca/identifiers.ts'
import { certificatesIn } from '../ca/trust-export.ts'
import type { TrustedPlace } from '../ca/trust-record.ts'
import { bundleFiles, findTrustStore } from '../ca/trust-stores.ts'
import type { Environment } from '../config/environment.ts'
import { addToJavaStore, javaStoresBelow, removeFromJavaStore } from './java-cacerts.ts'

export interface TrustPlan {
  /** Certificates of ours, one or more. */
  readonly pem: string
  /** Root of the file system; `/`: this system. */
  readonly root: string
  readonly environment: Environment
}

export interface TrustOutcome {
  readonly places: readonly TrustedPlace[]
  /** What could not be done, and why. */
  readonly remarks: readonly string[]
}

type Anchor = Extract<TrustedPlace, { kind: 'anchor' }>

const run = promisify(execFile)
const toolTimeoutMs = 60_000
const publicMode = 0o644

/**
 * Makes the system's store trust the CA, and the databases of NSS and Java that are there. What trusts it already stays
 * as it is. `record` is told each step as soon as it is done, so that one that fails leaves nothing unknown behind.
 */
export async function trustEverywhere(
  { pem, root: given, environment }: TrustPlan,
  record: (places: readonly TrustedPlace[]) => void,
): Promise<TrustOutcome> {
  const root = resolve(given)
  const places: TrustedPlace[] = []
  const remarks: string[] = []
  for (const certificate of certificatesIn(pem)) {
    for (const trust of [trustSystem, trustNss, trustJava]) {
      const outcome = await trust(certificate, root, environment)
      record(outcome.places)
      places.push(...outcome.places)
      remarks.push(...outcome.remarks)
    }
  }
  return { places, remarks: [...new Set(remarks)] }
}

/** Undoes one place; throws when it cannot. What is gone already is no error. */
export async function untrust(place: TrustedPlace, environment: Environment): Promise<void> {
  switch (place.kind) {
    case 'anchor':
      return untrustAnchor(place, environment)
    case 'bundle':
      return rewrite(place.file, (text) => text.replace(place.pem, ''))
    case 'nss':
      if (existsSync(place.folder))
        await certutil(place.folder, ['-D', '-n', place.nickname], environment).catch(ignoreMissing)
      return
    case 'java':
      if (existsSync(place.file)) await removeFromJavaStore(place.file, place.alias, environment)
  }
}

async function untrustAnchor({ root, file, updater }: Anchor, environment: Environment): Promise<void> {
  const pem = existsSync(file) ? readFileSync(file, 'utf8') : ''
  rmSync(file, { force: true })
  try {
    await update(root, updater, environment)
  } catch (error) {
    if (root === '/') throw error
    // As when it was added: what the updater made of it is taken back by hand.
    for (const bundle of bundlesBelow(root)) rewrite(bundle, (text) => text.replace(pem, ''))
  }
  // Debian's hook for Java adds certificates, and does not remove those of files that are gone.
  const hookAlias = `debian:${basename(file).replace(/\.crt$/, '')}.pem`
  for (const { raw } of certificatesIn(pem)) {
    for (const store of javaStoresBelow(root, environment)) {
      if (readFileSync(store).includes(raw)) await removeFromJavaStore(store, hookAlias, environment)
    }
  }
}

/** Names of ours are told apart by the certificate, so that two CAs may be trusted at once. */
function nameOf(certificate: X509Certificate): string {
  return `larder-${certificate.fingerprint256.replaceAll(':', '').slice(0, 16).toLowerCase()}`
}

async function trustSystem(
  certificate: X509Certificate,
  root: string,
  environment: Environment,
): Promise<TrustOutcome> {
  const store = findTrustStore(root)
  const pem = pemOf(certificate.raw)
  if (store === undefined) return addToBundles(pem, root)
  const file = join(root, store.folder, `${nameOf(certificate)}${store.extension}`)
  mkdirSync(join(root, store.folder), { recursive: true })
  writeFileSync(file, pem, { mode: publicMode })
  const anchor: TrustedPlace = { kind: 'anchor', root, file, updater: store.updater }
  try {
    await update(root, store.updater, environment)
    return { places: [anchor], remarks: [] }
  } catch (error) {
    // Such as an image for another processor: its own next update finds the anchor.
    if (root === '/') {
      rmSync(file, { force: true })
      throw error
    }
    const added = addToBundles(pem, root)
    const remark = `${store.updater} did not run in ${root}, so its bundles were added to directly`
    return { places: [anchor, ...added.places], remarks: [remark] }
  }
}

function bundlesBelow(root: string): string[] {
  return bundleFiles.map((path) => join(root, path)).filter((path) => existsSync(path) && statSync(path).isFile())
}

/** A system without an updater, such as an image of a few files. */
function addToBundles(pem: string, root: string): TrustOutcome {
  const files = bundlesBelow(root)
  for (const file of files)
    rewrite(file, (text) =>
      text.includes(pem) ? text : `${text}${text.endsWith('\n') || text === '' ? '' : '\n'}${pem}`,
    )
  if (files.length === 0) {
    return {
      places: [],
      remarks: [`${root} has neither a known trust store nor a bundle of roots: install ca-certificates`],
    }
  }
  return { places: files.map((file) => ({ kind: 'bundle', file, pem })), remarks: [] }
}

function rewrite(file: string, change: (text: string) => string): void {
  if (!existsSync(file)) return
  const text = readFileSync(file, 'utf8')
  const changed = change(text)
  // Not renamed over: it may be a link, and its mode is the system's.
  if (changed !== text) writeFileSync(file, changed)
}

/** The system's own program; in another root by chroot. */
async function update(root: string, updater: string, environment: Environment): Promise<void> {
  const [command, words] = root === '/' ? [updater, []] : ['chroot', [root, updater]]
  const PATH = `${environment.PATH ?? ''}:/usr/sbin:/usr/bin:/sbin:/bin`
  await run(command, words, { env: { ...environment, PATH }, timeout: toolTimeoutMs })
}

/** Databases of the user: the shared one, and those of Firefox. */
async function trustNss(certificate: X509Certificate, root: string, environment: Environment): Promise<TrustOutcome> {
  const home = root === '/' ? environment.HOME : join(root, 'root')
  const folders = home === undefined ? [] : nssFolders(home)
  if (folders.length === 0) return { places: [], remarks: [] }
  const places: TrustedPlace[] = []
  const nickname = `Larder ${nameOf(certificate)}`
  for (const folder of folders) {
    try {
      await certutil(folder, ['-A', '-t', 'C,,', '-n', nickname], environment, pemOf(certificate.raw))
      places.push({ kind: 'nss', folder, nickname })
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException
      const reason = code === 'ENOENT' ? 'there is no certutil (libnss3-tools or nss-tools)' : message.split('\n')[0]
      return { places, remarks: [`the NSS database ${folder} does not trust the CA: ${reason}`] }
    }
  }
  return { places, remarks: [] }
}

function nssFolders(home: string): string[] {
  const profiles = join(home, '.mozilla', 'firefox')
  const names = existsSync(profiles) ? readdirSync(profiles) : []
  const folders = [join(home, '.pki', 'nssdb'), ...names.map((name) => join(profiles, name))]
  return folders.filter((folder) => existsSync(join(folder, 'cert9.db')))
}

function certutil(
  folder: string,
  words: readonly string[],
  environment: Environment,
  input?: string,
): Promise<unknown> {
  const running = run('certutil', ['-d', `sql:${folder}`, ...words], { env: environment, timeout: toolTimeoutMs })
  running.child.stdin?.on('error', () => undefined).end(input)
  return running
}

/** certutil says so of a nickname that is not there. */
function ignoreMissing(error: Error): void {
  if (!error.message.includes('could not find certificate')) throw error
}

async function trustJava(certificate: X509Certificate, root: string, environment: Environment): Promise<TrustOutcome> {
  const places: TrustedPlace[] = []
  const remarks: string[] = []
  const alias = nameOf(certificate)
  for (const file of javaStoresBelow(root, environment)) {
    try {
      if (await addToJavaStore(file, { alias, certificate: certificate.raw }, environment))
        places.push({ kind: 'java', file, alias })
    } catch (error) {
      const reason = error instanceof Error ? error.message.split('\n')[0] : String(error)
      remarks.push(`the Java trust store ${basename(file)} (${file}) does not trust the CA: ${reason}`)
    }
  }
  return { places, remarks }
}
