import assert from 'node:assert/strict'
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { command } from '../../support/command.ts'
import { runProgram } from '../../support/program.ts'
import { type Engine, makeDaemonless } from './engines.ts'
import { scanImage, tracesOf } from './layers.ts'
import { type PackageOrigin, startPackageOrigin } from './package-origin.ts'
import { type ServedLarder, serveLarder } from './served-larder.ts'

const base = 'localhost/larder-test/small:1'

/** A root folder with few programs of this machine and their libraries: Podman's plain storage copies it for each layer. */
async function makeSmallRoot(folder: string): Promise<string> {
  const root = join(folder, 'small')
  const programs = ['sh', 'cat', 'cp', 'chmod', 'mkdir', 'base64', 'curl'].map((name) => `"$(command -v ${name})"`)
  const listed = await command('sh', ['-c', `ls ${programs.join(' ')}; ldd ${programs.join(' ')}`], {
    env: process.env,
  })
  assert.equal(listed.code, 0, listed.stderr)
  const files = new Set(listed.stdout.match(/(?<=^|\s)\/[^\s:]+(?=\s|$)/gm))
  for (const file of files) {
    const place = join(root, file.startsWith('/usr/bin/') ? file.slice('/usr'.length) : file)
    mkdirSync(dirname(place), { recursive: true })
    copyFileSync(file, place)
  }
  for (const name of ['tmp', 'proc', 'etc']) mkdirSync(join(root, name))
  const archive = join(folder, 'small.tar')
  assert.equal((await command('tar', ['-C', root, '-cf', archive, '.'])).code, 0)
  return archive
}

describe('podman build without a daemon', () => {
  let folder: string
  let origin: PackageOrigin
  let larder: ServedLarder
  let engine: Engine

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'larder-podman-test-'))
    origin = await startPackageOrigin(folder)
    larder = await serveLarder(folder, origin)
    engine = await makeDaemonless('podman')
    await engine.importRoot(await makeSmallRoot(folder), base)
  })

  after(async () => {
    await engine?.stop()
    await larder?.stop()
    await origin?.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  async function build(name: string, step: string, ...words: readonly string[]): Promise<string> {
    const context = join(folder, name)
    mkdirSync(context)
    writeFileSync(join(context, 'Dockerfile'), `FROM ${base}\nRUN ${step}\n`)
    return engine.ask('build', '--no-cache', ...words, '-t', name, context)
  }

  test('a step that is given the secret fetches through the proxy, the second time from the store, and no layer has anything of the CA', async () => {
    const given = (await larder.larder('env', '--shell', 'docker')).trim().split(' ')
    const mounts = '--mount=type=secret,id=larder --mount=type=tmpfs,target=/run/larder'
    const fetched = `. /run/secrets/larder && curl -sSf ${origin.base}/file.bin -o /file.bin`
    await build('first', `${mounts} ${fetched}`, ...given)
    assert.deepEqual(origin.paths, ['/file.bin'])
    await build('second', `${mounts} ${fetched}`, ...given)
    assert.deepEqual(origin.paths, ['/file.bin'])
    const scan = await scanImage(engine, 'second', await tracesOf(larder.caFile))
    assert.ok(scan.bytes > 100_000)
    assert.deepEqual(scan.found, [])
  })

  test('a wrapped image builds a Dockerfile that knows of no proxy; unwrapped it is what it was', async () => {
    const image = (word: string) =>
      runProgram(['image', word, base, '--engine', 'podman'], { ...larder.environment, ...engine.environment })
    const inspected = await engine.ask('image', 'inspect', '--format', '{{.Id}}', base)
    const wrapped = await image('wrap')
    assert.equal(wrapped.code, 0, wrapped.err)
    const fetched = `curl -sSf ${origin.base}/other.bin -o /other.bin`
    origin.files.set('/other.bin', Buffer.alloc(50_000, 'other'))
    await build('third', fetched, '--network=host')
    assert.equal(origin.paths.at(-1), '/other.bin')
    const found = (await scanImage(engine, 'third', await tracesOf(larder.caFile))).found.join()
    assert.match(found, /PEM/, 'what the scan must be able to find')
    await engine.ask('rmi', 'third')
    const unwrapped = await image('unwrap')
    assert.equal(unwrapped.code, 0, unwrapped.err)
    assert.equal(await engine.ask('image', 'inspect', '--format', '{{.Id}}', base), inspected)
    assert.equal((await image('unwrap')).out, `${base} is not wrapped\n`)
  })
})
