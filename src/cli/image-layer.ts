import { createHash } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { pemOf } from '../ca/identifiers.ts'
import { certificatesIn } from '../ca/trust-export.ts'
import { clientEnvironment } from '../ecosystem/client-environment.ts'
import type { ImageFacts } from './image-engine.ts'

/** Labels of a wrapped image; what is built from it inherits them. */
export const wrappedLabels = { image: 'larder.image', base: 'larder.base', layer: 'larder.layer' } as const

/** Where the files lie in a wrapped image. */
const folder = '/usr/local/share/larder'

export interface LayerInput {
  readonly image: string
  readonly original: string
  /** Of the original; `undefined` when it is not known yet. */
  readonly facts: ImageFacts | undefined
  readonly proxyUrl: string
  readonly caPem: string | undefined
  readonly systemRootsPem: string
}

/** A layer that trusts the CA and points at the proxy. */
export interface Layer {
  readonly dockerfile: string
  readonly files: readonly { readonly name: string; readonly content: string }[]
  /** Says whether an image already has this very layer. */
  readonly digest: string
}

/** The variables and files of `larder run`, as a layer: the tools in the image need nothing else. */
export function imageLayer(input: LayerInput): Layer {
  const { facts, proxyUrl, caPem, systemRootsPem } = input
  const { variables, files: named } = clientEnvironment({
    proxyUrl,
    caPem,
    systemRootsPem,
    folder,
    existing: facts?.environment ?? {},
    readFile: () => undefined,
  })
  const files = named.map(({ path, content }) => ({ name: basename(path), content }))
  if (caPem !== undefined) files.push(...singleCertificates(caPem), { name: 'trust.sh', content: trustScript })
  const settings = pairs(variables)
  const hash = createHash('sha256')
  for (const part of [settings, ...files.flatMap(({ name, content }) => [name, content])]) hash.update(`${part}\n`)
  const digest = hash.digest('hex').slice(0, 16)
  return { dockerfile: dockerfile(input, settings, digest), files, digest }
}

/** Some trust stores take the first certificate of a file alone, and during a rotation there are two. */
function singleCertificates(caPem: string): { readonly name: string; readonly content: string }[] {
  return certificatesIn(caPem).map(({ raw }, index) => ({ name: `larder-${index + 1}.crt`, content: pemOf(raw) }))
}

/** Writes the context of the build into an empty folder. */
export function writeContext({ dockerfile, files }: Layer, context: string): void {
  const place = join(context, 'larder')
  mkdirSync(place, { mode: 0o755 })
  for (const { name, content } of files) writeFileSync(join(place, name), content, { mode: 0o644 })
  writeFileSync(join(context, 'Dockerfile'), dockerfile)
}

function dockerfile({ image, original, facts, caPem }: LayerInput, settings: string, digest: string): string {
  const user = facts?.user ?? ''
  const labels = {
    [wrappedLabels.image]: image,
    [wrappedLabels.base]: facts?.id ?? 'unknown',
    [wrappedLabels.layer]: digest,
  }
  const lines = [
    `FROM ${original}`,
    ...(user === '' ? [] : ['USER 0']),
    `COPY larder ${folder}`,
    ...(caPem === undefined ? [] : [`RUN ["/bin/sh", "${folder}/trust.sh"]`]),
    `ENV ${settings}`,
    `LABEL ${pairs(labels)}`,
    ...(user === '' ? [] : [`USER ${user}`]),
  ]
  return `${lines.join('\n')}\n`
}

/** One instruction for all. In a Dockerfile a dollar begins a variable. */
function pairs(values: Readonly<Record<string, string>>): string {
  return Object.entries(values)
    .map(([name, value]) => `${name}=${JSON.stringify(value).replaceAll('$', '\\$')}`)
    .join(' \\\n  ')
}

/**
 * For programs that look at no variable. Images of Debian without ca-certificates get the file where a later
 * `apt-get install ca-certificates` finds it.
 */
const trustScript = `#!/bin/sh
# Adds Larder's CA to the trust stores of this image.
set -eu
bundle=/etc/ssl/certs/ca-certificates.crt
has() { command -v "$1" >/dev/null 2>&1; }
place() {
  mkdir -p "$1"
  for one in ${folder}/larder-*.crt; do cp "$one" "$1/" && chmod 644 "$1/\${one##*/}"; done
}
if [ -d /etc/pki/ca-trust ]; then
  place /etc/pki/ca-trust/source/anchors
  if has update-ca-trust; then update-ca-trust extract; fi
elif [ -d /etc/ca-certificates/trust-source ]; then
  place /etc/ca-certificates/trust-source/anchors
  if has update-ca-trust; then update-ca-trust extract; fi
elif [ -d /etc/pki/trust/anchors ]; then
  place /etc/pki/trust/anchors
  if has update-ca-certificates; then update-ca-certificates; fi
else
  place /usr/local/share/ca-certificates
  if has update-ca-certificates; then update-ca-certificates
  elif [ -f "$bundle" ]; then cat ${folder}/ca.pem >>"$bundle"
  fi
fi
# Every Java has a store of its own; Debian's was updated just now.
keytool=\${JAVA_HOME:+$JAVA_HOME/bin/keytool}
[ -n "$keytool" ] || keytool=$(command -v keytool || true)
if [ -n "$keytool" ] && [ -x "$keytool" ]; then
  for one in ${folder}/larder-*.crt; do
    name=\${one##*/} && name=\${name%.crt}
    JAVA_TOOL_OPTIONS= "$keytool" -list -cacerts -storepass changeit -alias "$name" >/dev/null 2>&1 ||
      JAVA_TOOL_OPTIONS= "$keytool" -importcert -noprompt -cacerts -storepass changeit -alias "$name" -file "$one"
  done
fi
`
