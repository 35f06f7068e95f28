import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { systemClock } from '../../../src/base/clock.ts'
import { command } from '../../support/command.ts'
import { type Engine, startDocker } from './engines.ts'
import { type ExampleBase, makeExampleBase } from './example-images.ts'
import { scanImage, tracesOf } from './layers.ts'
import { cameBetween } from './served-larder.ts'
import { base, patience, type Stage, setStage } from './stage.ts'

interface Example {
  readonly name: 'debian' | ExampleBase
  /** URLs of its packages, which no base image takes. */
  readonly packages: RegExp
  readonly prints: RegExp
  readonly arguments?: () => readonly string[]
}

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

  for (const example of examples) {
    test(
      `${example.name}: a second build gets every package from the store, and nothing of the CA is in the image`,
      patience,
      async () => {
        const { name } = example
        const from = name === 'debian' ? base : await makeExampleBase(name, engine, stage)
        const image = `example-${name}`
        const context = join(import.meta.dirname, '../../../deploy/examples', name)
        const words = ['--no-cache', ...given, '--build-arg', `BASE=${from}`, ...(example.arguments?.() ?? [])]
        const startAt = systemClock.now()
        await engine.ask('build', ...words, '-t', image, context)
        const secondAt = systemClock.now()
        await engine.ask('build', ...words, '-t', image, context)
        const packages = (await stage.larder.log()).filter(({ url }) => example.packages.test(url))
        const ofSecond = cameBetween(packages, secondAt)
        assert.ok(ofSecond.length > 0)
        assert.equal(ofSecond.length, cameBetween(packages, startAt, secondAt).length)
        for (const { result, originBytes, url } of ofSecond) assert.deepEqual([result, originBytes], ['hit', 0], url)
        assert.match(await engine.ask('run', '--rm', '--network=none', image), example.prints)
        assert.deepEqual((await scanImage(engine, image, await tracesOf(stage.larder.caFile))).found, [])
      },
    )
  }
})
