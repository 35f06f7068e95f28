import assert from 'node:assert/strict'
import { truncateSync } from 'node:fs'
import { createServer, get as httpGet, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import { digestOf } from '../../../src/base/digest.ts'
import { blobFile, layoutOf } from '../../../src/store/layout.ts'
import { content } from '../../support/blob-content.ts'
import { flip } from '../../support/damage.ts'
import { startLarder, type TestLarder } from '../../support/larder.ts'

const mebibyte = 1024 * 1024
const bytes = content(3_500_000)

type Answer = (request: IncomingMessage, response: ServerResponse) => void

function head(response: ServerResponse, sizeBytes = bytes.length): void {
  response.writeHead(200, { 'Content-Length': sizeBytes, 'Cache-Control': 'max-age=86400', ETag: '"1"' })
}

const whole: Answer = (_, response) => {
  head(response)
  response.end(bytes)
}

/** An origin whose answers are given in turn, the last for all that follow. */
async function startOrigin(context: TestContext, ...answers: readonly Answer[]) {
  const asked: IncomingMessage[] = []
  const server = createServer((request, response) => {
    asked.push(request)
    answers[Math.min(asked.length, answers.length) - 1]!(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  context.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/file`, asked }
}

/** A client, and what it has so far. */
class Client {
  readonly chunks: Buffer[] = []
  readonly over: Promise<boolean>
  readonly begun: Promise<IncomingMessage>
  receivedBytes = 0
  #reached: { readonly sizeBytes: number; readonly tell: () => void } | undefined

  constructor(larder: TestLarder, url: string, headers: Readonly<Record<string, string>> = {}, isPaused = false) {
    const begun = Promise.withResolvers<IncomingMessage>()
    this.begun = begun.promise
    this.over = new Promise((resolve) => {
      const request = httpGet(
        { host: '127.0.0.1', port: larder.port, path: url, agent: false, headers },
        (response) => {
          response.on('error', () => undefined)
          response.on('close', () => resolve(response.complete))
          const read = (): void => void response.on('data', (chunk: Buffer) => this.#take(chunk))
          if (isPaused) response.pause()
          else read()
          begun.resolve(response)
        },
      )
      request.on('error', () => resolve(false))
    })
  }

  get bytes(): Buffer {
    return Buffer.concat(this.chunks)
  }

  /** Begins to read, after a pause. */
  async read(): Promise<void> {
    const response = await this.begun
    response.on('data', (chunk: Buffer) => this.#take(chunk))
    response.resume()
  }

  /** Resolves when so many bytes are there. */
  has(sizeBytes: number): Promise<void> {
    return new Promise((resolve) => {
      this.#reached = { sizeBytes, tell: resolve }
      this.#tell()
    })
  }

  #take(chunk: Buffer): void {
    this.chunks.push(chunk)
    this.receivedBytes += chunk.length
    this.#tell()
  }

  #tell(): void {
    if (this.#reached !== undefined && this.receivedBytes >= this.#reached.sizeBytes) this.#reached.tell()
  }
}

/** A daemon that has stored what the origin's first answer was, and found `damage` in it when it came back. */
async function startDamaged(
  context: TestContext,
  url: string,
  stored: Buffer,
  ...flips: number[]
): Promise<TestLarder> {
  let larder = await startLarder({}, false)
  context.after(() => larder.stop())
  await new Client(larder, url).over
  const [event] = await larder.exchanges('/file', 1)
  if (stored.length === bytes.length) assert.equal(event!.stored, 'yes')
  larder = await larder.restart()
  for (const position of flips) flip(blobFile(layoutOf(larder.settings.dataFolder), digestOf(stored)), position)
  return larder
}

test('a client of damaged content gets what is fetched again while it comes', async (context) => {
  const held = Promise.withResolvers<void>()
  const origin = await startOrigin(context, whole, async (_, response) => {
    head(response)
    response.write(bytes.subarray(0, 2.5 * mebibyte))
    await held.promise
    response.end(bytes.subarray(2.5 * mebibyte))
  })
  const larder = await startDamaged(context, origin.url, bytes, mebibyte + 5)
  const client = new Client(larder, origin.url)
  // The second MiB comes while the origin still has the last.
  await client.has(2 * mebibyte)
  held.resolve()
  assert.equal(await client.over, true)
  assert.ok(client.bytes.equals(bytes))
  await larder.exchanges('/file', 2)
  const later = new Client(larder, origin.url)
  assert.ok((await later.over) && later.bytes.equals(bytes))
  assert.equal(origin.asked.length, 2)
})

test('where the origin has other content now, no byte of it follows those of the old: the transfer breaks visibly, and the next client gets the new', async (context) => {
  const other = content(bytes.length, 2)
  const origin = await startOrigin(context, whole, (_, response) => {
    head(response)
    response.end(other)
  })
  const larder = await startDamaged(context, origin.url, bytes, mebibyte + 5)
  const client = new Client(larder, origin.url)
  assert.equal(await client.over, false)
  assert.ok(client.receivedBytes <= mebibyte && client.bytes.equals(bytes.subarray(0, client.receivedBytes)))
  const next = new Client(larder, origin.url)
  assert.ok((await next.over) && next.bytes.equals(other))
  assert.equal(origin.asked.length, 2)
})

test('a range of damaged content is healed as well', async (context) => {
  const origin = await startOrigin(context, whole)
  const larder = await startDamaged(context, origin.url, bytes, mebibyte + 5)
  const client = new Client(larder, origin.url, { Range: `bytes=${mebibyte + 100}-${2 * mebibyte + 100}` })
  assert.equal(await client.over, true)
  assert.equal((await client.begun).statusCode, 206)
  assert.ok(client.bytes.equals(bytes.subarray(mebibyte + 100, 2 * mebibyte + 101)))
})

test('a client that comes to the damage late follows what others fetch, and it is stored', async (context) => {
  // More than lies in buffers on the way to a client that does not read.
  const large = content(32 * mebibyte)
  const held = Promise.withResolvers<void>()
  const origin = await startOrigin(
    context,
    (_, response) => {
      head(response, large.length)
      response.end(large)
    },
    async (_, response) => {
      head(response, large.length)
      response.write(large.subarray(0, mebibyte))
      await held.promise
      response.end(large.subarray(mebibyte))
    },
  )
  const larder = await startDamaged(context, origin.url, large, 31 * mebibyte + 5)
  const late = new Client(larder, origin.url, {}, true)
  await late.begun
  const first = new Client(larder, origin.url)
  await larder.event((event) => event.kind === 'blob-damaged')
  while (origin.asked.length < 2) await new Promise(setImmediate)
  await late.read()
  await late.has(31 * mebibyte)
  held.resolve()
  for (const client of [first, late]) assert.ok((await client.over) && client.bytes.equals(large))
  const later = new Client(larder, origin.url)
  assert.ok((await later.over) && later.bytes.equals(large))
  assert.equal(origin.asked.length, 2)
})

/** The first answer ends early: its beginning is kept as a part. */
const cut: Answer = (_, response) => {
  head(response)
  response.write(bytes.subarray(0, 2.5 * mebibyte), () => setImmediate(() => response.destroy()))
}

const kept = bytes.subarray(0, 2.5 * mebibyte)
const range = { Range: `bytes=100-${2 * mebibyte + 99}` }
const ofRange = bytes.subarray(100, 2 * mebibyte + 100)

for (const [where, position] of Object.entries({ first: 5, second: mebibyte + 5 })) {
  test(`a part that is damaged in its ${where} MiB: a client of a range of it gets the right bytes, and what is fetched again is kept`, async (context) => {
    const origin = await startOrigin(context, cut, whole)
    const larder = await startDamaged(context, origin.url, kept, position)
    const client = new Client(larder, origin.url, range)
    assert.equal(await client.over, true)
    assert.equal((await client.begun).statusCode, 206)
    assert.ok(client.bytes.equals(ofRange))
    assert.equal(larder.events.filter((event) => event.kind === 'blob-damaged').length, 1)
    assert.equal(origin.asked.length, 2)
    const later = new Client(larder, origin.url, range)
    assert.ok((await later.over) && later.bytes.equals(ofRange))
    assert.equal(origin.asked.length, 2)
  })
}

test('a part whose file is damaged as a whole is fetched again before anything is sent', async (context) => {
  const origin = await startOrigin(context, cut, whole)
  const larder = await startDamaged(context, origin.url, kept)
  truncateSync(blobFile(layoutOf(larder.settings.dataFolder), digestOf(kept)), kept.length - 1)
  const client = new Client(larder, origin.url, range)
  assert.equal(await client.over, true)
  assert.ok(client.bytes.equals(ofRange))
  assert.equal(origin.asked.length, 2)
})

test('a damaged part is not made part of a whole: a client of the whole gets the right bytes', async (context) => {
  const origin = await startOrigin(context, cut, (request, response) => {
    if (request.headers.range === undefined) return whole(request, response)
    response.writeHead(206, {
      'Content-Range': `bytes ${kept.length}-${bytes.length - 1}/${bytes.length}`,
      ETag: '"1"',
    })
    response.end(bytes.subarray(kept.length))
  })
  const larder = await startDamaged(context, origin.url, kept, mebibyte + 5)
  const client = new Client(larder, origin.url)
  assert.equal(await client.over, true)
  assert.ok(client.bytes.equals(bytes))
  assert.equal(origin.asked.at(-1)!.headers.range, undefined)
})
