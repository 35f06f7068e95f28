import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, realpathSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { systemClock } from '../base/clock.ts'
import { jksOf, readJks, type TrustedEntry } from '../ca/jks.ts'
import { certificatesIn, trustedEntries, trustStorePassword } from '../ca/trust-export.ts'
import type { Environment } from '../config/environment.ts'
import type { JavaTrustStore } from '../ecosystem/java-options.ts'
import { findProgram } from './find-program.ts'

export type JavaTrust =
  | ({ readonly kind: 'store' } & JavaTrustStore)
  /** There is nothing to do, or the user has to do it. */
  | { readonly kind: 'none'; readonly reason: string | undefined }

export interface JavaTrustPlan {
  /** Every CA to be trusted, one after the other. */
  readonly caPem: string
  /** PEM; trusted where no Java says what it trusts. */
  readonly systemRootsPem: string
  /** Where the store goes; made when it is missing. */
  readonly folder: string
  readonly environment: Environment
}

const run = promisify(execFile)
const password = trustStorePassword
/** It takes a second, and many on a busy machine. */
const listTimeoutMs = 120_000
const listLimitBytes = 64 * 1024 * 1024
const storePlaces = ['lib/security/cacerts', 'jre/lib/security/cacerts']
const digestDigits = 16

/**
 * A trust store with what the user's Java trusts and every CA of ours, made once for the same certificates. It is
 * written without Java: where there is none, or its store cannot be read, the system's roots stand in it instead, as a
 * Java may be found later (by a build that brings its own). Never throws.
 */
export async function javaTrust({ caPem, systemRootsPem, folder, environment }: JavaTrustPlan): Promise<JavaTrust> {
  const options = environment.JAVA_TOOL_OPTIONS ?? ''
  if (/-Djavax\.net\.ssl\.trustStore=/.test(options) && !options.includes(`trustStore=${folder}`)) {
    return { kind: 'none', reason: 'JAVA_TOOL_OPTIONS names a trust store of its own: import the CA there' }
  }
  try {
    const cacerts = javaCacerts(environment)
    const roots = cacerts === undefined ? Buffer.from(systemRootsPem) : readFileSync(cacerts)
    const digest = createHash('sha256').update(`${caPem}\n`).update(roots).digest('hex')
    const path = join(folder, `java-${digest.slice(0, digestDigits)}.jks`)
    if (!existsSync(path)) {
      const held = (cacerts && (await entriesOf(cacerts, environment))) || trustedEntries(systemRootsPem, '')
      writeStore(path, [...held, ...oursBeside(held, caPem)])
    }
    return { kind: 'store', path, password }
  } catch (error) {
    const reason = error instanceof Error ? error.message.split('\n')[0] : String(error)
    return { kind: 'none', reason: `Java programs will not trust the CA: ${reason}` }
  }
}

/** What Java's own store holds already, as after `larder ca trust`, stays the only entry of its kind. */
function oursBeside(held: readonly TrustedEntry[], caPem: string): TrustedEntry[] {
  const known = new Set(held.map(({ certificate }) => certificate.toString('base64')))
  return trustedEntries('', caPem).filter(({ certificate }) => !known.has(certificate.toString('base64')))
}

/** Written beside the file and put in its place: another `larder run` may be reading it. */
function writeStore(path: string, entries: readonly TrustedEntry[]): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o755 })
  const unfinished = `${path}.${process.pid}`
  try {
    writeFileSync(unfinished, jksOf(entries, password, systemClock.now()), { mode: 0o644 })
    renameSync(unfinished, path)
  } finally {
    rmSync(unfinished, { force: true })
  }
}

/** `undefined`: the store is in a format that only Java reads, and Java does not tell. */
async function entriesOf(cacerts: string, environment: Environment): Promise<readonly TrustedEntry[] | undefined> {
  const entries = readJks(readFileSync(cacerts), password)
  if (entries !== undefined) return entries
  const keytool = findProgram('keytool', environment)
  if (keytool === undefined) return undefined
  const env = { ...environment, JAVA_TOOL_OPTIONS: undefined }
  const words = ['-list', '-rfc', '-keystore', cacerts, '-storepass', password]
  try {
    const { stdout } = await run(keytool, words, { env, timeout: listTimeoutMs, maxBuffer: listLimitBytes })
    return certificatesIn(stdout).length === 0 ? undefined : trustedEntries(stdout, '')
  } catch {
    return undefined
  }
}

/** The store of the Java that the user would start; `undefined`: there is no Java, or none with a store. */
function javaCacerts(environment: Environment): string | undefined {
  for (const name of ['keytool', 'java']) {
    const program = findProgram(name, environment)
    if (program === undefined) continue
    const home = dirname(dirname(realpathSync(program)))
    const found = storePlaces.map((place) => join(home, place)).find((place) => existsSync(place))
    if (found !== undefined) return found
  }
  return undefined
}
