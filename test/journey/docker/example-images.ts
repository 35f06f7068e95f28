import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { command } from '../../support/command.ts'
import { addFolder, packFiles } from './base-image.ts'
import type { Engine } from './engines.ts'
import { filesOf, withDependencies } from './installed-packages.ts'
import {
  addComposer,
  addMaven,
  composerSettings,
  mavenSettings,
  pluginDescription,
  pluginSource,
} from './language-packages.ts'
import { zip } from './package-origin.ts'
import { base, type Stage } from './stage.ts'

/** The examples whose base is more than a small Debian. */
export type ExampleBase = 'python' | 'node' | 'java' | 'php'

/** What a base has more than the small Debian. */
interface More {
  readonly packages: readonly string[]
  /** Variables of the image. */
  readonly variables?: Readonly<Record<string, string>>
}

/** Makes an image that stands for the base of one of the examples, and answers its name; the origin gets what the example fetches. */
export async function makeExampleBase(target: ExampleBase, engine: Engine, stage: Stage): Promise<string> {
  const tree = mkdtempSync(join(stage.folder, `${target}-`))
  const { packages, variables = {} } = await prepare[target](tree, stage)
  const context = mkdtempSync(join(stage.folder, 'context-'))
  const archive = join(context, 'more.tar')
  await packFiles(packages, archive)
  await addFolder(archive, tree)
  const lines = Object.entries(variables).map(([variable, value]) => `ENV ${variable}=${value}\n`)
  writeFileSync(join(context, 'Dockerfile'), `FROM ${base}\nADD more.tar /\n${lines.join('')}`)
  const name = `larder-test/${target}:1`
  await engine.ask('build', '-t', name, context)
  for (const path of [tree, context]) rmSync(path, { recursive: true })
  return name
}

/** Each writes the files of its base that are of no package. */
const prepare: Record<ExampleBase, (tree: string, stage: Stage) => More | Promise<More>> = {
  python: () => ({ packages: ['python3', 'python3-pip'] }),
  node: async (tree) => {
    const npm = await command('sh', ['-c', 'readlink -f "$(command -v npm)"'], { env: process.env })
    assert.match(npm.stdout, /\/bin\/npm-cli\.js\n$/)
    const local = join(tree, 'usr/local')
    for (const name of ['bin', 'lib/node_modules']) mkdirSync(join(local, name), { recursive: true })
    symlinkSync(process.execPath, join(local, 'bin/node'))
    symlinkSync(dirname(dirname(npm.stdout.trim())), join(local, 'lib/node_modules/npm'))
    const script = '#!/bin/sh\nexec node /usr/local/lib/node_modules/npm/bin/npm-cli.js "$@"\n'
    writeFileSync(join(local, 'bin/npm'), script, { mode: 0o755 })
    return { packages: [] }
  },
  java: async (tree, { origin }) => {
    const packages = ['maven', 'java-sdk-headless']
    const compilers = [...(await filesOf(await withDependencies(packages)))].filter((path) =>
      /\/bin\/javac$/.test(path),
    )
    const JAVA_HOME = dirname(dirname(compilers.sort().at(-1)!))
    addMaven(origin.files, await makePlugin(JAVA_HOME, tree), readFileSync('/usr/share/java/commons-lang3.jar'))
    mkdirSync(join(tree, 'root/.m2'), { recursive: true })
    writeFileSync(join(tree, 'root/.m2/settings.xml'), mavenSettings(origin.base))
    return { packages, variables: { JAVA_HOME, PATH: `${JAVA_HOME}/bin:/usr/sbin:/usr/bin:/sbin:/bin` } }
  },
  php: async (tree, { folder, origin }) => {
    await addComposer(origin.files, folder, origin.base)
    mkdirSync(join(tree, 'composer'))
    writeFileSync(join(tree, 'composer/config.json'), composerSettings(origin.base))
    mkdirSync(join(tree, 'etc'))
    symlinkSync('/etc/php', join(tree, 'etc/php'))
    return {
      packages: ['composer', 'php-cli'],
      variables: { COMPOSER_HOME: '/composer', COMPOSER_ALLOW_SUPERUSER: '1' },
    }
  },
}

async function makePlugin(javaHome: string, tree: string): Promise<Buffer> {
  writeFileSync(join(tree, 'Copy.java'), pluginSource)
  const words = ['-cp', '/usr/share/maven/lib/*', '-d', tree, join(tree, 'Copy.java')]
  const end = await command(join(javaHome, 'bin/javac'), words)
  assert.equal(end.code, 0, end.stderr)
  return zip({
    'Copy.class': readFileSync(join(tree, 'Copy.class')),
    'META-INF/maven/plugin.xml': pluginDescription,
  })
}
