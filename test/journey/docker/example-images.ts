import assert from 'node:assert/strict'
import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { command } from '../../support/command.ts'
import type { Engine } from './engines.ts'
import {
  addComposer,
  addMaven,
  composerSettings,
  mavenSettings,
  pluginDescription,
  pluginSource,
} from './language-packages.ts'
import type { Stage } from './stage.ts'

/** Names of base images that stand for those of the examples, made from the small Debian `base`. */
export interface ExampleBases {
  readonly python: string
  readonly node: string
  readonly java: string
  readonly php: string
}

/** `given`: what lets a build go through the proxy. What Maven and Composer fetch is added to the origin. */
export async function makeExampleBases(
  engine: Engine,
  base: string,
  { folder, origin }: Stage,
  given: readonly string[],
): Promise<ExampleBases> {
  const context = join(folder, 'bases')
  mkdirSync(context)
  cpSync(process.execPath, join(context, 'node'))
  const npm = await command('sh', ['-c', 'readlink -f "$(command -v npm)"'], { env: process.env })
  assert.match(npm.stdout, /\/bin\/npm-cli\.js\n$/)
  cpSync(dirname(dirname(npm.stdout.trim())), join(context, 'npm'), { recursive: true, dereference: true })
  const settings = {
    Dockerfile: dockerfile(base),
    'settings.xml': mavenSettings(origin.base),
    'config.json': composerSettings(origin.base),
    'plugin/Copy.java': pluginSource,
    'plugin/META-INF/maven/plugin.xml': pluginDescription,
  }
  mkdirSync(join(context, 'plugin/META-INF/maven'), { recursive: true })
  for (const [name, content] of Object.entries(settings)) writeFileSync(join(context, name), content)
  const targets = ['python', 'node', 'java', 'php'] as const
  const name = (target: string): string => `larder-test/${target}:1`
  for (const target of targets) await engine.ask('build', ...given, '--target', target, '-t', name(target), context)
  rmSync(context, { recursive: true })
  const fileOf = async (path: string): Promise<Buffer> => {
    const said = await engine.ask('run', '--rm', '--network=none', name('java'), 'base64', '-w0', path)
    return Buffer.from(said, 'base64')
  }
  addMaven(origin.files, await fileOf('/plugin.jar'), await fileOf('/usr/share/java/commons-lang3.jar'))
  await addComposer(origin.files, folder, origin.base)
  return { python: name('python'), node: name('node'), java: name('java'), php: name('php') }
}

/** As in the images of Python itself, pip may install for everybody. */
function dockerfile(base: string): string {
  return `FROM ${base} AS python
RUN --mount=type=secret,id=larder --mount=type=tmpfs,target=/run/larder . /run/secrets/larder && \\
    apt-get update && apt-get install -y --no-install-recommends python3-pip && rm -rf /var/lib/apt/lists/* && \\
    rm /usr/lib/python3*/EXTERNALLY-MANAGED
FROM ${base} AS node
COPY node /usr/local/bin/node
COPY npm /usr/local/lib/node_modules/npm
RUN ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm
FROM ${base} AS languages
RUN --mount=type=secret,id=larder --mount=type=tmpfs,target=/run/larder . /run/secrets/larder && \\
    apt-get update && apt-get install -y --no-install-recommends maven default-jdk-headless composer php-cli && \\
    rm -rf /var/lib/apt/lists/*
FROM languages AS java
COPY settings.xml /root/.m2/settings.xml
COPY plugin /plugin
RUN cd /plugin && javac -cp '/usr/share/maven/lib/*' Copy.java && jar cf /plugin.jar Copy.class META-INF
FROM languages AS php
ENV COMPOSER_HOME=/composer COMPOSER_ALLOW_SUPERUSER=1
COPY config.json /composer/config.json
`
}
