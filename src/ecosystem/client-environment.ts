import { join } from 'node:path'
import {
  bundleVariables,
  directHosts,
  directVariables,
  extraCertificatesVariable,
  proxySwitches,
  proxyVariables,
  strongerProxyVariables,
  trustSwitches,
} from './client-variables.ts'
import { directPatterns, gradleOptions, type JavaTrustStore, javaOptions, mavenOptions } from './java-options.ts'

export type Variables = Readonly<Record<string, string | undefined>>

export interface ClientInput {
  /** `http://127.0.0.1:3128` */
  readonly proxyUrl: string
  /** The CA's certificate; `undefined`: nothing is intercepted, so nothing has to be trusted. */
  readonly caPem: string | undefined
  /** PEM of the roots that the system trusts. */
  readonly systemRootsPem: string
  /** Where the files will lie. */
  readonly folder: string
  /** The user's own variables, which are kept as far as possible. */
  readonly existing: Variables
  /** Text of one of the user's own files; `undefined` when there is none. */
  readonly readFile: (path: string) => string | undefined
  /** A trust store for Java that has the CA, when one could be made. */
  readonly trustStore?: JavaTrustStore | undefined
}

/** What a tool needs to go through the proxy: variables, and the files that some of them name. */
export interface ClientEnvironment {
  readonly variables: Readonly<Record<string, string>>
  /** To be written by the caller, readable by everybody: apt reads them as another user. */
  readonly files: readonly { readonly path: string; readonly content: string }[]
}

/** Merges the user's variables with ours: own roots, direct hosts, options and settings files stay in force; other proxies do not. */
export function clientEnvironment(input: ClientInput): ClientEnvironment {
  const files = new Map<string, string>()
  const direct = directList(input.existing)
  const variables: Record<string, string> = { ...proxySwitches }
  for (const name of proxyVariables) assign(variables, input, name, input.proxyUrl)
  for (const name of strongerProxyVariables) if (input.existing[name] !== undefined) variables[name] = input.proxyUrl
  for (const name of directVariables) assign(variables, input, name, ownOfNpm(name, input.existing, direct).join(','))
  if (input.caPem !== undefined) addTrust(variables, files, input, input.caPem)
  addSettingsFiles(variables, files, input)
  addJavaOptions(variables, input, direct)
  return { variables, files: [...files].map(([path, content]) => ({ path, content })) }
}

function addJavaOptions(
  variables: Record<string, string>,
  { existing, proxyUrl, trustStore }: ClientInput,
  direct: readonly string[],
): void {
  const ownDirect = directPatterns(existing.JAVA_TOOL_OPTIONS)
  const options = javaOptions(proxyUrl, direct, trustStore, ownDirect)
  variables.JAVA_TOOL_OPTIONS = withOptions(existing.JAVA_TOOL_OPTIONS, options)
  const ownMaven = withOptions(existing.MAVEN_OPTS, mavenOptions)
  // What stands on Java's command line is stronger than JAVA_TOOL_OPTIONS.
  const isStronger = /-Dhttps?\.proxyHost=/.test(ownMaven)
  variables.MAVEN_OPTS = isStronger
    ? withOptions(ownMaven, javaOptions(proxyUrl, direct, undefined, directPatterns(ownMaven)))
    : ownMaven
  // Gradle takes a daemon that runs already, unless it was started with other options.
  variables.GRADLE_OPTS = withOptions(existing.GRADLE_OPTS, gradleOptions(options))
}

/** The user's own options, and ours once. */
function withOptions(own: string | undefined, options: string): string {
  return own?.includes(options) ? own : `${own ?? ''} ${options}`.trim()
}

/** npm reads its variables in any case: the user's spelling must not win over ours. */
function assign(variables: Record<string, string>, { existing }: ClientInput, name: string, value: string): void {
  variables[name] = value
  if (!name.startsWith('npm_config_')) return
  const others = Object.keys(existing).filter((other) => other.toLowerCase() === name)
  for (const other of others) variables[other] = value
}

function directList(existing: Variables): string[] {
  const own = `${existing.no_proxy ?? ''},${existing.NO_PROXY ?? ''}`.split(/[\s,]+/)
  return [...new Set([...own.filter((host) => host !== ''), ...directHosts])]
}

/** npm has a list of its own, which is stronger than the common one. */
function ownOfNpm(name: string, existing: Variables, direct: readonly string[]): readonly string[] {
  if (!name.startsWith('npm_config_')) return direct
  const own = Object.keys(existing).filter((other) => other.toLowerCase() === name)
  const hosts = own.flatMap((other) => (existing[other] ?? '').split(/[\s,]+/)).filter((host) => host !== '')
  const common = direct.filter((host) => !directHosts.some((one) => one === host))
  return [...new Set([...common, ...hosts, ...directHosts])]
}

/** `ca.pem` is there for the user. Each bundle is what the tool trusted before, and our CA. */
function addTrust(
  variables: Record<string, string>,
  files: Map<string, string>,
  input: ClientInput,
  caPem: string,
): void {
  const { existing, folder, readFile, systemRootsPem } = input
  const own = (name: string): string | undefined => {
    const path = existing[name]
    return path === undefined || path === '' ? undefined : readFile(path)
  }
  const shared = withCertificates(withCertificates(systemRootsPem, own('SSL_CERT_FILE') ?? ''), caPem)
  const place = (content: string, name: string): string => {
    const known = [...files].find(([, other]) => other === content)
    const path = known?.[0] ?? join(folder, name)
    files.set(path, content)
    return path
  }
  files.set(join(folder, 'ca.pem'), caPem)
  variables.SSL_CERT_FILE = place(shared, 'bundle.pem')
  for (const name of bundleVariables) {
    const roots = own(name)
    const content = roots === undefined ? shared : withCertificates(roots, caPem)
    assign(variables, input, name, place(content, `${name.toLowerCase()}.pem`))
  }
  const extra = own(extraCertificatesVariable)
  variables[extraCertificatesVariable] = place(withCertificates(extra ?? '', caPem), 'extra.pem')
  Object.assign(variables, trustSwitches)
}

/** `roots`, and of `more` the certificates that are not among them: a run inside a run adds nothing. */
function withCertificates(roots: string, more: string): string {
  const known = new Set(certificatesIn(roots))
  const added = certificatesIn(more).filter((certificate) => !known.has(certificate))
  const start = roots === '' || roots.endsWith('\n') ? roots : `${roots}\n`
  return start + added.map((certificate) => `${certificate}\n`).join('')
}

function certificatesIn(pem: string): string[] {
  return pem.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? []
}

/** wget and apt take no variable for the CA, but one for a settings file; it begins with the user's own. */
function addSettingsFiles(variables: Record<string, string>, files: Map<string, string>, input: ClientInput): void {
  const { existing, folder, proxyUrl, readFile } = input
  const bundle = variables.SSL_CERT_FILE
  // A second evaluation finds our own files in the variables: they must not include themselves.
  const own = (path: string | undefined): string | undefined => (path?.startsWith(`${folder}/`) ? undefined : path)
  const wgetrc = readFile(own(existing.WGETRC) || join(existing.HOME ?? '/', '.wgetrc')) ?? ''
  const wget = [
    wgetrc.trimEnd(),
    'use_proxy = on',
    ...['http', 'https', 'ftp'].map((one) => `${one}_proxy = ${proxyUrl}`),
  ]
  if (bundle !== undefined) wget.push(`ca_certificate = ${bundle}`)
  variables.WGETRC = join(folder, 'wgetrc')
  files.set(variables.WGETRC, `${wget.join('\n').trimStart()}\n`)

  const apt = own(existing.APT_CONFIG) ? [`#include ${JSON.stringify(existing.APT_CONFIG)};`] : []
  apt.push(`Acquire::http::Proxy "${proxyUrl}";`, `Acquire::https::Proxy "${proxyUrl}";`)
  if (bundle !== undefined) apt.push(`Acquire::https::CAInfo "${bundle}";`)
  variables.APT_CONFIG = join(folder, 'apt.conf')
  files.set(variables.APT_CONFIG, `${apt.join('\n')}\n`)
}
