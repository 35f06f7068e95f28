/** A file of certificates in a format of Java's. */
export interface JavaTrustStore {
  readonly path: string
  readonly password: string
}

/** Maven from 3.9 on reads the options below only when told to; one name for each of its generations. */
export const mavenOptions = ['connector', 'transport']
  .map((part) => `-Daether.${part}.http.useSystemProperties=true`)
  .join(' ')

/** Options for JAVA_TOOL_OPTIONS: Java reads no proxy variable, and trusts its own store alone. `ownDirect`: patterns of hosts that stay direct. */
export function javaOptions(
  proxyUrl: string,
  direct: readonly string[],
  trustStore: JavaTrustStore | undefined,
  ownDirect: readonly string[] = [],
): string {
  const { hostname, port } = new URL(proxyUrl)
  const host = hostname.replace(/^\[(.*)\]$/, '$1')
  const proxies = ['http', 'https'].flatMap((scheme) => [
    `-D${scheme}.proxyHost=${host}`,
    `-D${scheme}.proxyPort=${port || '80'}`,
  ])
  const patterns = new Set([...ownDirect, ...direct.flatMap(javaPatterns)])
  const options = [...proxies, `-Dhttp.nonProxyHosts=${[...patterns].join('|')}`]
  const trust = trustStore === undefined ? [] : [javaTrustOptions(trustStore)]
  return [...options.map(quoted), ...trust].join(' ')
}

/** The patterns of hosts that `options` of Java has it reach directly; the last ones count. */
export function directPatterns(options: string | undefined): string[] {
  const found = options?.match(/-Dhttp\.nonProxyHosts=[^\s"']*/g)?.at(-1)
  return (found?.replace(/^[^=]*=/, '') ?? '').split('|').filter((pattern) => pattern !== '')
}

/** The store replaces Java's own. */
export function javaTrustOptions({ path, password }: JavaTrustStore): string {
  const named = { trustStore: path, trustStorePassword: password }
  return Object.entries(named)
    .map(([name, value]) => quoted(`-Djavax.net.ssl.${name}=${value}`))
    .join(' ')
}

/** `options` of Java for GRADLE_OPTS, which Gradle's start script has a shell evaluate: there | and * need quotes. */
export function gradleOptions(options: string): string {
  return options.replace(/(^| )(-D[^" ]*[|*[][^" ]*)/g, '$1"$2"')
}

/** `example.org` and `.example.org` of no_proxy cover all names below; Java wants that written out. */
function javaPatterns(host: string): string[] {
  if (host === '127.0.0.1') return ['127.*']
  if (host.includes(':')) return [`[${host}]`]
  if (host.startsWith('.') || host.startsWith('*.')) return [`*${host.replace(/^\*/, '')}`]
  return host.includes('.') && /[a-z]/i.test(host) ? [host, `*.${host}`] : [host]
}

/** The variable is split at white space outside of quotes. */
function quoted(option: string): string {
  return /\s/.test(option) ? `"${option}"` : option
}
