import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { FaultCode } from '../../../src/base/faults.ts'
import type { OriginFetcher } from '../../../src/upstream/origin-fetcher.ts'
import { type FaultOrigin, type Step, startFaultOrigin, withChunks, withLength } from '../../fakes/fault-origin.ts'
import { get, httpFetcher, refusal, targetOf } from '../../support/origin-fetching.ts'

const close = 'Connection: close\r\n'
const fin: Step = { close: 'fin' }
const reset: Step = { close: 'reset' }
const send = (text: string): Step => ({ send: text })
const chunkedHead = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n'

/** Whole contents: path, script, framing, trailers. */
const whole: readonly (readonly [string, readonly Step[], string, readonly string[]])[] = [
  ['declared length', [send(withLength('hello'))], 'length', []],
  ['declared length, then closed', [send(withLength('hello', 5, close)), fin], 'length', []],
  ['declared length, then reset', [send(withLength('hello')), reset], 'length', []],
  ['chunks', [send(withChunks('hel', 'lo'))], 'chunked', []],
  ['chunks and trailers', [send(`${chunkedHead}\r\n5\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n`)], 'chunked', ['X-Sum', '1']],
  ['the end of the connection', [send('HTTP/1.1 200 OK\r\n\r\nhello'), fin], 'close', []],
  ['a line end behind the content', [send(`${withLength('hello', 5, close)}\r\n`), fin], 'length', []],
]

/** Broken contents: what the sink hears. */
const broken: readonly (readonly [string, readonly Step[], FaultCode])[] = [
  ['short of its length', [send(withLength('hello', 9)), fin], 'ORIGIN_TRUNCATED'],
  ['short of its length, on a closing connection', [send(withLength('hello', 9, close)), fin], 'ORIGIN_TRUNCATED'],
  ['reset within its length', [send(withLength('hello', 9)), reset], 'ORIGIN_TRUNCATED'],
  ['without a last chunk', [send(`${chunkedHead}\r\n5\r\nhello\r\n`), fin], 'ORIGIN_TRUNCATED'],
  ['without a last chunk, closing', [send(`${chunkedHead}${close}\r\n5\r\nhello\r\n`), fin], 'ORIGIN_TRUNCATED'],
  ['cut within a chunk', [send(`${chunkedHead}\r\n9\r\nhello`), fin], 'ORIGIN_TRUNCATED'],
  ['framed by the close, but reset', [send('HTTP/1.1 200 OK\r\n\r\nhello'), reset], 'ORIGIN_TRUNCATED'],
  ['with a bad chunk size', [send(`${chunkedHead}\r\n5\r\nhello\r\nz\r\n`)], 'ORIGIN_RESPONSE_INVALID'],
  ['longer than its length', [send(withLength('hello!', 5))], 'ORIGIN_RESPONSE_INVALID'],
  ['longer than its length, closing', [send(withLength('hello!', 5, close)), fin], 'ORIGIN_RESPONSE_INVALID'],
  ['with bytes behind the last chunk', [send(`${withChunks('hello')}!`)], 'ORIGIN_RESPONSE_INVALID'],
  ['with a second response behind it', [send(withLength('hello') + withLength('poison'))], 'ORIGIN_RESPONSE_INVALID'],
]

/** Heads that are no answer. */
const refused: readonly (readonly [string, readonly Step[], FaultCode])[] = [
  [
    'length and chunks',
    [send(`${chunkedHead}Content-Length: 5\r\n\r\n5\r\nhello\r\n0\r\n\r\n`)],
    'ORIGIN_RESPONSE_INVALID',
  ],
  ['two lengths', [send(withLength('hello', 5, 'Content-Length: 6\r\n'))], 'ORIGIN_RESPONSE_INVALID'],
  [
    'chunked, then gzip',
    [send('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, gzip\r\n\r\nhello'), fin],
    'ORIGIN_RESPONSE_INVALID',
  ],
  [
    'gzip, then chunked',
    [send('HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n')],
    'ORIGIN_RESPONSE_INVALID',
  ],
  ['another protocol', [send('SSH-2.0-Server\r\n')], 'ORIGIN_RESPONSE_INVALID'],
  ['an unasked 101', [send('HTTP/1.1 101 Ok\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n')], 'ORIGIN_RESPONSE_INVALID'],
  ['a head beyond 64 KB', [send(withLength('hello', 5, `X: ${'x'.repeat(70_000)}\r\n`))], 'ORIGIN_HEAD_TOO_LARGE'],
  ['interim responses without end', [send('HTTP/1.1 103 Early\r\n\r\n'.repeat(200))], 'ORIGIN_RESPONSE_INVALID'],
  ['a close', [fin], 'ORIGIN_CONNECTION_LOST'],
  ['a reset', [reset], 'ORIGIN_CONNECTION_LOST'],
  ['half a head', [send('HTTP/1.1 200 OK\r\nContent-'), fin], 'ORIGIN_CONNECTION_LOST'],
]

describe('A response over HTTP/1.1', () => {
  const scripts = new Map<string, readonly Step[]>()
  let origin: FaultOrigin
  let fetcher: OriginFetcher

  before(async () => {
    origin = await startFaultOrigin((path) => scripts.get(path)!)
    fetcher = httpFetcher()
  })

  after(async () => {
    await fetcher.close()
    await origin.stop()
  })

  const targetFor = (title: string, script: readonly Step[]) => {
    const path = `/${title.replace(/\W+/g, '-')}`
    scripts.set(path, script)
    return targetOf('http', origin.port, path)
  }

  for (const [title, script, framing, trailers] of whole) {
    test(`is whole when framed by ${title} (RFC 9112 section 6.3)`, async () => {
      const received = await get(fetcher, targetFor(title, script))
      assert.equal(received.fault, undefined)
      assert.equal(received.content.toString(), 'hello')
      assert.equal(received.response.framing, framing)
      assert.deepEqual(received.trailers, trailers)
    })
  }

  for (const [title, script, code] of broken) {
    test(`fails when it is ${title} (CORRECTNESS M11, T01)`, async () => {
      const received = await get(fetcher, targetFor(title, script))
      assert.equal(received.fault?.code, code)
      assert.equal(received.trailers, undefined)
      const { declaredBytes } = received.response
      if (declaredBytes !== undefined) assert.ok(received.content.length < declaredBytes || declaredBytes === 9)
    })
  }

  for (const [title, script, code] of refused) {
    test(`is refused as ${code} when the origin sends ${title}`, async () => {
      const fault = await refusal(fetcher.fetch({ method: 'GET', target: targetFor(title, script), fields: [] }))
      assert.equal(fault.code, code)
    })
  }

  test('is whole without content for 304 and HEAD, whatever stands behind it', async () => {
    const unchanged = [send('HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\nhello')]
    const received = await get(fetcher, targetFor('304', unchanged))
    assert.deepEqual([received.response.status, received.response.framing, received.fault], [304, 'none', undefined])
    const target = targetFor('head', [send(withLength('hello'))])
    const head = await get(fetcher, target, { method: 'HEAD' })
    assert.deepEqual([head.response.framing, head.content.length, head.fault], ['none', 0, undefined])
    assert.deepEqual(head.response.fields, ['Content-Length', '5'])
  })

  test('may be preceded by interim responses, which are handed on (RFC 8297)', async () => {
    const early = 'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n'
    const interim: unknown[] = []
    const received = await get(fetcher, targetFor('early', [send(early + early + withLength('hello'))]), {
      onInterim: (status, fields) => interim.push([status, ...fields]),
    })
    assert.deepEqual(interim, [
      [103, 'Link', '</a>'],
      [103, 'Link', '</a>'],
    ])
    assert.equal(received.content.toString(), 'hello')
  })

  test('is the same when it comes byte by byte', async () => {
    const early = 'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n'
    const text = `${early}${chunkedHead}X-A: 1\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\nX-Sum: 1\r\n\r\n`
    const received = await get(fetcher, targetFor('dripping', [...text].map(send)))
    assert.equal(received.fault, undefined)
    assert.equal(received.content.toString(), 'hello')
    assert.deepEqual(
      [received.response.fields, received.trailers],
      [
        ['X-A', '1'],
        ['X-Sum', '1'],
      ],
    )
  })

  test('keeps case, order and repetition of its fields, and octets beyond ASCII', async () => {
    const extra = 'X-b: 1\r\nSET-Cookie: a\r\nset-cookie: b\r\nX-Name: caf\xe9\r\n'
    const { response } = await get(fetcher, targetFor('fields', [send(withLength('hello', 5, extra))]))
    const expected = ['X-b', '1', 'SET-Cookie', 'a', 'set-cookie', 'b', 'X-Name', 'caf\xe9']
    assert.deepEqual(response.fields, ['Content-Length', '5', ...expected])
  })
})
