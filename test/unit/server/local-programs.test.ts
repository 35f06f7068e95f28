import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { clientHint } from '../../../src/ecosystem/client-hint.ts'
import { wordsOf } from '../../../src/server/local-programs.ts'

const lines: readonly (readonly [line: string, tool: string | undefined])[] = [
  ['/usr/bin/python3 -m pip download a', 'pip'],
  ['/usr/bin/python3 /usr/bin/pip3 download a', 'pip'],
  ['/usr/bin/python3.11 fetch.py', 'Python'],
  ['/usr/bin/python3 /opt/conda/bin/conda install a', 'conda'],
  ['uv pip install a', 'uv'],
  ['npm install a', 'npm'],
  ['node /usr/lib/node_modules/npm/bin/npm-cli.js install', 'npm'],
  ['node /tools/pnpm/bin/pnpm.cjs install', 'pnpm'],
  ['node /tools/pnpm/bin/pnpm.mjs install', 'pnpm'],
  ['node /tools/yarn/bin/yarn.js install', 'yarn'],
  ['node server.js', 'Node'],
  ['/tools/bun/bin/bun.exe install', 'bun'],
  ['/tools/deno run -A a.ts', 'deno'],
  ['/usr/bin/php8.2 /usr/bin/composer install', 'Composer'],
  ['php composer.phar install', 'Composer'],
  ['/usr/bin/ruby3.1 /usr/bin/gem install a', 'gem'],
  ['ruby /usr/bin/bundle install', 'Bundler'],
  ['/toolchain/bin/cargo fetch', 'cargo'],
  ['rustup update', 'rustup'],
  ['/usr/bin/dotnet restore', '.NET'],
  ['/usr/bin/python3 /usr/bin/dnf makecache', 'dnf'],
  ['apk add a', 'apk'],
  ['/usr/bin/python3 /usr/bin/aws s3 ls', 'AWS tools'],
  ['java -classpath /a/worlds.jar -Dmaven.home=/m org.codehaus.plexus.classworlds.launcher.Launcher test', 'Maven'],
  ['/jdk/bin/java --add-opens java.base/java.lang=ALL-UNNAMED -cp a.jar org.gradle.launcher.GradleMain b', 'Gradle'],
  ['/jdk/bin/java -cp a.jar org.gradle.launcher.daemon.bootstrap.GradleDaemon 8.5', 'Gradle'],
  ['java -p modules -cp a.jar test.Main', 'Java'],
  ['/usr/bin/firefox', undefined],
]

describe('A client that does not say who it is', () => {
  for (const [line, tool] of lines) {
    test(`is known by its command line: ${line}`, () => {
      const programs = wordsOf(line.split(' '))
      assert.equal(clientHint({ userAgent: undefined, programs, host: 'a.test' }).tool?.name, tool, programs.join())
    })
  }

  test('but for the library that it uses is known by its command line, too', () => {
    const userAgent = 'Apache-HttpClient/4.5.14 (Java/17.0.15)'
    const programs = ['java', 'org.codehaus.plexus.classworlds.launcher.Launcher']
    const hint = clientHint({ userAgent, programs, host: 'a.test' })
    assert.deepEqual([hint.tool?.name, hint.by], ['Maven', 'process'])
  })
})
