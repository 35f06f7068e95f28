import { type JavaTrustStore, javaTrustOptions } from './java-options.ts'

/** Files that a fix names. */
export interface TrustFiles {
  /** The system's roots and the CA: what replaces a tool's roots. */
  readonly bundle: string
  /** The CA alone: what is added to a tool's roots. */
  readonly ca: string
  /** The same as `bundle` as a store for Java, when there is one. */
  readonly javaStore?: JavaTrustStore | undefined
}

/** A tool that fetches: how it is recognised, and what makes it trust the CA. */
export interface ClientTool {
  readonly name: string
  /** Its programs in PATH; of a script, the script; of what Java runs, the main class, too. */
  readonly programs: readonly string[]
  /** Of the CONNECT request, which many tools send without. */
  readonly userAgent: RegExp | undefined
  /** Hosts that hardly any other tool asks. */
  readonly hosts: RegExp | undefined
  /** Variables that name a file of certificates, the strongest first; the first that is set counts. */
  readonly variables: readonly string[]
  /** Does it trust what the system trusts when no variable says otherwise? */
  readonly systemStore: boolean
  /** One line for a shell. */
  readonly fix: (files: TrustFiles) => string
}

const exported =
  (name: string, which: 'bundle' | 'ca' = 'bundle') =>
  (files: TrustFiles): string =>
    `export ${name}=${shellWord(files[which])}`

/** Those with a certificate store of their own. */
const ownStores = new Set([
  'pip',
  'uv',
  'conda',
  'mamba',
  'yarn',
  'pnpm',
  'npm',
  'bun',
  'deno',
  'AWS tools',
  'requests',
])

/** The first that fits is meant: those who only pass on another's name stand last. */
export const clientTools: readonly ClientTool[] = [
  tool('pip', ['pip', 'pip3'], /^pip\//, ['PIP_CERT', 'REQUESTS_CA_BUNDLE', 'CURL_CA_BUNDLE'], exported('PIP_CERT'), {
    hosts: /^(?:pypi\.org|files\.pythonhosted\.org|.*\.pypi\.org)$/,
  }),
  tool('uv', ['uv', 'uvx'], /^uv\//, ['SSL_CERT_FILE'], exported('SSL_CERT_FILE')),
  tool('conda', ['conda'], /^conda\//, ['CONDA_SSL_VERIFY', 'REQUESTS_CA_BUNDLE'], exported('CONDA_SSL_VERIFY'), {
    hosts: /(?:^|\.)anaconda\.(?:org|com)$/,
  }),
  tool(
    'mamba',
    ['mamba', 'micromamba'],
    /^(?:mamba|micromamba)\//,
    ['MAMBA_CACERT_PATH', 'MAMBA_SSL_VERIFY'],
    exported('MAMBA_SSL_VERIFY'),
  ),
  tool(
    'yarn',
    ['yarn', 'yarnpkg'],
    /^yarn\//,
    ['NODE_EXTRA_CA_CERTS', 'npm_config_cafile'],
    exported('NODE_EXTRA_CA_CERTS', 'ca'),
    {
      hosts: /^(?:registry\.yarnpkg\.com|repo\.yarnpkg\.com)$/,
    },
  ),
  tool(
    'pnpm',
    ['pnpm'],
    /^pnpm\//,
    ['NODE_EXTRA_CA_CERTS', 'npm_config_cafile'],
    exported('NODE_EXTRA_CA_CERTS', 'ca'),
  ),
  tool(
    'npm',
    ['npm', 'npx'],
    /^npm\//,
    ['NODE_EXTRA_CA_CERTS', 'npm_config_cafile'],
    exported('NODE_EXTRA_CA_CERTS', 'ca'),
    {
      hosts: /(?:^|\.)npmjs\.org$/,
    },
  ),
  tool('bun', ['bun'], /^Bun\//i, ['NODE_EXTRA_CA_CERTS', 'SSL_CERT_FILE'], exported('NODE_EXTRA_CA_CERTS', 'ca')),
  tool('deno', ['deno'], /^Deno\//i, ['DENO_CERT'], exported('DENO_CERT')),
  tool('git', ['git'], /^git\//, ['GIT_SSL_CAINFO'], exported('GIT_SSL_CAINFO')),
  tool('cargo', ['cargo'], /^cargo[ /]/, ['CARGO_HTTP_CAINFO', 'SSL_CERT_FILE'], exported('CARGO_HTTP_CAINFO'), {
    hosts: /(?:^|\.)crates\.io$/,
  }),
  tool('rustup', ['rustup'], /^rustup\//, ['SSL_CERT_FILE'], exported('SSL_CERT_FILE'), {
    hosts: /^static\.rust-lang\.org$/,
  }),
  tool('Maven', ['mvn', 'mvnw', 'org.codehaus.plexus.classworlds.launcher.Launcher'], /^Apache-Maven\//, [], javaFix, {
    hosts: /^repo1?\.maven\.(?:apache\.)?org$/,
  }),
  tool(
    'Gradle',
    [
      'gradle',
      'gradlew',
      ...['GradleMain', 'daemon.bootstrap.GradleDaemon'].map((one) => `org.gradle.launcher.${one}`),
    ],
    /^Gradle\//,
    [],
    javaFix,
    { hosts: /(?:^|\.)gradle\.org$/ },
  ),
  tool('Java', ['java'], /^(?:Java|Java-http-client)\//, [], javaFix),
  tool('Composer', ['composer'], /^Composer\//, ['COMPOSER_CAFILE', 'SSL_CERT_FILE'], exported('COMPOSER_CAFILE'), {
    hosts: /(?:^|\.)packagist\.org$/,
  }),
  tool(
    'Bundler',
    ['bundle', 'bundler'],
    /^bundler\//,
    ['BUNDLE_SSL_CA_CERT', 'SSL_CERT_FILE'],
    exported('BUNDLE_SSL_CA_CERT'),
  ),
  tool('gem', ['gem'], /^(?:Ruby, )?RubyGems\//, ['SSL_CERT_FILE'], exported('SSL_CERT_FILE'), {
    hosts: /(?:^|\.)rubygems\.org$/,
  }),
  tool('Go', ['go'], /^Go-http-client\//, ['SSL_CERT_FILE'], exported('SSL_CERT_FILE'), {
    hosts: /^(?:proxy|sum)\.golang\.org$/,
  }),
  tool('.NET', ['dotnet', 'nuget'], /^(?:NuGet|\.NET)/, ['SSL_CERT_FILE'], exported('SSL_CERT_FILE'), {
    hosts: /(?:^|\.)nuget\.org$/,
  }),
  tool('apt', ['apt', 'apt-get'], /^(?:Debian |Ubuntu )?APT-HTTP\//, [], aptFix, {
    hosts: /(?:^|\.)(?:debian\.org|ubuntu\.com)$/,
  }),
  tool(
    'dnf',
    ['dnf', 'microdnf', 'yum'],
    /^libdnf/,
    [],
    ({ bundle }) => `dnf --setopt=sslcacert=${shellWord(bundle)} COMMAND`,
  ),
  tool('apk', ['apk'], /^apk-tools\//, ['SSL_CERT_FILE'], exported('SSL_CERT_FILE'), {
    hosts: /^dl-cdn\.alpinelinux\.org$/,
  }),
  tool(
    'AWS tools',
    ['aws'],
    /^(?:aws-cli|Boto3|Botocore)\//i,
    ['AWS_CA_BUNDLE', 'REQUESTS_CA_BUNDLE'],
    exported('AWS_CA_BUNDLE'),
    {
      hosts: /\.amazonaws\.com$/,
    },
  ),
  tool('wget', ['wget'], /^Wget\//, [], wgetFix),
  tool('requests', [], /^python-requests\//, ['REQUESTS_CA_BUNDLE', 'CURL_CA_BUNDLE'], exported('REQUESTS_CA_BUNDLE')),
  tool('Python', ['python', 'python3'], /^Python-urllib\//, ['SSL_CERT_FILE'], pythonFix),
  tool('Ruby', ['ruby'], /^Ruby/, ['SSL_CERT_FILE'], exported('SSL_CERT_FILE')),
  tool('PHP', ['php'], /^PHP/, ['SSL_CERT_FILE'], exported('SSL_CERT_FILE')),
  tool('Node', ['node'], /^(?:node|undici)/i, ['NODE_EXTRA_CA_CERTS'], exported('NODE_EXTRA_CA_CERTS', 'ca'), {
    systemStore: false,
  }),
  tool('curl', ['curl'], /^(?:curl|libcurl)\//, ['CURL_CA_BUNDLE', 'SSL_CERT_FILE'], exported('CURL_CA_BUNDLE')),
]

/** For tools that are not known. */
export function generalFix({ ca }: TrustFiles): string {
  return `run it by larder run, set the variables of larder env, or let the system trust ${shellWord(ca)}: larder ca trust`
}

function tool(
  name: string,
  programs: readonly string[],
  userAgent: RegExp,
  variables: readonly string[],
  fix: ClientTool['fix'],
  more: { readonly hosts?: RegExp; readonly systemStore?: boolean } = {},
): ClientTool {
  return {
    name,
    programs,
    userAgent,
    variables,
    fix,
    hosts: more.hosts,
    systemStore: more.systemStore ?? !ownStores.has(name),
  }
}

/** What its own modules read, and what requests reads: which of them asked cannot be seen. */
function pythonFix({ bundle }: TrustFiles): string {
  return `export SSL_CERT_FILE=${shellWord(bundle)} REQUESTS_CA_BUNDLE=${shellWord(bundle)}`
}

/** keytool imports the first certificate of a file alone, and during a rotation there are two. */
function javaFix({ ca, javaStore }: TrustFiles): string {
  return javaStore === undefined
    ? `keytool -importcert -noprompt -cacerts -storepass changeit -alias larder -file ${shellWord(ca)}`
    : `export JAVA_TOOL_OPTIONS="$JAVA_TOOL_OPTIONS "${shellWord(javaTrustOptions(javaStore))}`
}

function wgetFix({ bundle }: TrustFiles): string {
  return `wget --ca-certificate=${shellWord(bundle)} URL, or for good: echo 'ca_certificate = ${bundle}' >>~/.wgetrc`
}

function aptFix({ bundle }: TrustFiles): string {
  return `echo 'Acquire::https::CAInfo "${bundle}";' >/etc/apt/apt.conf.d/90larder`
}

function shellWord(text: string): string {
  return /^[\w./:@%+,=-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
}
