import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { copyFileSync, existsSync, mkdirSync, realpathSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import type { Environment } from '../config/environment.ts'
import { findProgram } from './find-program.ts'

export type JavaTrust =
  | { readonly kind: 'store'; readonly path: string; readonly password: string }
  /** There is nothing to do, or the user has to do it. */
  | { readonly kind: 'none'; readonly reason: string | undefined }

const run = promisify(execFile)
/** Not a secret: what a trust store holds is public, and this is what every JDK ships with. */
const password = 'changeit'
const keytoolTimeoutMs = 30_000

/** The trust store of the user's Java with our CA added, made once a CA and a Java, in `folder`. Never throws. */
export async function javaTrust(caPem: string, folder: string, environment: Environment): Promise<JavaTrust> {
  if (/-Djavax\.net\.ssl\.trustStore=/.test(environment.JAVA_TOOL_OPTIONS ?? '')) {
    const own = environment.JAVA_TOOL_OPTIONS!.includes(`trustStore=${folder}`)
    if (!own) return { kind: 'none', reason: 'JAVA_TOOL_OPTIONS names a trust store of its own: import the CA there' }
  }
  const keytool = findProgram('keytool', environment)
  if (keytool === undefined) {
    const java = findProgram('java', environment)
    return { kind: 'none', reason: java && 'there is no keytool: Java programs will not trust the CA' }
  }
  try {
    return { kind: 'store', path: await makeStore(keytool, caPem, folder, environment), password }
  } catch (error) {
    const reason = error instanceof Error ? error.message.split('\n')[0] : String(error)
    return { kind: 'none', reason: `Java programs will not trust the CA: ${reason}` }
  }
}

async function makeStore(keytool: string, caPem: string, folder: string, environment: Environment): Promise<string> {
  const roots = javaRoots(keytool)
  const name = createHash('sha256').update(`${caPem}\n${roots}`).digest('hex').slice(0, 16)
  const path = join(folder, `java-${name}.p12`)
  if (existsSync(path)) return path
  mkdirSync(folder, { recursive: true, mode: 0o755 })
  const temporary = `${path}.${process.pid}`
  const certificate = `${temporary}.pem`
  try {
    copyFileSync(roots, temporary)
    writeFileSync(certificate, caPem)
    const given = ['-importcert', '-noprompt', '-keystore', temporary, '-storepass', password]
    const env = { ...environment, JAVA_TOOL_OPTIONS: undefined }
    await run(keytool, [...given, '-alias', 'larder', '-file', certificate], { env, timeout: keytoolTimeoutMs })
    renameSync(temporary, path)
    return path
  } finally {
    rmSync(certificate, { force: true })
    rmSync(temporary, { force: true })
  }
}

/** The roots that this Java ships with. */
function javaRoots(keytool: string): string {
  const home = dirname(dirname(realpathSync(keytool)))
  const places = ['lib/security/cacerts', 'jre/lib/security/cacerts'].map((place) => join(home, place))
  const found = places.find((place) => existsSync(place))
  if (found === undefined) throw new Error(`no cacerts below ${home}`)
  return found
}
