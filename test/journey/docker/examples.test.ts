import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { command } from '../../support/command.ts'
import { type Engine, startDocker } from './engines.ts'
import { type ExampleBase, makeExampleBase } from './example-images.ts'
import { scanImage, tracesOf } from './layers.ts'
import { base, patience, type Stage, setStage } from './stage.ts'

describe('The examples', () => {
  let stage: Stage
  let npmRegistry: string
  let engine: Engine
  let given: readonly string[]

  before(async () => {
    stage = await setStage()
    npmRegistry = (await command('npm', ['config', 'get', 'registry'], { env: process.env })).stdout.trim()
    engine = await startDocker()
    await engine.importRoot(stage.archive, base)
    given = (await stage.larder.larder('env', '--shell', 'docker')).trim().split(' ')
  }, patience)

  after(async () => {
    await engine?.stop()
    await stage?.stop()
  })

  interface Example {
    readonly name: 'debian' | ExampleBase
    /** URLs of its packages, which no base image takes. */
    readonly packages: RegExp
    readonly prints: RegExp
    readonly arguments?: () => readonly string[]
  }
  const examples: readonly Example[] = [
    { name: 'debian', packages: /\/hello_[^/]*\.deb$/, prints: /Hello, world!/ },
    {
      name: 'python',
      packages: /\.whl$/,
      prints: /six 1\.17\.0/,
      arguments: () => ['--build-arg', `PIP_INDEX_URL=${stage.origin.base}/simple`],
    },
    {
      name: 'node',
      packages: /\.tgz$/,
      prints: /true/,
      arguments: () => ['--build-arg', `npm_config_registry=${npmRegistry}`],
    },
    { name: 'java', packages: /\.jar$/, prints: /Larder/ },
    { name: 'php', packages: /\/composer\/.*\.tar$/, prints: /info/ },
  ]

  /** What became of each package, in order; both builds took the same ones, and the log may be a moment behind. */
  async function packagesOfBoth(packages: RegExp): Promise<ReadonlyMap<string, readonly string[]>> {
    for (;;) {
      const results = new Map<string, string[]>()
      for (const { url, result } of stage.larder.log().filter((one) => packages.test(one.url)))
        results.set(url, [...(results.get(url) ?? []), result])
      if (results.size > 0 && [...results.values()].every(({ length }) => length % 2 === 0)) return results
      await pause(50)
    }
  }

  for (const example of examples) {
    test(
      `${example.name}: a second build gets every package from the store, and nothing of the CA is in the image`,
      patience,
      async () => {
        const { name } = example
        const from = name === 'debian' ? base : await makeExampleBase(name, { engine, base, stage, given })
        const image = `example-${name}`
        const context = join(import.meta.dirname, '../../../deploy/examples', name)
        const words = ['--no-cache', ...given, '--build-arg', `BASE=${from}`, ...(example.arguments?.() ?? [])]
        await engine.ask('build', ...words, '-t', image, context)
        const asked = stage.origin.paths.length
        await engine.ask('build', ...words, '-t', image, context)
        assert.deepEqual(stage.origin.paths.slice(asked), [])
        for (const [url, results] of await packagesOfBoth(example.packages))
          assert.deepEqual(new Set(results.slice(results.length / 2)), new Set(['hit']), url)
        assert.match(await engine.ask('run', '--rm', '--network=none', image), example.prints)
        assert.deepEqual((await scanImage(engine, image, await tracesOf(stage.larder.caFile))).found, [])
      },
    )
  }
})
