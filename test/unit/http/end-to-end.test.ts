import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  endToEndResponseFields,
  forwardableRequestFields,
  forwardableTrailers,
  isForwardableInterim,
} from '../../../src/http/end-to-end.ts'

describe('End-to-end fields (RFC 9110 section 7.6.1)', () => {
  const dropped = [
    ...['Connection', 'Keep-Alive', 'Proxy-Connection', 'Proxy-Authorization', 'TE', 'Trailer', 'Transfer-Encoding'],
    ...['Upgrade', 'HTTP2-Settings', 'Host', 'Content-Length', 'Expect', 'Larder-Expect-Digest'],
  ]
  for (const name of dropped) {
    test(`a request’s ${name} is not forwarded`, () => assert.deepEqual(forwardableRequestFields([name, 'a']), []))
  }

  const rewriting = [
    ...['Forwarded', 'X-Forwarded-Host', 'X-Forwarded-For', 'X-Forwarded', 'X_Forwarded_Host', 'X-Original-URL'],
    ...['X-Original-Host', 'X-Rewrite-URL', 'X-HTTP-Method-Override', 'X-Method-Override', 'X-HTTP-Method'],
  ]
  for (const name of rewriting) {
    test(`a request’s ${name} is not forwarded (CORRECTNESS T11)`, () => {
      assert.deepEqual(forwardableRequestFields([name, 'a']), [])
    })
  }

  test('all others keep case, order and repetitions', () => {
    const raw = [
      'X-A',
      '1',
      'accept',
      '*/*',
      'X-A',
      '2',
      'X-Forwards',
      '3',
      'From',
      'a',
      'Cookie',
      'b',
      'Authorization',
      'c',
    ]
    assert.deepEqual(forwardableRequestFields(raw), raw)
  })

  test('what Connection names goes, in any case and in every Connection field', () => {
    const raw = ['connection', 'close, X-A', 'x-a', '1', 'Connection', 'x-b', 'X-B', '2', 'X-C', '3']
    assert.deepEqual(forwardableRequestFields(raw), ['X-C', '3'])
    assert.deepEqual(endToEndResponseFields(raw), ['X-C', '3'])
  })

  test('Connection cannot take away what decides about storing', () => {
    const raw = ['Cache-Control', 'no-store', 'ETag', '"a"', 'Content-Type', 'a/b']
    assert.deepEqual(endToEndResponseFields(['Connection', 'cache-control, etag, content-type', ...raw]), raw)
  })

  test('a response’s framing and proxy fields go', () => {
    const raw = ['Content-Length', '1', 'Transfer-Encoding', 'chunked', 'Trailer', 'a', 'Proxy-Authenticate', 'Basic']
    assert.deepEqual(endToEndResponseFields([...raw, 'Set-Cookie', 'a', 'Set-Cookie', 'b']), [
      'Set-Cookie',
      'a',
      'Set-Cookie',
      'b',
    ])
  })

  test('trailers that would have been needed before the content go (RFC 9110 section 6.5.1)', () => {
    const raw = ['Content-Type', 'a/b', 'Set-Cookie', 'a', 'Cache-Control', 'max-age=1', 'Transfer-Encoding', 'chunked']
    assert.deepEqual(forwardableTrailers([...raw, 'X-Sum', '1']), ['X-Sum', '1'])
  })

  test('interim responses are for the client, but for 100 and 101 (RFC 9110 section 15.2)', () => {
    const all = [99, 100, 101, 102, 103, 199, 200]
    assert.deepEqual(all.filter(isForwardableInterim), [102, 103, 199])
  })
})
