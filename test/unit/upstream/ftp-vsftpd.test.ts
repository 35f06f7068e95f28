import assert from 'node:assert/strict'
import { chmod, mkdir, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { Fields, type RawFields } from '../../../src/http/fields.ts'
import type { OriginFetcher } from '../../../src/upstream/origin-fetcher.ts'
import { ftpFetcher, get, refusal, targetOf } from '../../support/origin-fetching.ts'
import { startVsftpd, type Vsftpd } from '../../support/vsftpd.ts'

const modified = new Date('2026-01-02T03:04:05Z')
const big = Buffer.alloc(3_000_000, 'larder\r\n')

describe('Files on vsftpd', () => {
  let server: Vsftpd
  let fetcher: OriginFetcher

  before(async () => {
    server = await startVsftpd()
    const put = async (name: string, content: string | Buffer): Promise<void> => {
      await writeFile(join(server.root, name), content)
      await chmod(join(server.root, name), 0o644)
      await utimes(join(server.root, name), modified, modified)
    }
    await mkdir(join(server.root, 'pub'), { mode: 0o755 })
    await put('file', 'hello')
    await put('empty', '')
    await put('big', big)
    await put('pub/caf\xe9 100%', 'named')
    fetcher = ftpFetcher()
  })

  after(async () => {
    await fetcher?.close()
    await server?.stop()
  })

  const fetchPath = (path: string, fields: RawFields = [], method = 'GET') =>
    get(fetcher, targetOf('ftp', server.port, path), { fields, method })

  test('come whole, with length, time and a tag', async () => {
    const { response, content, fault } = await fetchPath('/file')
    const fields = new Fields(response.fields)
    assert.equal(fault, undefined)
    assert.equal(content.toString(), 'hello')
    assert.deepEqual([response.status, response.framing, response.declaredBytes], [200, 'length', 5])
    assert.equal(fields.get('last-modified'), 'Fri, 02 Jan 2026 03:04:05 GMT')
    assert.equal(fields.get('etag'), '"20260102030405-5"')
    assert.equal(fields.get('content-type'), 'application/octet-stream')
    assert.equal(fields.get('content-length'), '5')
  })

  test('come byte for byte, line ends included, and may be empty', async () => {
    assert.ok((await fetchPath('/big')).content.equals(big))
    const empty = await fetchPath('/empty')
    assert.deepEqual([empty.response.declaredBytes, empty.content.length, empty.fault], [0, 0, undefined])
  })

  test('may have any name', async () => {
    assert.equal((await fetchPath('/pub/caf%C3%A9%20100%25')).content.toString(), 'named')
  })

  test('are not sent again to who has them (RFC 9110 section 13)', async () => {
    const status = async (...fields: string[]) => (await fetchPath('/file', fields)).response.status
    assert.equal(await status('If-None-Match', '"x", "20260102030405-5"'), 304)
    assert.equal(await status('If-None-Match', '"20260102030405-6"', 'If-Modified-Since', modified.toUTCString()), 200)
    assert.equal(await status('If-Modified-Since', modified.toUTCString()), 304)
    assert.equal(await status('If-Modified-Since', 'Fri, 02 Jan 2026 03:04:04 GMT'), 200)
    const { response, content } = await fetchPath('/file', ['If-None-Match', '*'])
    assert.deepEqual([response.status, response.framing, content.length], [304, 'none', 0])
    assert.equal(new Fields(response.fields).get('etag'), '"20260102030405-5"')
  })

  test('are described without content for HEAD', async () => {
    const { response, content } = await fetchPath('/file', [], 'HEAD')
    assert.deepEqual([response.status, response.framing, content.length], [200, 'none', 0])
    assert.equal(new Fields(response.fields).get('content-length'), '5')
  })

  test('that are folders are listed as text that is not stored', async () => {
    for (const path of ['/', '/pub', '/pub/']) {
      const { response, content } = await fetchPath(path)
      const fields = new Fields(response.fields)
      assert.deepEqual([response.status, response.framing], [200, 'length'])
      assert.deepEqual([fields.get('content-type'), fields.get('cache-control')], ['text/plain', 'no-store'])
      assert.match(content.toString('latin1'), path === '/' ? / pub\r?\n/ : /100%/)
    }
  })

  test('that are missing are a 404', async () => {
    for (const path of ['/none', '/none/', '/pub/none']) assert.equal((await fetchPath(path)).response.status, 404)
  })

  test('can only be read', async () => {
    const target = targetOf('ftp', server.port, '/file')
    for (const method of ['PUT', 'DELETE', 'POST', 'OPTIONS']) {
      assert.equal((await refusal(fetcher.fetch({ method, target, fields: [] }))).code, 'CLIENT_URL_DENIED')
    }
  })
})
