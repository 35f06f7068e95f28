import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { command } from '../../support/command.ts'
import { runProgram } from '../../support/program.ts'
import { makeBase } from './base-image.ts'
import { type Engine, makeBuildah, startDocker } from './engines.ts'
import { type ExampleBases, makeExampleBases } from './example-images.ts'
import { scanImage, tracesOf } from './layers.ts'
import { type PackageOrigin, startPackageOrigin } from './package-origin.ts'
import { type LoggedExchange, type ServedLarder, serveLarder } from './served-larder.ts'

const base = 'localhost/larder-test/debian:1'
const folder = mkdtempSync(join(tmpdir(), 'larder-builds-'))
let origin: PackageOrigin
let larder: ServedLarder
let archive: string
let npmRegistry: string

before(async () => {
  origin = await startPackageOrigin(folder)
  larder = await serveLarder(folder, origin)
  archive = await makeBase(folder, larder.address)
  npmRegistry = (await command('npm', ['config', 'get', 'registry'], { env: process.env })).stdout.trim()
})

after(async () => {
  await larder?.stop()
  await origin?.stop()
  rmSync(folder, { recursive: true, force: true })
})

/** Exchanges with the test's origin that the access log has, once it has `count` of them. */
async function exchanges(count: number): Promise<readonly LoggedExchange[]> {
  for (;;) {
    const lines = larder.log().filter(({ url }) => url.startsWith(origin.base))
    if (lines.length >= count) return lines
    await pause(50)
  }
}

/** Builds twice without the engine's own cache; the second time everything comes from the store. */
async function buildTwice(engine: Engine, project: string, given: readonly string[]): Promise<string> {
  const words = ['--no-cache', '--build-arg', `ORIGIN=${origin.base}`, ...given]
  const context = join(import.meta.dirname, project)
  const loggedBefore = larder.log().filter(({ url }) => url.startsWith(origin.base)).length
  const said = await engine.run('build', ...words, '-t', `${project}:first`, context)
  assert.match(said, /hello from apt/)
  const asked = origin.paths.length
  const second = await engine.run('build', ...words, '-t', `${project}:second`, context)
  assert.match(second, /hello from apt/)
  assert.equal(origin.paths.length, asked, `the origin was asked: ${origin.paths.slice(asked)}`)
  // Both builds sent the same requests.
  const logged = (await exchanges(loggedBefore)).length - loggedBefore
  assert.ok(logged > 0 && logged % 2 === 0, `${logged} requests`)
  const ofSecond = (await exchanges(loggedBefore + logged)).slice(loggedBefore + logged / 2)
  assert.deepEqual(
    ofSecond.filter(({ result }) => !/^hit(?:-negative)?$/.test(result)),
    [],
  )
  assert.equal(
    ofSecond.reduce((sum, { originBytes }) => sum + originBytes, 0),
    0,
  )
  return `${project}:second`
}

/** What every engine must do; their images are made anew for each. */
function behaviour(start: () => Engine | Promise<Engine>): void {
  let engine: Engine

  before(async () => {
    engine = await start()
    await engine.importRoot(archive, base)
  })

  after(async () => {
    await engine?.stop()
  })

  const image = (...words: readonly string[]) =>
    runProgram(['image', ...words, '--engine', engine.name], { ...larder.environment, ...engine.environment })

  test('a step that is given the secret uses wget and apt through the proxy; a second build asks the origin for nothing, and no layer has anything of the CA or the proxy, although the step makes the trust store anew', async (context) => {
    const given = (await larder.larder('env', '--shell', 'docker')).trim().split(' ')
    const built = await buildTwice(engine, 'recipe', given)
    const address: [string, Buffer] = ['address of the proxy', Buffer.from(new URL(larder.address).host)]
    const scan = await scanImage(engine, built, new Map([...(await tracesOf(larder.caFile)), address]))
    context.diagnostic(`${engine.name}: ${scan.layers} layers, ${scan.bytes} bytes looked through`)
    assert.ok(scan.layers >= 2)
    assert.deepEqual(scan.found, [])
  })

  test('a wrapped image builds a Dockerfile that knows of no proxy; a second build asks the origin for nothing; unwrapped it is what it was', async () => {
    const before = await engine.run('images', '--no-trunc')
    const wrapped = await image('wrap', base)
    assert.equal(wrapped.code, 0, wrapped.err)
    assert.match(wrapped.err, new RegExp(`^\\+ ${engine.name} tag ${base} ${base}-original$`, 'm'))
    const again = await image('wrap', base)
    assert.equal(again.out, `${base} was wrapped already\n`)
    assert.doesNotMatch(again.err, /^\+/m)

    const built = await buildTwice(engine, 'unmodified', ['--network=host'])
    const found = (await scanImage(engine, built, await tracesOf(larder.caFile))).found.join()
    for (const trace of ['PEM', 'hash']) assert.match(found, new RegExp(trace), 'what the scan must be able to find')

    await engine.run('rmi', 'unmodified:first', 'unmodified:second')
    const unwrapped = await image('unwrap', base)
    assert.equal(unwrapped.code, 0, unwrapped.err)
    assert.equal(withoutAges(await engine.run('images', '--no-trunc')), withoutAges(before))
    assert.equal((await image('unwrap', base)).out, `${base} is not wrapped\n`)
  })
}

function withoutAges(images: string): string {
  return images.replace(/\S+ \S+ ago|Less than a second ago|About an? \w+ ago/g, '').replace(/ +/g, ' ')
}

describe('docker build with BuildKit', () => behaviour(startDocker))

describe('The examples', () => {
  let engine: Engine
  let bases: ExampleBases
  let given: readonly string[]

  before(async () => {
    engine = await startDocker()
    await engine.importRoot(archive, base)
    given = (await larder.larder('env', '--shell', 'docker')).trim().split(' ')
    bases = await makeExampleBases(engine, base, folder, given)
  })

  after(async () => {
    await engine?.stop()
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
      arguments: () => ['--build-arg', `PIP_INDEX_URL=${origin.base}/simple`],
    },
    {
      name: 'node',
      base: () => bases.node,
      prints: /true/,
      arguments: () => ['--build-arg', `npm_config_registry=${npmRegistry}`],
    },
  ]

  for (const example of examples) {
    test(`${example.name}: a second build gets every package from the store, and nothing of the CA is in the image`, async () => {
      const image = `example-${example.name}`
      const context = join(import.meta.dirname, '../../../deploy/examples', example.name)
      const words = ['--no-cache', ...given, '--build-arg', `BASE=${example.base()}`, ...(example.arguments?.() ?? [])]
      const packages = () => larder.log().filter(({ url }) => /\.(?:deb|whl|tgz)$/.test(url))
      const start = packages().length
      await engine.run('build', ...words, '-t', image, context)
      await engine.run('build', ...words, '-t', image, context)
      // Both builds fetched the same ones; the log may be a moment behind.
      while (packages().length < start + 2 || (packages().length - start) % 2 === 1) await pause(50)
      const all = packages().slice(start)
      const second = all.slice(all.length / 2)
      assert.deepEqual([...new Set(second.map(({ result }) => result))], ['hit'])
      assert.match(await engine.run('run', '--rm', '--network=none', image), example.prints)
      assert.deepEqual((await scanImage(engine, image, await tracesOf(larder.caFile))).found, [])
    })
  }
})

describe('buildah build without a daemon', () => behaviour(makeBuildah))
