import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { startLarder, type TestLarder } from '../../support/larder.ts'
import { startOrigin } from '../../support/origin.ts'
import { type Squid, startSquid } from '../../support/squid.ts'
import { startTlsOrigin } from '../../support/tls-origin.ts'
import { curlDownloads } from '../chaos/curl-downloads.ts'

const objectBytes = 512 * 1024
const objectCount = 40
/** The request within whose answer Squid is killed. */
const fatalRequest = 10
const limit = { timeout: 240_000 }

function contentOf(path: string): Buffer {
  return Buffer.alloc(objectBytes, createHash('sha256').update(path).digest())
}

/** Serves a content for each path, also from the middle; `halfway` is awaited in the middle of each. */
function serving(halfway: (request: IncomingMessage) => Promise<void>) {
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    response.on('error', () => undefined)
    const content = contentOf(request.url!)
    const start = Number(/^bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0)
    const range = { 'content-range': `bytes ${start}-${objectBytes - 1}/${objectBytes}` }
    response.writeHead(start > 0 ? 206 : 200, {
      'content-length': objectBytes - start,
      etag: `"${request.url}"`,
      ...(start > 0 && range),
    })
    const middle = Math.max(start, objectBytes / 2)
    response.write(content.subarray(start, middle))
    await halfway(request)
    response.end(content.subarray(middle))
  }
}

interface Place {
  readonly squid: Squid
  readonly larder: TestLarder
  readonly urls: { readonly http: string; readonly https: string }
  /** For each request at an origin that was not in a tunnel: did it come through Squid? */
  readonly throughSquid: readonly boolean[]
  download(urls: readonly string[]): ReturnType<typeof curlDownloads>
}

async function prepare(t: TestContext, halfway: (squid: Squid, count: number) => Promise<void>): Promise<Place> {
  const squid = await startSquid()
  t.after(() => squid.stop())
  const throughSquid: boolean[] = []
  let count = 0
  const handle = serving(async ({ headers, socket }) => {
    if (!('encrypted' in socket)) throughSquid.push(headers.via?.includes('squid') ?? false)
    count += 1
    await halfway(squid, count)
  })
  const http = await startOrigin(handle)
  t.after(() => http.stop())
  const https = await startTlsOrigin(handle)
  t.after(() => https.stop())
  const larder = await startLarder({
    parents: [{ tls: false, host: '127.0.0.1', port: squid.port }, 'direct'],
    originCaFiles: [https.caFile],
    connectPorts: [https.port],
    retryAttempts: 5,
  })
  t.after(() => larder.stop())
  const args = ['--cacert', join(larder.settings.caFolder, 'ca.pem')]
  const download = (urls: readonly string[]) =>
    curlDownloads(t, { proxyPort: larder.port, urls, processCount: 4, urlsPerProcess: 4, args })
  return { squid, larder, urls: { http: http.url, https: https.url }, throughSquid, download }
}

function objects({ http, https }: Place['urls']): string[] {
  return Array.from({ length: objectCount }, (_, number) => `${number % 2 === 0 ? http : https}/object-${number}`)
}

function assertAllRight(downloads: Awaited<ReturnType<typeof curlDownloads>>): void {
  for (const { url, exitCode, content } of downloads) {
    assert.equal(exitCode, 0, url)
    assert.ok(content?.equals(contentOf(new URL(url).pathname)), url)
  }
}

test('http and https origins are asked through a Squid that is the parent', limit, async (t) => {
  const place = await prepare(t, async () => {})
  assertAllRight(await place.download(objects(place.urls)))
  assert.ok(place.throughSquid.every((through) => through))
  assert.equal(place.throughSquid.length, objectCount / 2)
  // It logs a tunnel when that ends.
  await place.larder.daemon.stop()
  const { port } = new URL(place.urls.https)
  while (!(await place.squid.log()).includes(`CONNECT localhost:${port}`)) await pause(25)
})

test(
  'a Squid that is killed in the middle of downloads: no client fails, direct takes over; when it is back, it is used again',
  limit,
  async (t) => {
    const place = await prepare(t, async (squid, count) => {
      if (count === fatalRequest) await squid.kill()
    })
    assertAllRight(await place.download(objects(place.urls)))
    assert.equal(place.throughSquid[0], true)
    assert.equal(place.throughSquid.at(-1), false)
    await place.squid.restart()
    for (let number = 0; place.throughSquid.at(-1) === false; number += 1) {
      assertAllRight(await place.download([`${place.urls.http}/again-${number}`]))
      await pause(50)
    }
  },
)
