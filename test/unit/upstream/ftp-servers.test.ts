import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { Fields } from '../../../src/http/fields.ts'
import type { FtpAccess } from '../../../src/upstream/ftp-access.ts'
import type { FtpFetcherOptions } from '../../../src/upstream/ftp-origin-fetcher.ts'
import type { OriginFetcher } from '../../../src/upstream/origin-fetcher.ts'
import { createOriginTrust } from '../../../src/upstream/origin-trust.ts'
import { createThrowAwayCa, type ThrowAwayCa } from '../../fakes/throw-away-ca.ts'
import type { FtpDaemon } from '../../support/ftp-daemon.ts'
import { ftpFetcher, get, refusal, targetOf } from '../../support/origin-fetching.ts'
import { startProftpd } from '../../support/proftpd.ts'
import { startVsftpd } from '../../support/vsftpd.ts'

const modified = new Date('2026-01-02T03:04:05Z')
const big = Buffer.from(Array.from({ length: 200_000 }, (_, i) => `line ${i}\r\n`).join(''))
const tag = `"20260102030405-${big.length}"`
const servers = { vsftpd: startVsftpd, proftpd: startProftpd }
const resolve = async () => [{ address: '127.0.0.1', family: 4 }]
let ca: ThrowAwayCa

before(() => {
  ca = createThrowAwayCa()
})

after(() => ca?.remove())

function put(server: FtpDaemon, name: string, content: string | Buffer): void {
  const file = join(server.root, name)
  writeFileSync(file, content)
  chmodSync(file, 0o644)
  utimesSync(file, modified, modified)
}

function fetcherWith(access: Partial<FtpAccess>, options: Partial<FtpFetcherOptions> = {}): OriginFetcher {
  const whole: FtpAccess = { user: 'anonymous', password: 'larder@', tls: 'none', ...access }
  return ftpFetcher({ trust: createOriginTrust([ca.root]), resolve, access: () => whole, ...options })
}

for (const [name, start] of Object.entries(servers)) {
  for (const tls of ['none', 'explicit', 'implicit'] as const) {
    describe(`${name} with TLS ${tls}`, () => {
      let server: FtpDaemon
      let fetcher: OriginFetcher
      const target = (path: string, host = 'localhost') => targetOf('ftp', server.port, path, host)

      before(async () => {
        server = await start(tls === 'none' ? {} : { tls: { mode: tls, ...ca.issue('DNS:localhost') } })
        mkdirSync(join(server.root, 'pub'), { mode: 0o755 })
        put(server, 'big', big)
        put(server, 'pub/a <b>', 'named')
        fetcher = fetcherWith({ tls })
      })

      after(async () => {
        await fetcher?.close()
        await server?.stop()
      })

      test('sends files byte for byte, one after the other and side by side', async () => {
        const paths = ['/big', '/pub/a%20%3Cb%3E', '/big']
        for (const path of paths) assert.equal((await get(fetcher, target(path))).fault, undefined)
        const all = await Promise.all(paths.map((path) => get(fetcher, target(path))))
        assert.deepEqual(
          all.map(({ content, fault }) => [content.length, fault]),
          [big.length, 5, big.length].map((length) => [length, undefined]),
        )
        assert.ok(all[0]!.content.equals(big))
      })

      test('sends the rest of a file, and a part of it, by REST (RFC 9110 section 14)', async () => {
        const part = async (range: string, ...more: string[]) => {
          const { response, content, fault } = await get(fetcher, target('/big'), { fields: ['Range', range, ...more] })
          assert.equal(fault, undefined)
          const fields = new Fields(response.fields)
          return [response.status, fields.get('content-range'), fields.get('etag'), content] as const
        }
        const end = big.length - 1
        assert.deepEqual(await part('bytes=1000000-', 'If-Range', tag), [
          206,
          `bytes 1000000-${end}/${big.length}`,
          tag,
          big.subarray(1_000_000),
        ])
        assert.deepEqual(await part('bytes=70000-70009'), [
          206,
          `bytes 70000-70009/${big.length}`,
          tag,
          big.subarray(70_000, 70_010),
        ])
        assert.deepEqual((await part('bytes=-7'))[3], big.subarray(-7))
        assert.deepEqual((await part('bytes=0-0'))[3], big.subarray(0, 1))
        assert.deepEqual((await part('bytes=5-', 'If-Range', '"other"')).slice(0, 2), [200, undefined])
        assert.deepEqual((await part(`bytes=${big.length}-`)).slice(0, 2), [416, `bytes */${big.length}`])
      })

      test('describes a file without sending it', async () => {
        const { response, content } = await get(fetcher, target('/big'), { method: 'HEAD' })
        assert.deepEqual([response.status, content.length], [200, 0])
        assert.equal(new Fields(response.fields).get('content-length'), String(big.length))
      })

      test('lists a folder as text, and as a page for who names HTML', async () => {
        const text = await get(fetcher, target('/pub/'), { fields: ['Accept', '*/*'] })
        assert.equal(new Fields(text.response.fields).get('content-type'), 'text/plain')
        assert.match(text.content.toString(), / a <b>\r?\n/)
        const page = await get(fetcher, target('/pub/'), { fields: ['Accept', 'text/html,*/*;q=0.8'] })
        assert.equal(new Fields(page.response.fields).get('content-type'), 'text/html')
        assert.match(page.content.toString(), /<a href="\/pub\/a%20%3Cb%3E">a &lt;b&gt;<\/a>/)
        const top = await get(fetcher, target('/'), { fields: ['Accept', 'text/html'] })
        assert.match(top.content.toString(), /<a href="\/pub\/">pub<\/a>/)
      })

      if (tls === 'none') {
        test('is not spoken to without TLS where TLS is asked for', async () => {
          for (const mode of ['explicit', 'implicit'] as const) {
            const demanding = fetcherWith({ tls: mode })
            const fault = await refusal(get(demanding, target('/big')))
            await demanding.close()
            assert.equal(fault.code, 'ORIGIN_TLS_PROTOCOL')
          }
        })
      } else {
        test('is not spoken to when its certificate is of an unknown CA or for another name (CORRECTNESS T24)', async () => {
          const distrusting = fetcherWith({ tls }, { trust: createOriginTrust([]) })
          assert.equal((await refusal(get(distrusting, target('/big')))).code, 'ORIGIN_TLS_CERTIFICATE')
          assert.equal((await refusal(get(fetcher, target('/big', 'other.test')))).code, 'ORIGIN_TLS_CERTIFICATE')
          await distrusting.close()
        })
      }
    })
  }
}

describe('A configured login', () => {
  test('is used on vsftpd, and its refusal is ORIGIN_FTP_LOGIN', async () => {
    const server = await startVsftpd({ password: 's3cret' })
    put(server, 'file', 'hello')
    const target = targetOf('ftp', server.port, '/file')
    const knowing = fetcherWith({ password: 's3cret' })
    const unknowing = fetcherWith({})
    try {
      assert.equal((await get(knowing, target)).content.toString(), 'hello')
      const fault = await refusal(get(unknowing, target))
      assert.equal(fault.code, 'ORIGIN_FTP_LOGIN')
    } finally {
      await Promise.all([knowing.close(), unknowing.close()])
      await server.stop()
    }
  })

  test('begins in its own folder on ProFTPD, unless the path has a further slash (RFC 1738 section 3.2.2)', async () => {
    const login = { user: 'builder', password: 'two words "', home: 'home' }
    const server = await startProftpd({ login })
    mkdirSync(join(server.root, 'home'), { mode: 0o755 })
    put(server, 'home/file', 'at home')
    put(server, 'file', 'outside')
    const fetcher = fetcherWith(login)
    const wrong = fetcherWith({ user: 'builder', password: 'guess' })
    try {
      const text = async (path: string) => (await get(fetcher, targetOf('ftp', server.port, path))).content.toString()
      assert.equal(await text('/file'), 'at home')
      assert.equal(await text(`/%2F${server.root.slice(1)}/file`), 'outside')
      assert.match(await text('/'), /file/)
      const fault = await refusal(get(wrong, targetOf('ftp', server.port, '/file')))
      assert.equal(fault.code, 'ORIGIN_FTP_LOGIN')
      assert.doesNotMatch(fault.message, /guess/)
    } finally {
      await Promise.all([fetcher.close(), wrong.close()])
      await server.stop()
    }
  })
})
