import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Fault, type FaultCode } from '../../../src/base/faults.ts'
import { Fields } from '../../../src/http/fields.ts'
import type { FtpFetcherOptions } from '../../../src/upstream/ftp-origin-fetcher.ts'
import type { OriginFetcher } from '../../../src/upstream/origin-fetcher.ts'
import { type FaultFtp, type FtpFaults, startFaultFtp } from '../../fakes/fault-ftp.ts'
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
    // Whatever happened, no control connection is left behind; idle ones end with the fetcher.
    await fetcher.close()
    await server.idle()
  } finally {
    await fetcher.close()
    await server.stop()
  }
}

const fileOf = (server: FaultFtp) => targetOf('ftp', server.port, '/file')

/** Transfers that must not be taken for whole. The reply and the data race, so some may end before or after the head. */
const broken: readonly (readonly [string, FtpFaults, readonly FaultCode[]])[] = [
  ['the data end early although 226 follows', { sentBytes: 3 }, ['ORIGIN_TRUNCATED']],
  ['SIZE said more', { replies: { SIZE: '213 9' } }, ['ORIGIN_TRUNCATED']],
  ['SIZE said less', { replies: { SIZE: '213 2' } }, ['ORIGIN_TRUNCATED']],
  ['the server gives up', { sentBytes: 3, confirmation: '426 Aborted' }, ['ORIGIN_TRUNCATED', 'ORIGIN_FTP_TRANSIENT']],
  ['all bytes came but 226', { confirmation: '451 Disk trouble' }, ['ORIGIN_TRUNCATED', 'ORIGIN_FTP_TRANSIENT']],
  ['the control connection ends', { confirmation: 'fin' }, ['ORIGIN_TRUNCATED', 'ORIGIN_CONNECTION_LOST']],
  [
    'the data connection is reset',
    { sentBytes: 3, dataEnd: 'reset', confirmation: '' },
    ['ORIGIN_TRUNCATED', 'ORIGIN_CONNECTION_LOST'],
  ],
]

/** Exchanges without any response. */
const refused: readonly (readonly [string, FtpFaults, FaultCode])[] = [
  ['421 as the greeting', { replies: { CONNECT: '421 Too many' } }, 'ORIGIN_FTP_TRANSIENT'],
  ['120 as the greeting', { replies: { CONNECT: '120 In a while' } }, 'ORIGIN_FTP_TRANSIENT'],
  ['530 for USER', { replies: { USER: '530 No anonymous' } }, 'ORIGIN_FTP_LOGIN'],
  ['530 for PASS', { replies: { PASS: '530 Who are you' } }, 'ORIGIN_FTP_LOGIN'],
  ['332 for PASS', { replies: { PASS: '332 Which account' } }, 'ORIGIN_FTP_LOGIN'],
  ['530 for SIZE', { replies: { SIZE: '530 Log in first' } }, 'ORIGIN_FTP_LOGIN'],
  ['450 for SIZE', { replies: { SIZE: '450 Busy' } }, 'ORIGIN_FTP_TRANSIENT'],
  ['450 for MDTM', { replies: { MDTM: '450 Busy' } }, 'ORIGIN_FTP_TRANSIENT'],
  ['450 for CWD', { replies: { SIZE: '550 No file', CWD: '450 Busy' } }, 'ORIGIN_FTP_TRANSIENT'],
  ['530 for CWD', { replies: { SIZE: '550 No file', CWD: '530 Log in' } }, 'ORIGIN_FTP_LOGIN'],
  ['425 for RETR', { replies: { RETR: '425 No data connection' } }, 'ORIGIN_FTP_TRANSIENT'],
  ['nonsense for SIZE', { replies: { SIZE: '213 many' } }, 'ORIGIN_RESPONSE_INVALID'],
  ['nonsense for EPSV and PASV', { replies: { EPSV: '500 No', PASV: '227 Nowhere' } }, 'ORIGIN_RESPONSE_INVALID'],
  ['an endless reply', { replies: { SIZE: `213-${'x'.repeat(9000)}` } }, 'ORIGIN_RESPONSE_INVALID'],
  ['an endless greeting', { replies: { CONNECT: `220-${'x\r\n220-'.repeat(3000)}` } }, 'ORIGIN_RESPONSE_INVALID'],
]

describe('An FTP server that misbehaves', () => {
  for (const [title, faults, codes] of broken) {
    test(`gives no whole content when ${title} (CORRECTNESS T08)`, () =>
      play(faults, async (fetcher, server) => {
        let missing = Number.POSITIVE_INFINITY
        const fault = await refusal(
          get(fetcher, fileOf(server)).then((received) => {
            missing = received.response.declaredBytes! - received.content.length
            throw received.fault
          }),
        )
        assert.ok(codes.includes(fault.code), fault.code)
        assert.ok(missing > 0)
      }))
  }

  for (const [title, faults, code] of refused) {
    test(`is ${code} when it sends ${title}`, () =>
      play(faults, async (fetcher, server) => {
        const fault = await refusal(fetcher.fetch({ method: 'GET', target: fileOf(server), fields: [] }))
        assert.equal(fault.code, code)
        assert.match(fault.message, /^127\.0\.0\.1:\d+: /)
      }))
  }

  test('is asked at its other addresses when one does not answer', async () => {
    const resolve = async () => [
      { address: '127.0.0.99', family: 4 },
      { address: '127.0.0.1', family: 4 },
    ]
    await play(
      {},
      async (fetcher, server) => {
        const target = targetOf('ftp', server.port, '/file', 'origin.test')
        assert.equal((await get(fetcher, target)).content.toString(), 'hello')
      },
      { resolve },
    )
  })

  test('that has a barred address among others is not asked at all (CORRECTNESS T20)', async () => {
    const resolve = async () => [
      { address: '127.0.0.1', family: 4 },
      { address: '127.0.0.2', family: 4 },
    ]
    const barred = new Fault('ORIGIN_ADDRESS_PROHIBITED', '127.0.0.2 is barred')
    await play(
      {},
      async (fetcher, server) => {
        const target = targetOf('ftp', server.port, '/file', 'origin.test')
        assert.equal(await refusal(fetcher.fetch({ method: 'GET', target, fields: [] })), barred)
        assert.equal(server.controlCount, 0)
      },
      { resolve, guard: (address) => (address === '127.0.0.2' ? barred : undefined) },
    )
  })

  test('whose name is not resolved in time is ORIGIN_DNS_TIMEOUT', () =>
    play(
      {},
      async (fetcher, server) => {
        const target = targetOf('ftp', server.port, '/file', 'origin.test')
        const fault = await refusal(fetcher.fetch({ method: 'GET', target, fields: [] }))
        assert.equal(fault.code, 'ORIGIN_DNS_TIMEOUT')
      },
      { resolve: () => new Promise(() => {}), connectTimeoutMs: 30 },
    ))

  test('that does not listen is ORIGIN_CONNECT_REFUSED', () =>
    play({}, async (fetcher, server) => {
      const target = fileOf(server)
      await server.stop()
      assert.equal((await refusal(fetcher.fetch({ method: 'GET', target, fields: [] }))).code, 'ORIGIN_CONNECT_REFUSED')
    }))

  test('is timed out when it does not answer, or stops in the middle (CORRECTNESS T31)', async () => {
    await play(
      { replies: { SIZE: '' } },
      async (fetcher, server) => {
        const fault = await refusal(fetcher.fetch({ method: 'GET', target: fileOf(server), fields: [] }))
        assert.equal(fault.code, 'ORIGIN_HEAD_TIMEOUT')
      },
      { idleTimeoutMs: 1_000 },
    )
    await play(
      { sentBytes: 3, dataEnd: 'never' },
      async (fetcher, server) => {
        assert.equal((await get(fetcher, fileOf(server))).fault?.code, 'ORIGIN_READ_TIMEOUT')
      },
      { idleTimeoutMs: 1_000 },
    )
  })

  test('is understood although its replies come byte by byte', () =>
    play({ dribble: true, content: Buffer.from('0123456789'.repeat(20)) }, async (fetcher, server) => {
      const received = await get(fetcher, fileOf(server))
      assert.equal(received.fault, undefined)
      assert.equal(received.response.declaredBytes, 200)
      assert.equal(received.content.length, 200)
    }))

  test('cannot send us to a third host: PASV counts for its port alone (CORRECTNESS T23)', () => {
    const replies = { EPSV: '500 Never heard of it', PASV: '227 Passive mode (192,0,2,1,P1,P2)' }
    const asked: string[] = []
    return play(
      { replies },
      async (fetcher, server) => {
        assert.equal((await get(fetcher, fileOf(server))).content.toString(), 'hello')
        assert.deepEqual(new Set(asked), new Set(['127.0.0.1']))
        assert.equal(asked.length, 2)
      },
      { guard: (address) => void asked.push(address) },
    )
  })

  test('cannot send us to a port that the guard refuses', () =>
    play(
      {},
      async (fetcher, server) => {
        const fault = await refusal(fetcher.fetch({ method: 'GET', target: fileOf(server), fields: [] }))
        assert.equal(fault.code, 'CLIENT_LOOP')
        assert.equal(server.dataCount, 0)
      },
      {
        guard: (() => {
          let first = true
          return () => {
            if (!first) return new Fault('CLIENT_LOOP', 'that is us')
            first = false
            return undefined
          }
        })(),
      },
    ))

  test('that does not know SIZE gives content whose end is not proved', () =>
    play({ replies: { SIZE: '502 What' } }, async (fetcher, server) => {
      const received = await get(fetcher, fileOf(server))
      assert.equal(received.response.framing, 'close')
      assert.equal(received.content.toString(), 'hello')
      assert.equal(new Fields(received.response.fields).get('etag'), undefined)
    }))

  test('that has no such file is a 404 with a text, not a fault', async () => {
    await play({}, async (fetcher, server) => {
      const received = await get(fetcher, targetOf('ftp', server.port, '/other'))
      assert.equal(received.response.status, 404)
      assert.equal(received.response.framing, 'length')
      assert.equal(received.content.length, received.response.declaredBytes)
      assert.equal(server.dataCount, 0, 'RETR is not even tried')
    })
    await play({ replies: { SIZE: '502 What' } }, async (fetcher, server) => {
      assert.equal((await get(fetcher, targetOf('ftp', server.port, '/other'))).response.status, 404)
    })
  })

  test('that tells a size of a folder gives its listing all the same', () =>
    play(
      { replies: { RETR: '550 Not a file', CWD: '250 Entered' }, listing: 'inside\r\n' },
      async (fetcher, server) => {
        const { response, content } = await get(fetcher, fileOf(server))
        assert.deepEqual([response.status, content.toString()], [200, 'inside\r\n'])
      },
    ))

  test('lists at most 1 MB', () =>
    play({ replies: { CWD: '250 Entered' }, listing: 'x'.repeat(1024 * 1024 + 1) }, async (fetcher, server) => {
      const target = targetOf('ftp', server.port, '/folder/')
      const fault = await refusal(fetcher.fetch({ method: 'GET', target, fields: [] }))
      assert.equal(fault.code, 'ORIGIN_RESPONSE_INVALID')
    }))

  test('is never sent a command that the path smuggles in (CORRECTNESS T23)', () =>
    play({}, async (fetcher, server) => {
      const target = targetOf('ftp', server.port, '/file%0d%0aDELE%20file')
      assert.equal((await refusal(fetcher.fetch({ method: 'GET', target, fields: [] }))).code, 'CLIENT_REQUEST_INVALID')
      assert.deepEqual(server.commands, [])
    }))
})
