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

/** The examples whose base is more than a small Debian. */
export type ExampleBase = 'python' | 'node' | 'java' | 'php'

export interface ExampleBaseInput {
  readonly engine: Engine
  /** The small Debian that all are made from. */
  readonly base: string
  readonly stage: Stage
  /** What lets a build go through the proxy. */
  readonly given: readonly string[]
}

/** Makes an image that stands for the base of one of the examples, and answers its name; the origin gets what the example fetches. */
export async function makeExampleBase(target: ExampleBase, input: ExampleBaseInput): Promise<string> {
  const { engine, base, stage, given } = input
  const { folder, origin } = stage
  const context = join(folder, target)
  mkdirSync(context)
  await addFiles[target](context, origin.base)
  writeFileSync(join(context, 'Dockerfile'), dockerfile(base))
  const name = `larder-test/${target}:1`
  await engine.ask('build', ...given, '--target', target, '-t', name, context)
  rmSync(context, { recursive: true })
  const fileOf = async (path: string): Promise<Buffer> =>
    Buffer.from(await engine.ask('run', '--rm', '--network=none', name, 'base64', '-w0', path), 'base64')
  if (target === 'java')
    addMaven(origin.files, await fileOf('/plugin.jar'), await fileOf('/usr/share/java/commons-lang3.jar'))
  if (target === 'php') await addComposer(origin.files, folder, origin.base)
  return name
}

/** What the Dockerfile copies. */
const addFiles = {
  python: () => {},
  node: async (context: string) => {
    cpSync(process.execPath, join(context, 'node'))
    const npm = await command('sh', ['-c', 'readlink -f "$(command -v npm)"'], { env: process.env })
    assert.match(npm.stdout, /\/bin\/npm-cli\.js\n$/)
    cpSync(dirname(dirname(npm.stdout.trim())), join(context, 'npm'), { recursive: true, dereference: true })
  },
  java: (context: string, origin: string) => {
    mkdirSync(join(context, 'plugin/META-INF/maven'), { recursive: true })
    writeFileSync(join(context, 'settings.xml'), mavenSettings(origin))
    writeFileSync(join(context, 'plugin/Copy.java'), pluginSource)
    writeFileSync(join(context, 'plugin/META-INF/maven/plugin.xml'), pluginDescription)
  },
  php: (context: string, origin: string) => writeFileSync(join(context, 'config.json'), composerSettings(origin)),
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
