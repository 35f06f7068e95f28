import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { Fault } from '../../../src/base/faults.ts'
import type { OriginFetcher, RequestBody } from '../../../src/upstream/origin-fetcher.ts'
import { type FaultOrigin, startFaultOrigin, withLength } from '../../fakes/fault-origin.ts'
import { get, httpFetcher, refusal, targetOf } from '../../support/origin-fetching.ts'

function bodyOf(sizeBytes: number | undefined, ...pieces: readonly (string | Error)[]): RequestBody {
  async function* chunks(): AsyncGenerator<Buffer> {
    for (const piece of pieces) {
      if (piece instanceof Error) throw piece
      yield Buffer.from(piece)
    }
  }
  return { sizeBytes, chunks: chunks() }
}

describe('A request over HTTP/1.1', () => {
  let origin: FaultOrigin
  let fetcher: OriginFetcher

  before(async () => {
    origin = await startFaultOrigin(() => [{ send: withLength('hello') }])
    fetcher = httpFetcher()
  })

  after(async () => {
    await fetcher.close()
    await origin.stop()
  })

  const last = (): string => origin.requests.at(-1)!
  const target = (path: string) => targetOf('http', origin.port, path)

  test('carries its path and fields as they are, and Host from the target', async () => {
    await get(fetcher, target('/a%2fB/../c?x=%5B&y'), { fields: ['X-One', '1', 'aCCept', '*/*', 'X-One', 'caf\xe9'] })
    const lines = last().split('\r\n')
    assert.equal(lines[0], 'GET /a%2fB/../c?x=%5B&y HTTP/1.1')
    assert.deepEqual(
      lines.filter((line) => !/^(host|connection):/i.test(line)),
      ['GET /a%2fB/../c?x=%5B&y HTTP/1.1', 'X-One: 1', 'aCCept: */*', 'X-One: caf\xe9', '', ''],
    )
    assert.deepEqual(
      lines.filter((line) => /^host:/i.test(line)),
      [`host: 127.0.0.1:${origin.port}`],
    )
  })

  test('carries content with its declared length', async () => {
    await get(fetcher, target('/length'), { method: 'PUT', body: bodyOf(5, 'he', 'llo') })
    assert.match(last(), /\r\ncontent-length: 5\r\n\r\nhello$/i)
  })

  test('carries content of unknown length in chunks', async () => {
    await get(fetcher, target('/chunks'), { method: 'POST', body: bodyOf(undefined, 'he', 'llo') })
    assert.match(last(), /\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n$/i)
  })

  test('carries empty content as a length of zero', async () => {
    await get(fetcher, target('/empty'), { method: 'POST', body: bodyOf(0) })
    assert.match(last(), /\r\ncontent-length: 0\r\n/i)
  })

  test('is given up when its content breaks off, or has another length than declared', async () => {
    const send = (body: RequestBody) =>
      refusal(fetcher.fetch({ method: 'PUT', target: target('/broken'), fields: [], body }))
    assert.equal((await send(bodyOf(9, 'he', new Error('gone')))).code, 'CLIENT_REQUEST_INVALID')
    const timeout = new Fault('CLIENT_TIMEOUT', 'too slow')
    assert.equal(await send(bodyOf(undefined, 'he', timeout)), timeout)
    assert.equal((await send(bodyOf(9, 'hello'))).code, 'CLIENT_REQUEST_INVALID')
    assert.equal((await send(bodyOf(2, 'hello'))).code, 'CLIENT_REQUEST_INVALID')
    assert.equal(origin.count('/broken'), 0)
  })

  test('that cannot be written is refused before it is sent', async () => {
    for (const fields of [
      ['X', 'a\r\nInjected: 1'],
      ['X y', 'a'],
      ['Expect', '100-continue'],
    ]) {
      const fault = await refusal(fetcher.fetch({ method: 'GET', target: target('/unwritten'), fields }))
      assert.equal(fault.code, 'CLIENT_REQUEST_INVALID')
    }
    const fault = await refusal(fetcher.fetch({ method: 'GET', target: target('/a b'), fields: [] }))
    assert.equal(fault.code, 'CLIENT_REQUEST_INVALID')
    assert.equal(origin.count('/unwritten'), 0)
  })
})
