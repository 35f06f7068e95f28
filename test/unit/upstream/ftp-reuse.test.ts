import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Fault } from '../../../src/base/faults.ts'
import { Fields } from '../../../src/http/fields.ts'
import type { FtpAccess } from '../../../src/upstream/ftp-access.ts'
import type { FtpFetcherOptions } from '../../../src/upstream/ftp-origin-fetcher.ts'
import type { OriginFetcher } from '../../../src/upstream/origin-fetcher.ts'
import { type FaultFtp, type FtpFaults, startFaultFtp } from '../../fakes/fault-ftp.ts'
import { HandClock } from '../../support/hand-clock.ts'
import { ftpFetcher, get, refusal, targetOf } from '../../support/origin-fetching.ts'

async function play(
  faults: FtpFaults,
  act: (fetcher: OriginFetcher, server: FaultFtp) => Promise<void>,
  options: Partial<FtpFetcherOptions> = {},
): Promise<void> {
  const server = await startFaultFtp(faults)
  const fetcher = ftpFetcher(options)
  try {
    await act(fetcher, server)
    await fetcher.close()
    await server.idle()
  } finally {
    await fetcher.close()
    await server.stop()
  }
}

const fileOf = (server: FaultFtp) => targetOf('ftp', server.port, '/file')
const words = ({ commands }: FaultFtp): string => commands.map((line) => line.split(' ')[0]).join(' ')
/** Commands of a first download, login included; of a further one. */
const firstCount = 10

async function text(fetcher: OriginFetcher, server: FaultFtp): Promise<string> {
  const { content, fault } = await get(fetcher, fileOf(server))
  assert.equal(fault, undefined)
  return content.toString()
}

describe('A control connection', () => {
  test('serves one request after the other, with one login', () =>
    play({}, async (fetcher, server) => {
      for (const _ of [1, 2]) assert.equal(await text(fetcher, server), 'hello')
      assert.equal((await get(fetcher, fileOf(server), { method: 'HEAD' })).response.status, 200)
      assert.equal((await get(fetcher, targetOf('ftp', server.port, '/none'))).response.status, 404)
      assert.equal(server.controlCount, 1)
      const file = 'SIZE MDTM EPSV RETR SIZE MDTM'
      assert.equal(words(server), `USER PASS TYPE PWD ${file} ${file} SIZE MDTM SIZE CWD`)
    }))

  test('is closed when nobody has needed it for five seconds', async () => {
    const timers = new HandClock()
    await play(
      {},
      async (fetcher, server) => {
        await text(fetcher, server)
        await timers.pass(4_999)
        await text(fetcher, server)
        assert.equal(server.controlCount, 1)
        await timers.pass(5_000)
        await server.idle()
      },
      { timers },
    )
  })

  test('is one of four at most that are kept', () =>
    play({}, async (fetcher, server) => {
      await Promise.all(Array.from({ length: 8 }, () => text(fetcher, server)))
      const { controlCount } = server
      await Promise.all(Array.from({ length: 8 }, () => text(fetcher, server)))
      assert.deepEqual([controlCount, server.controlCount], [8, 12])
    }))

  for (const [title, hangUpWords] of [
    ['without a word', ''],
    ['with 421', '421 Too late'],
  ] as const) {
    test(`that turns out to have ended, ${title}, is replaced at once`, () =>
      play({ hangsUp: { afterCount: firstCount, words: hangUpWords } }, async (fetcher, server) => {
        await text(fetcher, server)
        let repeatCount = 0
        const onRepeat = (): number => repeatCount++
        const { content } = await get(fetcher, fileOf(server), { onRepeat })
        assert.equal(content.toString(), 'hello')
        assert.deepEqual([server.controlCount, repeatCount], [2, 1])
      }))
  }

  test('that the server has closed meanwhile is not used again', () =>
    play({}, async (fetcher, server) => {
      await text(fetcher, server)
      server.hangUp()
      await server.idle()
      assert.equal(await text(fetcher, server), 'hello')
      assert.equal(server.controlCount, 2)
    }))

  test('is not used for another login', async () => {
    let user = 'a'
    const access = (): FtpAccess => ({ user, password: 'x', tls: 'none' })
    await play(
      {},
      async (fetcher, server) => {
        for (user of ['a', 'b', 'a']) await text(fetcher, server)
        assert.deepEqual(
          server.commands.filter((line) => line.startsWith('USER')),
          ['USER a', 'USER b'],
        )
      },
      { access },
    )
  })

  test('is closed when the server says more than it was asked for: the next answer would be another one (CORRECTNESS T23)', () =>
    play({ replies: { SIZE: '213 5\r\n213 6' } }, async (fetcher, server) => {
      const fault = await refusal(get(fetcher, fileOf(server)))
      assert.equal(fault.code, 'ORIGIN_RESPONSE_INVALID')
    }))

  test('trusts nothing that was said before TLS (RFC 4217)', async () => {
    const access = (): FtpAccess => ({ user: 'a', password: 'secret', tls: 'explicit' })
    for (const [AUTH, code] of [
      ['234 Go on\r\n230 You are in', 'ORIGIN_RESPONSE_INVALID'],
      ['234 Go on\r\n230', 'ORIGIN_RESPONSE_INVALID'],
      ['200 Fine', 'ORIGIN_RESPONSE_INVALID'],
      ['234 Go on', 'ORIGIN_CONNECT_TIMEOUT'],
      ['534 Never', 'ORIGIN_TLS_PROTOCOL'],
      ['431 Not now', 'ORIGIN_FTP_TRANSIENT'],
    ] as const) {
      await play(
        { replies: { AUTH } },
        async (fetcher, server) => {
          const fault = await refusal(get(fetcher, fileOf(server)))
          assert.equal(fault.code, code, `${AUTH}: ${fault.message}`)
          assert.doesNotMatch(server.commands.join(), /USER|PASS/)
        },
        code === 'ORIGIN_CONNECT_TIMEOUT' ? { access, connectTimeoutMs: 1_000 } : { access },
      )
    }
  })
})

describe('A file', () => {
  const part = { fields: ['Range', 'bytes=2-'] }

  test('comes whole from a server that cannot restart', () =>
    play({ replies: { REST: '502 What' } }, async (fetcher, server) => {
      const { response, content, fault } = await get(fetcher, fileOf(server), part)
      assert.deepEqual([response.status, content.toString(), fault], [200, 'hello', undefined])
    }))

  test('comes from the restart on where the server can', () =>
    play({}, async (fetcher, server) => {
      const { response, content } = await get(fetcher, fileOf(server), part)
      assert.deepEqual([response.status, content.toString()], [206, 'llo'])
      assert.match(words(server), /EPSV REST RETR/)
    }))

  test('that changes while it comes is no whole one (CORRECTNESS T08)', async () => {
    const changed: readonly FtpFaults[] = [
      { replies: { SIZE: ['213 5', '213 6'] } },
      { replies: { MDTM: ['213 20260102030405', '213 20260102030406'] } },
    ]
    for (const faults of changed) {
      await play(faults, async (fetcher, server) => {
        const { content, fault } = await get(fetcher, fileOf(server)).catch((fault: Fault) => ({ content: '', fault }))
        assert.equal(fault?.code, 'ORIGIN_TRUNCATED')
        assert.ok(content.length < 5)
      })
    }
  })

  test('that was modified within the last minute has a weak tag, with which nothing is joined (RFC 9110 section 8.8.2.2)', async () => {
    const at = Date.UTC(2026, 0, 2, 3, 4, 5)
    for (const [now, tag, status] of [
      [at + 59_999, 'W/"20260102030405-5"', 200],
      [at + 60_000, '"20260102030405-5"', 206],
    ] as const) {
      await play(
        {},
        async (fetcher, server) => {
          const fields = [...part.fields, 'If-Range', tag]
          const { response } = await get(fetcher, fileOf(server), { fields })
          assert.equal(response.status, status)
          assert.equal(new Fields(response.fields).get('etag'), tag)
          const condition = { fields: ['If-None-Match', tag] }
          const unchanged = (await get(fetcher, fileOf(server), condition)).response
          assert.equal(unchanged.status, 304)
          assert.equal(new Fields(unchanged.fields).get('etag'), tag)
        },
        { clock: new HandClock(now) },
      )
    }
  })

  test('that was had with a weak tag keeps it when it is unchanged a minute later', () =>
    play({}, async (fetcher, server) => {
      const { response } = await get(fetcher, fileOf(server), {
        fields: ['If-None-Match', 'W/"20260102030405-5"'],
      })
      assert.equal(response.status, 304)
      assert.equal(new Fields(response.fields).get('etag'), 'W/"20260102030405-5"')
    }))

  test('is not given to who sends a login, but for anonymous (CORRECTNESS T23)', () =>
    play({}, async (fetcher, server) => {
      const basic = (user: string): string[] => [
        'Authorization',
        `Basic ${Buffer.from(`${user}:x`).toString('base64')}`,
      ]
      const fault = await refusal(get(fetcher, fileOf(server), { fields: basic('builder') }))
      assert.equal(fault.code, 'CLIENT_URL_DENIED')
      assert.match(fault.message, /ftp-credentials/)
      assert.equal(server.controlCount, 0)
      assert.equal((await get(fetcher, fileOf(server), { fields: basic('anonymous') })).content.toString(), 'hello')
    }))
})
