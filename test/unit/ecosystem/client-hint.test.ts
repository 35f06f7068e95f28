import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { clientHint, toolNamed } from '../../../src/ecosystem/client-hint.ts'
import { clientTools } from '../../../src/ecosystem/client-tools.ts'

const hint = (userAgent: string | undefined, programs: readonly string[], host = 'unheard-of.test'): string => {
  const { tool, by } = clientHint({ userAgent, programs, host })
  return `${tool?.name ?? 'unknown'} by ${by}`
}

describe('The hint at a client', () => {
  for (const [userAgent, tool] of [
    ['curl/8.5.0', 'curl'],
    ['pip/24.0 {"ci":null}', 'pip'],
    ['Debian APT-HTTP/1.3 (2.6.1)', 'apt'],
    ['git/2.39.2', 'git'],
    ['Apache-Maven/3.8.7 (Java 17.0.15; Linux 6.1)', 'Maven'],
    ['Gradle/4.4.1 (Linux;6.1)', 'Gradle'],
    ['Go-http-client/1.1', 'Go'],
    ['Ruby, RubyGems/3.3.15 x86_64-linux', 'gem'],
    ['bundler/2.3.15 rubygems/3.3.15', 'Bundler'],
    ['Composer/2.5.5 (Linux; 6.1; PHP 8.2.7)', 'Composer'],
    ['npm/10.8.2 node/v24.0.0 linux x64', 'npm'],
  ] as const) {
    test(`is ${tool} by the user agent ${userAgent}`, () => {
      assert.equal(hint(userAgent, ['python3', 'other.py'], 'pypi.org'), `${tool} by user agent`)
    })
  }

  for (const [programs, tool] of [
    [['python3', 'pip'], 'pip'],
    [['python3.11', 'pip3'], 'pip'],
    [['node', 'npm-cli.js'], 'npm'],
    [['node', 'yarn.js'], 'yarn'],
    [['node', 'pnpm.cjs'], 'pnpm'],
    [['php', 'composer.phar'], 'Composer'],
    [['ruby', 'gem'], 'gem'],
    [['node', 'own-tool.js'], 'Node'],
    [['python3', 'own_tool.py'], 'Python'],
    [['curl'], 'curl'],
  ] as const) {
    test(`is ${tool} by the process ${programs.join(' ')}: the script says more than what runs it`, () => {
      assert.equal(hint(undefined, programs, 'www.npmjs.org'), `${tool} by process`)
      assert.equal(hint('something else/1', programs), `${tool} by process`)
    })
  }

  test('is by the host when nothing else says who it is', () => {
    assert.equal(hint(undefined, [], 'www.npmjs.org'), 'npm by host')
    assert.equal(hint(undefined, ['own-tool'], 'files.pythonhosted.org'), 'pip by host')
    assert.equal(hint(undefined, [], 'npmjs.org.unheard-of.test'), 'unknown by nothing')
  })

  test('leads to a tool with a fix, under the name that events and answers have', () => {
    const files = { bundle: '/state/bundle.pem', ca: '/state/ca.pem' }
    for (const tool of clientTools) {
      assert.equal(toolNamed(tool.name), tool)
      assert.match(tool.fix(files), /\/state\/(?:bundle|ca)\.pem/)
    }
  })

  test('leads for Java to the store that has all CAs, where there is one', () => {
    const files = { bundle: '/b', ca: '/c', javaStore: { path: '/my state/java.jks', password: 'changeit' } }
    assert.equal(
      toolNamed('Maven')!.fix(files),
      `export JAVA_TOOL_OPTIONS="$JAVA_TOOL_OPTIONS "'"-Djavax.net.ssl.trustStore=/my state/java.jks" -Djavax.net.ssl.trustStorePassword=changeit'`,
    )
  })
})
