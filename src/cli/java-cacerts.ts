import { execFile } from 'node:child_process'
import {
  existsSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  type Stats,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative, resolve, sep } from 'node:path'
import { promisify } from 'node:util'
import { systemClock } from '../base/clock.ts'
import { pemOf } from '../ca/identifiers.ts'
import { jksOf, readJks, type TrustedEntry } from '../ca/jks.ts'
import { trustStorePassword } from '../ca/trust-export.ts'
import type { Environment } from '../config/environment.ts'
import { findProgram } from './find-program.ts'

const run = promisify(execFile)
const keytoolTimeoutMs = 30_000
const storePlaces = ['lib/security/cacerts', 'jre/lib/security/cacerts']
const javaFolders = ['usr/lib/jvm', 'usr/java', 'opt/java', 'opt']
const mostLinks = 8

/** The trust stores of the Javas below `root`, links followed within it, each once. */
export function javaStoresBelow(root: string, { JAVA_HOME }: Environment): string[] {
  const homes = javaFolders.flatMap((folder) => {
    const path = join(root, folder)
    return existsSync(path) ? [path, ...readdirSync(path).map((name) => join(path, name))] : []
  })
  if (root === '/' && JAVA_HOME) homes.push(JAVA_HOME)
  const found = homes
    .flatMap((home) => storePlaces.map((place) => realWithin(root, join(home, place))))
    .filter((path) => path !== undefined)
  return [...new Set(found)]
}

/** Adds an entry; answers false when the store holds the certificate already. Throws when neither we nor keytool can. */
export async function addToJavaStore(file: string, entry: TrustedEntry, environment: Environment): Promise<boolean> {
  const bytes = readFileSync(file)
  // Certificates stand in clear in most stores; where they do not, the alias is ours alone.
  if (bytes.includes(entry.certificate)) return false
  const entries = readJks(bytes, trustStorePassword)
  if (entries !== undefined) {
    writeFileSync(file, jksOf([...entries, entry], trustStorePassword, systemClock.now()))
    return true
  }
  const folder = mkdtempSync(join(tmpdir(), 'larder-java-'))
  try {
    const certificate = join(folder, 'ca.pem')
    writeFileSync(certificate, pemOf(entry.certificate))
    await keytool(
      ['-importcert', '-noprompt', '-keystore', file, '-alias', entry.alias, '-file', certificate],
      environment,
    )
    return true
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

export async function removeFromJavaStore(file: string, alias: string, environment: Environment): Promise<void> {
  const entries = readJks(readFileSync(file), trustStorePassword)
  if (entries !== undefined) {
    const kept = entries.filter((entry) => entry.alias !== alias)
    if (kept.length < entries.length) writeFileSync(file, jksOf(kept, trustStorePassword, systemClock.now()))
    return
  }
  await keytool(['-delete', '-keystore', file, '-alias', alias], environment).catch(
    (error: Error & { stdout?: string }) => {
      if (!`${error.message}${error.stdout}`.includes('does not exist')) throw error
    },
  )
}

function keytool(words: readonly string[], environment: Environment): Promise<unknown> {
  const program = findProgram('keytool', environment)
  if (program === undefined) throw new Error('it is not in the format JKS, and there is no keytool')
  const env = { ...environment, JAVA_TOOL_OPTIONS: undefined }
  return run(program, [...words, '-storepass', trustStorePassword], { env, timeout: keytoolTimeoutMs })
}

/** `path`, below `root`, with its links followed as a process would whose root is `root`; `undefined`: there is no such file. */
function realWithin(root: string, path: string): string | undefined {
  let parts = relative(root, path).split(sep)
  let real = root
  for (let links = 0; parts.length > 0; ) {
    const [part, ...rest] = parts
    const next = join(real, part!)
    const stats = lstatOf(next)
    if (stats === undefined || links > mostLinks) return undefined
    if (stats.isSymbolicLink()) {
      links++
      const target = readlinkSync(next)
      const from = target.startsWith('/') ? root : real
      // Nothing leads above the root.
      parts = [
        ...relative(root, resolve(join(from, target)))
          .split(sep)
          .filter((one) => one !== '..'),
        ...rest,
      ]
      real = root
    } else {
      real = next
      parts = rest
    }
  }
  return lstatSync(real).isFile() ? real : undefined
}

/** A part of the path may be a file. */
function lstatOf(path: string): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false })
  } catch {
    return undefined
  }
}
