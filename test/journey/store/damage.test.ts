import assert from 'node:assert/strict'
import { createServer, get as httpGet } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { type Digest, digestOf } from '../../../src/base/digest.ts'
import { blobFile, layoutOf } from '../../../src/store/layout.ts'
import { content } from '../../support/blob-content.ts'
import { fileDamages, flip } from '../../support/damage.ts'
import { startLarder, type TestLarder } from '../../support/larder.ts'
import { homeOf, runProgram } from '../../support/program.ts'

const largeBytes = 2_500_000

function bytesOf(path: string): Buffer {
  const number = Number(/\d+/.exec(path)![0])
  return content(path.startsWith('/large') ? largeBytes + number : 70_000 + number, number)
}

/** An origin of content that follows from its path; it counts what it is asked for. */
async function startOrigin() {
  const asked: string[] = []
  const server = createServer((request, response) => {
    asked.push(request.url!)
    const bytes = bytesOf(request.url!)
    response.writeHead(200, { 'Content-Length': bytes.length, 'Cache-Control': 'max-age=86400', ETag: '"1"' })
    response.end(bytes)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const stop = async (): Promise<void> => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
  return { port, asked, stop }
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
    const origin = await startOrigin()
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

test('larder verify finds all that is damaged and was not asked for, and sets it aside', async (context) => {
  const origin = await startOrigin()
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
    const where = [
      '--data',
      larder.settings.dataFolder,
      '--admin',
      `unix:${'path' in larder.settings.admin ? larder.settings.admin.path : ''}`,
    ]
    const result = await runProgram(['verify', '--json', '--rate', '1GiB', ...where], homeOf(context))
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

test('damage behind the first MiB is met in mid-body: the client gets the rest from the origin and does not notice', async () => {
  const origin = await startOrigin()
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
  const origin = await startOrigin()
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
