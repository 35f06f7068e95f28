import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { UserRule } from '../../../src/config/user-rules.ts'
import { startLarder, type TestLarder } from '../../support/larder.ts'
import { startOrigin, type TestOrigin } from '../../support/origin.ts'
import { ask, type ProxiedAnswer } from '../../support/proxy-client.ts'

const blank = { drop: [], keep: undefined, signed: undefined, public: false, fold: [] }
const content = Buffer.alloc(100_000, 'release ')
let larder: TestLarder
let pages: TestOrigin
let bucket: TestOrigin
let mirrors: readonly TestOrigin[]
let signatures = 0
let lifeSeconds = 300

/** As an object store signs: now, for so long, and each time anew. */
function signedUrl(path: string): string {
  signatures += 1
  const date = new Date(Date.now()).toISOString().replace(/[-:]|\.\d+/g, '')
  return `${bucket.url}${path}?X-Amz-Date=${date}&X-Amz-Expires=${lifeSeconds}&X-Amz-Signature=s${signatures}`
}

before(async () => {
  bucket = await startOrigin((request, response) => {
    if (!request.url!.includes('X-Amz-Signature=')) return response.writeHead(403).end('no signature')
    response.writeHead(200, { 'Content-Length': content.length, 'Cache-Control': 'max-age=3600', ETag: '"1"' })
    return response.end(content)
  })
  pages = await startOrigin((request, response) => {
    response.writeHead(302, { Location: signedUrl(`/store${request.url}`), 'Content-Length': 0 }).end()
  })
  mirrors = await Promise.all(
    ['/a/', '/b/'].map((folder) =>
      startOrigin((request, response) => {
        const isThere = request.url!.startsWith(folder)
        response.writeHead(isThere ? 200 : 404, { 'Cache-Control': 'max-age=3600' }).end(request.url)
      }),
    ),
  )
  const rules: readonly UserRule[] = [
    {
      ...blank,
      origin: 'test.yaml:1',
      match: { host: '127.0.0.1', pathPrefix: '/store/', pathPattern: undefined },
      signed: 's3v4',
    },
    {
      ...blank,
      origin: 'test.yaml:4',
      match: { host: '127.0.0.1', pathPrefix: '/a/', pathPattern: undefined },
      drop: ['session'],
    },
    { ...blank, origin: 'test.yaml:7', match: undefined, fold: [`${mirrors[0]!.url}/a/`, `${mirrors[1]!.url}/b/`] },
  ]
  larder = await startLarder({ rules }, false)
})

after(async () => {
  await larder.stop()
  for (const origin of [pages, bucket, ...mirrors]) await origin.stop()
})

/** As a client does: the redirect, then where it leads. */
async function download(path: string, headers: { [name: string]: string } = {}): Promise<ProxiedAnswer> {
  const redirect = await ask(larder.port, pages.url + path, { headers })
  assert.equal(redirect.status, 302)
  return ask(larder.port, String(redirect.headers.location), { headers })
}

const bucketCount = (path: string): number =>
  bucket.requests.filter(({ url }) => url.startsWith(`/store${path}?`)).length

test('a second download of a release asks the store for nothing, whatever its signature', async () => {
  const first = await download('/r1/tool.bin')
  assert.deepEqual(first.body, content)
  await larder.exchanges('/store/r1/tool.bin', 1)
  const second = await download('/r1/tool.bin')
  assert.match(String(second.headers['cache-status']), /^larder; hit/)
  assert.deepEqual(second.body, content)
  assert.equal(bucketCount('/r1/tool.bin'), 1)
  assert.equal(pages.count('/r1/tool.bin'), 2)
})

test('many clients with a signature each share one download from the store', async () => {
  const answers = await Promise.all(Array.from({ length: 20 }, () => download('/r2/tool.bin')))
  for (const answer of answers) assert.deepEqual(answer.body, content)
  assert.equal(bucketCount('/r2/tool.bin'), 1)
})

test('signed URLs that no redirect led to are not shared, nor are those that credentials led to', async () => {
  for (let i = 0; i < 2; i += 1) assert.equal((await ask(larder.port, signedUrl('/store/r3/x'))).status, 200)
  assert.equal(bucketCount('/r3/x'), 2)
  for (let i = 0; i < 2; i += 1) await download('/r4/x', { Authorization: 'Bearer x' })
  assert.equal(bucketCount('/r4/x'), 2)
})

test('a signature that has ended proves nothing, and no redirect to it is kept', async () => {
  lifeSeconds = 0
  await download('/r5/x')
  await download('/r5/x')
  lifeSeconds = 300
  assert.equal(bucketCount('/r5/x'), 2)
  assert.equal(pages.count('/r5/x'), 2)
})

test('what a signature brought survives a restart; the next redirect finds it', async () => {
  await download('/r6/x')
  await larder.exchanges('/store/r6/x', 1)
  larder = await larder.restart()
  const again = await download('/r6/x')
  assert.match(String(again.headers['cache-status']), /^larder; hit/)
  assert.equal(bucketCount('/r6/x'), 1)
})

test('no signature is in the log', async () => {
  const [exchange] = await larder.exchanges('/store/r6/x', 1)
  assert.ok(!JSON.stringify(exchange).includes('Signature'))
})

test('rules of the user drop noise and fold mirrors; the origin sees what was asked', async () => {
  const [one, two] = mirrors as [TestOrigin, TestOrigin]
  await ask(larder.port, `${one.url}/a/file?session=1`)
  await larder.exchanges('/a/file', 1)
  const other = await ask(larder.port, `${one.url}/a/file?session=2`)
  assert.match(String(other.headers['cache-status']), /^larder; hit/)
  assert.equal(one.requests[0]!.url, '/a/file?session=1')
  const folded = await ask(larder.port, `${two.url}/b/file`)
  assert.match(String(folded.headers['cache-status']), /^larder; hit/)
  assert.equal(two.requests.length, 0)
})
