import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type ClientEnvironment, clientEnvironment, type Variables } from '../../../src/ecosystem/client-environment.ts'
import { bundleVariables, directVariables, proxyVariables } from '../../../src/ecosystem/client-variables.ts'

const caPem = '-----BEGIN CERTIFICATE-----\nours\n-----END CERTIFICATE-----\n'
const systemRootsPem = '-----BEGIN CERTIFICATE-----\nsystem\n-----END CERTIFICATE-----\n'
const company = '-----BEGIN CERTIFICATE-----\ncompany\n-----END CERTIFICATE-----'
const proxyUrl = 'http://127.0.0.1:3128'

function build(existing: Variables = {}, ownFiles: Variables = {}, ca: string | 'none' = caPem): ClientEnvironment {
  const readFile = (path: string): string | undefined => ownFiles[path]
  return clientEnvironment({
    proxyUrl,
    caPem: ca === 'none' ? undefined : ca,
    systemRootsPem,
    folder: '/state',
    existing,
    readFile,
  })
}

const contentOf = ({ variables, files }: ClientEnvironment, name: string): string | undefined =>
  files.find(({ path }) => path === variables[name])?.content

describe('The variables for clients', () => {
  test('name the proxy in both cases, for every tool that reads a variable', () => {
    const { variables } = build()
    for (const name of proxyVariables) assert.equal(variables[name], proxyUrl, name)
    for (const name of directVariables) assert.equal(variables[name], 'localhost,127.0.0.1,::1', name)
    assert.equal(variables.NODE_USE_ENV_PROXY, '1')
  })

  test('name a bundle of the roots of the system and the CA, where the variable replaces what is trusted', () => {
    const built = build()
    for (const name of bundleVariables) assert.equal(contentOf(built, name), systemRootsPem + caPem, name)
    assert.equal(built.files.length, 4)
  })

  test('give Node the CA alone, which it adds to its own roots', () => {
    assert.equal(contentOf(build(), 'NODE_EXTRA_CA_CERTS'), caPem)
  })

  test('say nothing of trust when there is no CA', () => {
    const { variables, files } = build({}, {}, 'none')
    assert.equal(variables.http_proxy, proxyUrl)
    for (const name of [...bundleVariables, 'NODE_EXTRA_CA_CERTS']) assert.equal(variables[name], undefined, name)
    assert.doesNotMatch(files.map(({ content }) => content).join(), /ca_certificate|CAInfo/)
  })
})

describe('A second evaluation', () => {
  test('changes nothing: our own files are neither included again nor repeated', () => {
    const first = build({ HOME: '/h', JAVA_TOOL_OPTIONS: '-Xmx1g' })
    const written = Object.fromEntries(first.files.map(({ path, content }) => [path, content]))
    const second = build({ HOME: '/h', ...first.variables }, written)
    assert.equal(contentOf(second, 'APT_CONFIG'), contentOf(first, 'APT_CONFIG'))
    assert.equal(contentOf(second, 'WGETRC'), contentOf(first, 'WGETRC'))
    assert.equal(contentOf(second, 'PIP_CERT'), contentOf(first, 'PIP_CERT'))
    assert.equal(second.variables.JAVA_TOOL_OPTIONS, first.variables.JAVA_TOOL_OPTIONS)
  })
})

describe("The user's own settings", () => {
  const own = { '/company.pem': company }

  for (const name of bundleVariables.filter((one) => one !== 'SSL_CERT_FILE')) {
    test(`stay in force: the roots that ${name} names, and the CA`, () => {
      const built = build({ [name]: '/company.pem' }, own)
      assert.equal(contentOf(built, name), `${company}\n${caPem}`)
      assert.equal(contentOf(built, 'SSL_CERT_FILE'), systemRootsPem + caPem)
    })
  }

  test('stay in force: what SSL_CERT_FILE names goes into it, and into the bundle of the others', () => {
    const built = build({ SSL_CERT_FILE: '/company.pem' }, own)
    assert.ok(contentOf(built, 'SSL_CERT_FILE')!.includes(company))
    assert.equal(contentOf(built, 'CURL_CA_BUNDLE'), `${systemRootsPem}${company}\n${caPem}`)
  })

  test('stay in force: the certificates of NODE_EXTRA_CA_CERTS', () => {
    const built = build({ NODE_EXTRA_CA_CERTS: '/company.pem' }, own)
    assert.equal(contentOf(built, 'NODE_EXTRA_CA_CERTS'), `${company}\n${caPem}`)
  })

  test('do not stop it when they name a file that is gone', () => {
    assert.equal(contentOf(build({ PIP_CERT: '/gone.pem' }), 'PIP_CERT'), systemRootsPem + caPem)
  })

  test('are not written twice by a run inside a run', () => {
    const inner = { '/outer.pem': systemRootsPem + caPem }
    const built = build({ SSL_CERT_FILE: '/outer.pem', PIP_CERT: '/outer.pem' }, inner)
    assert.equal(contentOf(built, 'PIP_CERT'), systemRootsPem + caPem)
  })

  test('keep their direct hosts, from both spellings, once', () => {
    const { variables } = build({ no_proxy: 'corp.test, .lan', NO_PROXY: 'corp.test,10.0.0.0/8' })
    for (const name of directVariables) {
      assert.equal(variables[name], 'corp.test,.lan,10.0.0.0/8,localhost,127.0.0.1,::1')
    }
  })

  test('lose their proxy for the child, also where it would be the stronger one', () => {
    const { variables } = build({
      https_proxy: 'http://old.test',
      ALL_PROXY: 'socks5://old.test',
      CARGO_HTTP_PROXY: 'o',
    })
    assert.deepEqual([variables.https_proxy, variables.ALL_PROXY, variables.CARGO_HTTP_PROXY], Array(3).fill(proxyUrl))
    assert.equal(build().variables.ALL_PROXY, undefined)
  })

  test('in the spelling of capitals do not win over ours in npm', () => {
    const { variables } = build({ NPM_CONFIG_HTTPS_PROXY: 'http://old.test', NPM_CONFIG_CAFILE: '/gone' })
    assert.equal(variables.NPM_CONFIG_HTTPS_PROXY, proxyUrl)
    assert.equal(variables.NPM_CONFIG_CAFILE, variables.npm_config_cafile)
  })

  test('of wget come before ours, from WGETRC or the home folder', () => {
    const files = { '/home/ann/.wgetrc': 'timeout = 7\nhttps_proxy = http://old.test\n', '/etc/w': 'tries = 3' }
    const home = contentOf(build({ HOME: '/home/ann' }, files), 'WGETRC')!
    assert.match(home, /^timeout = 7\n/)
    assert.ok(home.lastIndexOf(`https_proxy = ${proxyUrl}\n`) > home.indexOf('old.test'))
    assert.match(home, /^ca_certificate = \/state\/bundle\.pem$/m)
    const named = contentOf(build({ HOME: '/home/ann', WGETRC: '/etc/w' }, files), 'WGETRC')!
    assert.match(named, /^tries = 3\nuse_proxy = on\n/)
    assert.doesNotMatch(named, /timeout/)
  })

  test('of apt are included', () => {
    const plain = contentOf(build(), 'APT_CONFIG')!
    assert.match(plain, /^Acquire::http::Proxy "http:\/\/127\.0\.0\.1:3128";\n/)
    assert.match(plain, /^Acquire::https::CAInfo "\/state\/bundle\.pem";$/m)
    assert.match(contentOf(build({ APT_CONFIG: '/etc/a.conf' }), 'APT_CONFIG')!, /^#include "\/etc\/a\.conf";\n/)
  })

  test('of Java come before ours', () => {
    const existing = { JAVA_TOOL_OPTIONS: '-Xmx1g', no_proxy: '.lan,corp.test' }
    assert.equal(
      build(existing).variables.JAVA_TOOL_OPTIONS,
      '-Xmx1g -Dhttp.proxyHost=127.0.0.1 -Dhttp.proxyPort=3128 -Dhttps.proxyHost=127.0.0.1 -Dhttps.proxyPort=3128 ' +
        '-Dhttp.nonProxyHosts=*.lan|corp.test|*.corp.test|localhost|127.*|[::1]',
    )
  })

  test('of Maven stay, and Maven is told once to heed the proxy of Java, in both of its generations', () => {
    const ours = ['connector', 'transport'].map((part) => `-Daether.${part}.http.useSystemProperties=true`).join(' ')
    assert.equal(build().variables.MAVEN_OPTS, ours)
    const first = build({ MAVEN_OPTS: '-Xmx1g -Dstyle.color=never' }).variables.MAVEN_OPTS
    assert.equal(first, `-Xmx1g -Dstyle.color=never ${ours}`)
    assert.equal(build({ MAVEN_OPTS: first }).variables.MAVEN_OPTS, first)
    assert.equal(build({ MAVEN_OPTS: '' }).variables.MAVEN_OPTS, ours)
  })

  test('of Gradle stay, and what its start script has a shell take apart is quoted', () => {
    const { GRADLE_OPTS } = build({ GRADLE_OPTS: '-Xmx1g', no_proxy: '.lan' }).variables
    assert.match(GRADLE_OPTS!, /^-Xmx1g -Dhttp\.proxyHost=127\.0\.0\.1 /)
    assert.match(GRADLE_OPTS!, / "-Dhttp\.nonProxyHosts=\*\.lan\|localhost\|127\.\*\|\[::1\]"/)
  })

  test('of Java get the trust store that was made, quoted where its path has spaces', () => {
    const { variables } = clientEnvironment({
      proxyUrl: 'http://[::1]:8080',
      caPem,
      systemRootsPem,
      folder: '/state',
      existing: {},
      readFile: () => undefined,
      trustStore: { path: '/my state/trust.p12', password: 'changeit' },
    })
    assert.match(variables.JAVA_TOOL_OPTIONS!, /-Dhttps\.proxyHost=::1 -Dhttps\.proxyPort=8080/)
    assert.match(variables.JAVA_TOOL_OPTIONS!, /"-Djavax\.net\.ssl\.trustStore=\/my state\/trust\.p12"/)
  })
})
