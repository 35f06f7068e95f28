import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { shellLines } from '../../../src/cli/shell-lines.ts'
import { clientEnvironment, type Variables } from '../../../src/ecosystem/client-environment.ts'
import { clientTools } from '../../../src/ecosystem/client-tools.ts'

const own = '-----BEGIN CERTIFICATE-----\nown\n-----END CERTIFICATE-----\n'
const proxyUrl = 'http://127.0.0.1:3128'
const standard = ['https_proxy', 'http_proxy']

interface Row {
  /** Variables that this tool reads, and that name the proxy. */
  readonly proxy: readonly string[]
  /** Variables that this tool reads, and whose file has the CA. */
  readonly trust: readonly string[]
  /** Variables with a fixed value. */
  readonly fixed?: Readonly<Record<string, string>>
}

const node: Row = { proxy: standard, trust: ['NODE_EXTRA_CA_CERTS'], fixed: { NODE_USE_ENV_PROXY: '1' } }
const npm: Row = {
  proxy: ['https_proxy', 'npm_config_https_proxy'],
  trust: ['NODE_EXTRA_CA_CERTS', 'npm_config_cafile'],
}
const openssl: Row = { proxy: standard, trust: ['SSL_CERT_FILE'] }
/** The options of Java and the settings files of wget and apt are looked at by tests of their own. */
const java: Row = { proxy: [], trust: [] }

const rows: Readonly<Record<string, Row>> = {
  pip: { proxy: standard, trust: ['PIP_CERT', 'REQUESTS_CA_BUNDLE', 'CURL_CA_BUNDLE'] },
  uv: {
    proxy: ['HTTPS_PROXY', 'HTTP_PROXY'],
    trust: ['SSL_CERT_FILE'],
    fixed: { UV_SYSTEM_CERTS: '1' },
  },
  conda: { proxy: standard, trust: ['CONDA_SSL_VERIFY', 'REQUESTS_CA_BUNDLE'] },
  mamba: { proxy: standard, trust: ['MAMBA_SSL_VERIFY'] },
  yarn: {
    proxy: [...npm.proxy, 'YARN_HTTPS_PROXY', 'YARN_HTTP_PROXY'],
    trust: [...npm.trust, 'YARN_HTTPS_CA_FILE_PATH'],
  },
  pnpm: npm,
  npm,
  bun: { proxy: standard, trust: ['NODE_EXTRA_CA_CERTS', 'SSL_CERT_FILE'] },
  deno: { proxy: ['HTTPS_PROXY', 'HTTP_PROXY'], trust: ['DENO_CERT', 'NODE_EXTRA_CA_CERTS'] },
  git: { proxy: standard, trust: ['GIT_SSL_CAINFO'] },
  cargo: { proxy: standard, trust: ['CARGO_HTTP_CAINFO', 'SSL_CERT_FILE'] },
  rustup: openssl,
  Maven: java,
  Gradle: java,
  Java: java,
  Composer: { proxy: standard, trust: ['COMPOSER_CAFILE', 'SSL_CERT_FILE'] },
  Bundler: { proxy: ['http_proxy'], trust: ['BUNDLE_SSL_CA_CERT', 'SSL_CERT_FILE'] },
  gem: openssl,
  Go: openssl,
  '.NET': openssl,
  apt: { proxy: [], trust: [] },
  // It reads no variable for the CA: larder doctor and the help page tell its option.
  dnf: { proxy: standard, trust: [] },
  apk: openssl,
  'AWS tools': { proxy: ['HTTPS_PROXY', 'HTTP_PROXY'], trust: ['AWS_CA_BUNDLE', 'REQUESTS_CA_BUNDLE'] },
  wget: { proxy: standard, trust: [] },
  requests: { proxy: standard, trust: ['REQUESTS_CA_BUNDLE', 'CURL_CA_BUNDLE'] },
  Python: openssl,
  Ruby: openssl,
  PHP: { proxy: [], trust: ['SSL_CERT_FILE'] },
  Node: node,
  curl: { proxy: standard, trust: ['CURL_CA_BUNDLE', 'SSL_CERT_FILE'] },
}

/** What `larder env --json` prints, and the files that it wrote. */
function printed(existing: Variables): { variables: Record<string, string>; contentOf: (name: string) => string } {
  const built = clientEnvironment({
    proxyUrl,
    caPem: '-----BEGIN CERTIFICATE-----\nours\n-----END CERTIFICATE-----\n',
    systemRootsPem: '-----BEGIN CERTIFICATE-----\nsystem\n-----END CERTIFICATE-----\n',
    folder: '/state',
    existing,
    readFile: (path) => (path === '/own.pem' ? own : undefined),
  })
  const variables = JSON.parse(shellLines('json', built.variables)) as Record<string, string>
  return { variables, contentOf: (name) => built.files.find(({ path }) => path === variables[name])?.content ?? '' }
}

describe('larder env --json', () => {
  test('is looked at below for every tool that is known', () => {
    assert.deepEqual(Object.keys(rows).sort(), clientTools.map(({ name }) => name).sort())
  })

  for (const [name, { proxy, trust, fixed = {} }] of Object.entries(rows)) {
    test(`has what ${name} reads; what was set before is kept or replaced as it must be`, () => {
      const before = Object.fromEntries([
        ...proxy.map((one) => [one, 'http://old.test:1']),
        ...trust.map((one) => [one, '/own.pem']),
      ])
      const { variables, contentOf } = printed({ ...before, no_proxy: 'corp.test' })
      for (const one of proxy) assert.equal(variables[one], proxyUrl, one)
      for (const one of trust) {
        assert.match(contentOf(one), /\nours\n/, one)
        assert.match(contentOf(one), /\nown\n/, `${one}: the user's roots`)
      }
      for (const [one, value] of Object.entries(fixed)) assert.equal(variables[one], value, one)
      for (const one of ['no_proxy', 'NO_PROXY', 'npm_config_noproxy']) assert.match(variables[one]!, /^corp\.test,/)
      assert.match(variables.JAVA_TOOL_OPTIONS!, /nonProxyHosts=corp\.test\|/)
    })
  }

  test('keeps the hosts that npm alone was told to reach directly, in any spelling', () => {
    const { variables } = printed({ no_proxy: 'a.test', NPM_CONFIG_NOPROXY: 'b.test', npm_config_noproxy: 'c.test' })
    assert.match(variables.npm_config_noproxy!, /^a\.test,b\.test,c\.test,/)
    assert.equal(variables.NPM_CONFIG_NOPROXY, variables.npm_config_noproxy)
    assert.doesNotMatch(variables.no_proxy!, /[bc]\.test/)
  })

  test('keeps the hosts that Java alone was told to reach directly', () => {
    const { variables } = printed({ JAVA_TOOL_OPTIONS: '-Dhttp.nonProxyHosts=*.lan|box', no_proxy: 'a.test' })
    assert.match(variables.JAVA_TOOL_OPTIONS!, / -Dhttp\.nonProxyHosts=\*\.lan\|box\|a\.test\|\*\.a\.test\|localhost/)
  })

  test('wins over a proxy in the options of Maven, which are stronger than those of Java', () => {
    const { variables } = printed({ MAVEN_OPTS: '-Xmx1g -Dhttps.proxyHost=old.test -Dhttps.proxyPort=1' })
    assert.match(variables.MAVEN_OPTS!, /^-Xmx1g .*old\.test.* -Dhttps\.proxyHost=127\.0\.0\.1 -Dhttps\.proxyPort=3128/)
    assert.doesNotMatch(printed({ MAVEN_OPTS: '-Xmx1g' }).variables.MAVEN_OPTS!, /proxyHost/)
  })
})
