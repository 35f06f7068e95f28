import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { command } from '../../support/command.ts'
import { type Engine, startDocker } from './engines.ts'
import { type ExampleBases, makeExampleBases } from './example-images.ts'
import { scanImage, tracesOf } from './layers.ts'
import { base, type Stage, setStage } from './stage.ts'

describe('The examples', () => {
  let stage: Stage
  let npmRegistry: string
  let engine: Engine
  let bases: ExampleBases
  let given: readonly string[]

  before(async () => {
    stage = await setStage()
    npmRegistry = (await command('npm', ['config', 'get', 'registry'], { env: process.env })).stdout.trim()
    engine = await startDocker()
    await engine.importRoot(stage.archive, base)
    given = (await stage.larder.larder('env', '--shell', 'docker')).trim().split(' ')
    bases = await makeExampleBases(engine, base, stage, given)
  })

  after(async () => {
    await engine?.stop()
    await stage?.stop()
  })

  interface Example {
    readonly name: string
    readonly base: () => string
    readonly prints: RegExp
    readonly arguments?: () => readonly string[]
  }
  const examples: readonly Example[] = [
    { name: 'debian', base: () => base, prints: /Hello, world!/ },
    {
      name: 'python',
      base: () => bases.python,
      prints: /six 1\.17\.0/,
      arguments: () => ['--build-arg', `PIP_INDEX_URL=${stage.origin.base}/simple`],
    },
    {
      name: 'node',
      base: () => bases.node,
      prints: /true/,
      arguments: () => ['--build-arg', `npm_config_registry=${npmRegistry}`],
    },
    { name: 'java', base: () => bases.java, prints: /Larder/ },
    { name: 'php', base: () => bases.php, prints: /info/ },
  ]

  for (const example of examples) {
    test(`${example.name}: a second build gets every package from the store, and nothing of the CA is in the image`, async () => {
      const image = `example-${example.name}`
      const context = join(import.meta.dirname, '../../../deploy/examples', example.name)
      const words = ['--no-cache', ...given, '--build-arg', `BASE=${example.base()}`, ...(example.arguments?.() ?? [])]
      const packages = () => stage.larder.log().filter(({ url }) => /\.(?:deb|whl|tgz|jar|tar)$/.test(url))
      const start = packages().length
      await engine.ask('build', ...words, '-t', image, context)
      await engine.ask('build', ...words, '-t', image, context)
      // Both builds fetched the same ones; the log may be a moment behind.
      while (packages().length < start + 2 || (packages().length - start) % 2 === 1) await pause(50)
      const all = packages().slice(start)
      const second = all.slice(all.length / 2)
      assert.deepEqual([...new Set(second.map(({ result }) => result))], ['hit'])
      assert.match(await engine.ask('run', '--rm', '--network=none', image), example.prints)
      assert.deepEqual((await scanImage(engine, image, await tracesOf(stage.larder.caFile))).found, [])
    })
  }
})
