import assert from 'node:assert/strict'
import { once } from 'node:events'
import { get as httpGet, type IncomingMessage } from 'node:http'
import { json, text } from 'node:stream/consumers'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { type Digest, digestOf } from '../../../src/base/digest.ts'
import { blobFile, layoutOf } from '../../../src/store/layout.ts'
import { content } from '../../support/blob-content.ts'
import { startContentOrigin } from '../../support/content-origin.ts'
import { fileDamages, flip } from '../../support/damage.ts'
import { startLarder, type TestLarder } from '../../support/larder.ts'
import { homeOf, runProgram, startProgram } from '../../support/program.ts'

const largeBytes = 2_500_000

function bytesOf(path: string): Buffer {
  const number = Number(/\d+/.exec(path)![0])
  return content(path.startsWith('/large') ? largeBytes + number : 70_000 + number, number)
}

/** What a client got, and whether its response was complete. */
function ask(larder: TestLarder, url: string): Promise<{ bytes: Buffer; complete: boolean }> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = []
    const request = httpGet({ host: '127.0.0.1', port: larder.port, path: url, agent: false }, (response) => {
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', () => undefined)
      response.on('close', () => resolve({ bytes: Buffer.concat(chunks), complete: response.complete }))
    })
    request.on('error', () => resolve({ bytes: Buffer.concat(chunks), complete: false }))
  })
}

const mebibyte = 1024 * 1024

function fileOf(larder: TestLarder, path: string): string {
  return blobFile(layoutOf(larder.settings.dataFolder), digestOf(bytesOf(path)) as Digest)
}

for (const isRestarted of [true, false]) {
  test(`damage of every kind is seen before a byte leaves, ${isRestarted ? 'after a start' : 'while the daemon runs'}: clients get the content, whole (CORRECTNESS T03)`, async () => {
    const origin = await startContentOrigin(bytesOf)
    let larder = await startLarder({}, false)
    try {
      const kinds = Object.keys(fileDamages)
      const paths = kinds.flatMap((_, at) => [`/large${at}`, `/small${at}`])
      const urls = new Map(paths.map((path) => [path, `http://127.0.0.1:${origin.port}${path}`]))
      for (const path of paths) await ask(larder, urls.get(path)!)
      await larder.exchanges('', paths.length)
      if (isRestarted) larder = await larder.restart()
      for (const [at, kind] of kinds.entries()) {
        for (const size of ['large', 'small']) {
          fileDamages[kind]!(fileOf(larder, `/${size}${at}`), fileOf(larder, `/${size}${(at + 1) % kinds.length}`))
        }
      }
      origin.asked.length = 0
      for (const path of paths) {
        const { bytes, complete } = await ask(larder, urls.get(path)!)
        assert.ok(complete && bytes.equals(bytesOf(path)), `${path}: ${kinds[Number(/\d+/.exec(path)![0])]}`)
      }
      assert.deepEqual(origin.asked.toSorted(), paths.toSorted())
      const damaged = larder.events.filter((event) => event.kind === 'blob-damaged')
      assert.ok(damaged.length >= paths.length, `${damaged.length} of ${paths.length} were told`)
      for (const path of paths) {
        const { bytes, complete } = await ask(larder, urls.get(path)!)
        assert.ok(complete && bytes.equals(bytesOf(path)))
      }
      assert.equal(origin.asked.length, paths.length)
    } finally {
      await larder.stop()
      await origin.stop()
    }
  })
}

function socketOf({ settings }: TestLarder): string {
  return 'path' in settings.admin ? settings.admin.path : ''
}

function whereOf(larder: TestLarder): string[] {
  return ['--data', larder.settings.dataFolder, '--admin', `unix:${socketOf(larder)}`]
}

async function verifyState(larder: TestLarder): Promise<{ readonly isRunning?: boolean }> {
  const request = httpGet({ socketPath: socketOf(larder), path: '/v1/verify' })
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  return (await json(response)) as { readonly isRunning?: boolean }
}

test('larder verify finds all that is damaged and was not asked for, and sets it aside', async (context) => {
  const origin = await startContentOrigin(bytesOf)
  let larder = await startLarder({}, false)
  try {
    const kinds = Object.keys(fileDamages)
    const paths = Array.from({ length: 3 * kinds.length }, (_, at) => `/small${at}`)
    for (const path of paths) await ask(larder, `http://127.0.0.1:${origin.port}${path}`)
    await larder.exchanges('', paths.length)
    larder = await larder.restart()
    for (const [at, kind] of kinds.entries()) {
      fileDamages[kind]!(fileOf(larder, `/small${at}`), fileOf(larder, `/small${at + kinds.length}`))
    }
    const result = await runProgram(['verify', '--json', '--rate', '1GiB', ...whereOf(larder)], homeOf(context))
    assert.equal(result.code, 0, result.err)
    const state = JSON.parse(result.out)
    // Swapping damages two.
    assert.equal(state.damagedCount, kinds.length + 1)
    assert.equal(state.soundCount, paths.length - kinds.length - 1)
    assert.equal(larder.events.filter((event) => event.kind === 'blob-damaged').length, kinds.length + 1)
    origin.asked.length = 0
    for (const path of paths) {
      const { bytes, complete } = await ask(larder, `http://127.0.0.1:${origin.port}${path}`)
      assert.ok(complete && bytes.equals(bytesOf(path)))
    }
    assert.equal(origin.asked.length, kinds.length + 1)
  } finally {
    await larder.stop()
    await origin.stop()
  }
})

test('larder verify goes on where it was interrupted, also after a restart of the daemon', async (context) => {
  const origin = await startContentOrigin(bytesOf)
  let larder = await startLarder({}, false)
  try {
    const paths = Array.from({ length: 12 }, (_, at) => `/small${at}`)
    for (const path of paths) await ask(larder, `http://127.0.0.1:${origin.port}${path}`)
    await larder.exchanges('', paths.length)
    const home = homeOf(context)
    // At a byte a second it is still in the first blob when it is interrupted.
    const child = startProgram(['verify', '--json', '--rate', '1B', ...whereOf(larder)], home)
    const [out, exited] = [text(child.stdout!), once(child, 'exit')]
    while ((await verifyState(larder)).isRunning !== true) await delay(20)
    child.kill('SIGINT')
    assert.deepEqual(await exited, [1, null])
    const interrupted = JSON.parse(await out)
    assert.equal(interrupted.isRunning, false)
    assert.equal(interrupted.endedAt, undefined)
    larder = await larder.restart()
    const result = await runProgram(['verify', '--json', '--rate', '1GiB', ...whereOf(larder)], home)
    assert.equal(result.code, 0, result.err)
    const state = JSON.parse(result.out)
    assert.equal(state.beganAt, interrupted.beganAt)
    assert.equal(state.soundCount, paths.length)
  } finally {
    await larder.stop()
    await origin.stop()
  }
})

test('larder verify without a daemon says what to do', async (context) => {
  const home = homeOf(context)
  const result = await runProgram(['verify', '--admin', `unix:${home.HOME}/none.sock`], home)
  assert.equal(result.code, 69)
  assert.match(result.err, /no daemon answers .*none\.sock[\s\S]*Start one with larder serve/)
})

test('damage behind the first MiB is met in mid-body: the client gets the rest from the origin and does not notice', async () => {
  const origin = await startContentOrigin(bytesOf)
  let larder = await startLarder({}, false)
  try {
    const url = `http://127.0.0.1:${origin.port}/large7`
    await ask(larder, url)
    await larder.exchanges('/large7', 1)
    larder = await larder.restart()
    // Not a suspect: only the chunk itself tells.
    flip(fileOf(larder, '/large7'), mebibyte + 5)
    const answers = await Promise.all(Array.from({ length: 5 }, () => ask(larder, url)))
    for (const { bytes, complete } of answers) assert.ok(complete && bytes.equals(bytesOf('/large7')))
    assert.equal(larder.events.filter((event) => event.kind === 'blob-damaged').length, 1)
    assert.deepEqual(origin.asked, ['/large7', '/large7'])
  } finally {
    await larder.stop()
    await origin.stop()
  }
})

test('where the origin is gone, damage in mid-body breaks the transfer visibly', async () => {
  const origin = await startContentOrigin(bytesOf)
  let larder = await startLarder({}, false)
  try {
    const url = `http://127.0.0.1:${origin.port}/large8`
    await ask(larder, url)
    await larder.exchanges('/large8', 1)
    larder = await larder.restart()
    flip(fileOf(larder, '/large8'), mebibyte + 5)
    await origin.stop()
    const { bytes, complete } = await ask(larder, url)
    assert.equal(complete, false)
    assert.ok(bytes.length <= mebibyte && bytes.equals(bytesOf('/large8').subarray(0, bytes.length)))
  } finally {
    await larder.stop()
  }
})
