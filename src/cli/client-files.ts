import { chmodSync, mkdirSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { readSystemRoots } from '../ca/system-roots.ts'
import type { Environment } from '../config/environment.ts'
import { foldersOf, stateFolder } from '../config/folders.ts'
import { type ClientEnvironment, clientEnvironment } from '../ecosystem/client-environment.ts'
import { type JavaTrust, javaTrust } from './java-trust-store.ts'

export interface PreparedClients extends ClientEnvironment {
  readonly java: JavaTrust
}

export interface ClientPlan {
  readonly proxyUrl: string
  readonly caPem: string | undefined
  /** Where the files go; made when it is missing. */
  readonly folder: string
  readonly environment: Environment
}

/** The variables for clients, with the files that they name written. */
export async function prepareClients({ proxyUrl, caPem, folder, environment }: ClientPlan): Promise<PreparedClients> {
  const systemRootsPem = readSystemRoots().pem
  const java: JavaTrust =
    caPem === undefined
      ? { kind: 'none', reason: undefined }
      : await javaTrust({ caPem, systemRootsPem, folder: clientFolder(environment), environment })
  const built = clientEnvironment({
    proxyUrl,
    caPem,
    systemRootsPem,
    folder,
    existing: environment,
    readFile: readText,
    trustStore: java.kind === 'store' ? java : undefined,
  })
  mkdirSync(folder, { recursive: true })
  chmodSync(folder, 0o755)
  for (const { path, content } of built.files) {
    if (readText(path) === content) continue
    // Tools may be reading the old one.
    writeFileSync(`${path}.new`, content)
    chmodSync(`${path}.new`, 0o644)
    renameSync(`${path}.new`, path)
  }
  return { ...built, java }
}

/**
 * Where files for clients stay. Root's own folders are closed to others, and apt reads its files as another user: so root
 * has a place that all can read, unless XDG_STATE_HOME says otherwise. A service of the system, whose user has no home, means
 * that place, too: root's commands write it.
 */
export function clientFolder(environment: Environment): string {
  const isSystem = process.geteuid?.() === 0 || (environment.HOME ?? '/') === '/'
  const { XDG_STATE_HOME } = foldersOf(environment)
  return isSystem && XDG_STATE_HOME !== environment.XDG_STATE_HOME
    ? '/var/lib/larder-clients'
    : `${stateFolder(environment)}/clients`
}

/** Of a folder, as some variables may name one, the files in it one after the other. */
function readText(path: string): string | undefined {
  try {
    if (!statSync(path).isDirectory()) return readFileSync(path, 'utf8')
    return readdirSync(path)
      .sort()
      .map((name) => readText(join(path, name)) ?? '')
      .join('\n')
  } catch {
    return undefined
  }
}
