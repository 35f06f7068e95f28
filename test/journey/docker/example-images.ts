import assert from 'node:assert/strict'
import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { command } from '../../support/command.ts'
import type { Engine } from './engines.ts'

/** Names of base images that stand for those of the examples, made from the small Debian `base`. */
export interface ExampleBases {
  readonly python: string
  readonly node: string
}

/** `given`: what lets a build go through the proxy. */
export async function makeExampleBases(
  engine: Engine,
  base: string,
  folder: string,
  given: readonly string[],
): Promise<ExampleBases> {
  const context = join(folder, 'bases')
  mkdirSync(context)
  cpSync(process.execPath, join(context, 'node'))
  const npm = await command('sh', ['-c', 'readlink -f "$(command -v npm)"'], { env: process.env })
  assert.match(npm.stdout, /\/bin\/npm-cli\.js\n$/)
  cpSync(dirname(dirname(npm.stdout.trim())), join(context, 'npm'), { recursive: true, dereference: true })
  writeFileSync(join(context, 'Dockerfile'), dockerfile(base))
  const bases = { python: 'larder-test/python:1', node: 'larder-test/node:1' }
  for (const [target, image] of Object.entries(bases)) {
    await engine.ask('build', ...given, '--target', target, '-t', image, context)
  }
  rmSync(context, { recursive: true })
  return bases
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
`
}
