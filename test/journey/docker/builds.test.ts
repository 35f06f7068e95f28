import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { systemClock } from '../../../src/base/clock.ts'
import { runProgram } from '../../support/program.ts'
import { type Engine, makeDaemonless, startDocker } from './engines.ts'
import { scanImage, tracesOf } from './layers.ts'
import { cameBetween, type LoggedExchange } from './served-larder.ts'
import { base, patience, type Stage, setStage } from './stage.ts'

let stage: Stage

before(async () => {
  stage = await setStage()
}, patience)

after(async () => {
  await stage?.stop()
})

/**
 * Builds twice without the engine's own cache; the second time everything comes from the store. That apt asks for lists
 * that the origin does not have is left out: nobody remembers for long that something is missing.
 */
async function buildTwice(engine: Engine, project: string, given: readonly string[]): Promise<string> {
  const words = ['--no-cache', '--build-arg', `ORIGIN=${stage.origin.base}`, ...given]
  const context = join(import.meta.dirname, project)
  const startAt = systemClock.now()
  const said = await engine.ask('build', ...words, '-t', `${project}:first`, context)
  assert.match(said, /hello from apt/)
  const asked = stage.origin.paths.length
  const secondAt = systemClock.now()
  const second = await engine.ask('build', ...words, '-t', `${project}:second`, context)
  assert.match(second, /hello from apt/)
  const asksFor = stage.origin.paths.slice(asked).filter((path) => stage.origin.files.has(path))
  assert.deepEqual(asksFor, [])
  const all = (await stage.larder.log()).filter(({ url }) => url.startsWith(stage.origin.base))
  const ofSecond = cameBetween(all, secondAt)
  const urls = (some: readonly LoggedExchange[]): string[] => some.map(({ url }) => url).sort()
  assert.deepEqual(urls(ofSecond), urls(cameBetween(all, startAt, secondAt)), 'both builds send the same requests')
  const answered = ofSecond.filter(({ status }) => status !== 404)
  assert.ok(answered.length > 0)
  for (const { result, originBytes, url } of answered) assert.deepEqual([result, originBytes], ['hit', 0], url)
  return `${project}:second`
}

/** What every engine must do; their images are made anew for each. */
function behaviour(start: () => Engine | Promise<Engine>): void {
  let engine: Engine

  before(async () => {
    engine = await start()
    await engine.importRoot(stage.archive, base)
  }, patience)

  after(async () => {
    await engine?.stop()
  })

  const image = (...words: readonly string[]) =>
    runProgram(['image', ...words, '--engine', engine.name], { ...stage.larder.environment, ...engine.environment })

  test(
    'a step that is given the secret uses wget and apt through the proxy; a second build asks the origin for nothing, and no layer has anything of the CA or the proxy, although the step makes the trust store anew',
    patience,
    async (context) => {
      const given = (await stage.larder.larder('env', '--shell', 'docker')).trim().split(' ')
      const built = await buildTwice(engine, 'recipe', given)
      const address: [string, Buffer] = ['address of the proxy', Buffer.from(new URL(stage.larder.address).host)]
      const scan = await scanImage(engine, built, new Map([...(await tracesOf(stage.larder.caFile)), address]))
      context.diagnostic(`${engine.name}: ${scan.layers} layers, ${scan.bytes} bytes looked through`)
      assert.ok(scan.layers >= 2)
      assert.deepEqual(scan.found, [])
    },
  )

  test(
    'a wrapped image builds a Dockerfile that knows of no proxy; a second build asks the origin for nothing; unwrapped it is what it was',
    patience,
    async () => {
      const before = await engine.ask('images', '--no-trunc')
      const wrapped = await image('wrap', base)
      assert.equal(wrapped.code, 0, wrapped.err)
      assert.match(wrapped.err, new RegExp(`^\\+ ${engine.name} tag ${base} ${base}-original$`, 'm'))
      const again = await image('wrap', base)
      assert.equal(again.out, `${base} was wrapped already\n`)
      assert.doesNotMatch(again.err, /^\+/m)

      const built = await buildTwice(engine, 'unmodified', ['--network=host'])
      const found = (await scanImage(engine, built, await tracesOf(stage.larder.caFile))).found.join()
      for (const trace of ['PEM', 'hash']) assert.match(found, new RegExp(trace), 'what the scan must be able to find')

      await engine.ask('rmi', 'unmodified:first', 'unmodified:second')
      const unwrapped = await image('unwrap', base)
      assert.equal(unwrapped.code, 0, unwrapped.err)
      assert.deepEqual(imagesOf(await engine.ask('images', '--no-trunc')), imagesOf(before))
      assert.equal((await image('unwrap', base)).out, `${base} is not wrapped\n`)
    },
  )
}

/** Without their ages, and in an order of their own: those made in the same second come in any. */
function imagesOf(listed: string): string[] {
  const ageless = listed.replace(/\S+ \S+ ago|Less than a second ago|About an? \w+ ago/g, '').replace(/ +/g, ' ')
  return ageless.split('\n').sort()
}

describe('docker build with BuildKit', () => behaviour(() => startDocker()))

describe('buildah build without a daemon', () => behaviour(() => makeDaemonless('buildah')))
