import { readFileSync } from 'node:fs'
import type { Environment } from '../config/environment.ts'
import { clientEnvironment } from '../ecosystem/client-environment.ts'
import type { JavaTrust } from './java-trust-store.ts'

/** Where a step of a build has its tmpfs. */
export const buildFolder = '/run/larder'

/** BuildKit takes no larger secret. */
const limitBytes = 500 * 1024

export interface SecretInput {
  readonly proxyUrl: string
  readonly caPem: string
  readonly systemRootsPem: string
  readonly java: JavaTrust
  readonly environment: Environment
}

export interface BuildSecret {
  /** A script for `sh`, to be sourced by a step. */
  readonly script: string
  /** Is Java's trust store in it? */
  readonly java: boolean
}

/**
 * All that the tools in one step of a build need, as one secret: the step writes its files to a tmpfs, so that no layer
 * has them, and they are beside the trust store of the image, which the step may update.
 */
export function buildSecret(input: SecretInput): BuildSecret {
  if (input.java.kind === 'store') {
    const script = written(input, readFileSync(input.java.path))
    if (script.length <= limitBytes) return { script, java: true }
  }
  return { script: written(input, undefined), java: false }
}

function written({ proxyUrl, caPem, systemRootsPem, java, environment }: SecretInput, store?: Buffer): string {
  const trustStore =
    store !== undefined && java.kind === 'store'
      ? { path: `${buildFolder}/java.jks`, password: java.password }
      : undefined
  const { no_proxy, NO_PROXY } = environment
  const { variables, files } = clientEnvironment({
    proxyUrl,
    caPem,
    systemRootsPem,
    folder: buildFolder,
    existing: { no_proxy, NO_PROXY },
    readFile: () => undefined,
    trustStore,
  })
  const lines = [head]
  for (const { path, content } of files) lines.push(`cat >${path} <<'${endMark}'`, content.trimEnd(), endMark)
  if (store !== undefined) {
    lines.push(`base64 -d >${buildFolder}/java.jks <<'${endMark}'`, ...folded(store.toString('base64')), endMark)
  }
  lines.push(`chmod 755 ${buildFolder}`, `chmod 644 ${buildFolder}/*`)
  for (const [name, value] of Object.entries(variables)) {
    lines.push(`export ${name}='${value.replaceAll("'", "'\\''")}'`)
  }
  return `${lines.join('\n')}\n`
}

const endMark = 'END-OF-LARDER'

function folded(text: string): readonly string[] {
  return text.match(/.{1,76}/g) ?? []
}

/** A layer would keep the files, were they anywhere else. */
const head = `# For a step of a build:
#   RUN --mount=type=secret,id=larder --mount=type=tmpfs,target=${buildFolder} . /run/secrets/larder && COMMAND
larder_tmpfs=
while read -r _ larder_place larder_type _; do
  [ "$larder_place $larder_type" != '${buildFolder} tmpfs' ] || larder_tmpfs=yes
done </proc/mounts
if [ -z "$larder_tmpfs" ]; then
  echo 'larder: this step needs --mount=type=tmpfs,target=${buildFolder} too' >&2
  exit 1
fi`
