import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { PlainRequestReader } from '../../../src/server/plain-request.ts'

const reader = new PlainRequestReader()
const read = (text: string) => reader.read(Buffer.from(text, 'latin1'))

test('a plain GET is read: target, and fields in case and order', () => {
  const request = read('GET http://a.test/x?y HTTP/1.1\r\nHost: a.test\r\nAccept:  */*\t\r\nX-Empty:\r\n\r\n')
  assert.equal(request?.requestTarget, 'http://a.test/x?y')
  assert.deepEqual(request?.fields.raw, ['Host', 'a.test', 'Accept', '*/*', 'X-Empty', ''])
})

test('keep-alive is what a plain GET asks for anyway', () => {
  assert.ok(read('GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive\r\nProxy-Connection: Keep-Alive\r\n\r\n'))
})

const others: readonly (readonly [name: string, text: string])[] = [
  ['another method', 'HEAD / HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['another version', 'GET / HTTP/1.0\r\nHost: a\r\n\r\n'],
  ['half a head', 'GET / HTTP/1.1\r\nHost: a\r\n'],
  ['two requests in one piece', 'GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['content behind the head', 'GET / HTTP/1.1\r\nHost: a\r\n\r\nx'],
  ['a declared length', 'GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n'],
  ['a transfer coding', 'GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n'],
  ['an upgrade', 'GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n'],
  ['an expectation', 'GET / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n\r\n'],
  ['a connection that is to close', 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'],
  ['a folded line', 'GET / HTTP/1.1\r\nHost: a\r\nX: b\r\n c\r\n\r\n'],
  ['a bare line feed', 'GET / HTTP/1.1\nHost: a\n\n'],
  ['a line feed in a value', 'GET / HTTP/1.1\r\nHost: a\r\nX: b\nY: c\r\n\r\n'],
  ['a space before the colon', 'GET / HTTP/1.1\r\nHost : a\r\n\r\n'],
  ['a NUL', 'GET / HTTP/1.1\r\nHost: a\r\nX: \0\r\n\r\n'],
  ['a field without a name', 'GET / HTTP/1.1\r\nHost: a\r\n: b\r\n\r\n'],
  ['a byte above ASCII', 'GET / HTTP/1.1\r\nHost: a\r\nX: \xe9\r\n\r\n'],
]

for (const [name, text] of others) {
  test(`${name} is left to the full parser (RFC 9112)`, () => assert.equal(read(text), undefined))
}

test('whatever the bytes, reading never throws, and what is read holds no control character', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 60 }), fc.string({ maxLength: 60 }), (noise, more) => {
      const request = read(`GET /${noise} HTTP/1.1\r\nHost: a\r\n${more}\r\n\r\n`)
      for (const text of request?.fields.raw ?? []) assert.match(text, /^[\x20-\x7e]*$/)
    }),
  )
})
