import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type HeadOfResponse, readResponseHead } from '../../../src/upstream/response-head.ts'

const read = (raw: readonly string[], method = 'GET', status = 200) => readResponseHead(method, status, raw)
const framed = (raw: readonly string[], method?: string, status?: number) => {
  const head = read(raw, method, status) as HeadOfResponse
  return [head.framing, head.declaredBytes]
}

test('the framing follows RFC 9112 section 6.3', () => {
  assert.deepEqual(framed(['Content-Length', '5']), ['length', 5])
  assert.deepEqual(framed(['content-length', '0']), ['length', 0])
  assert.deepEqual(framed(['Transfer-Encoding', 'Chunked']), ['chunked', undefined])
  assert.deepEqual(framed([]), ['close', undefined])
  assert.deepEqual(framed(['Content-Length', '5'], 'HEAD'), ['none', undefined])
  assert.deepEqual(framed(['Content-Length', '5'], 'GET', 304), ['none', undefined])
  assert.deepEqual(framed([], 'GET', 204), ['none', undefined])
})

for (const raw of [
  ['Content-Length', '5', 'Transfer-Encoding', 'chunked'],
  ['Content-Length', '5', 'content-length', '5'],
  ['Transfer-Encoding', 'chunked', 'Transfer-Encoding', 'chunked'],
  ['Transfer-Encoding', 'gzip, chunked'],
  ['Transfer-Encoding', 'chunked, gzip'],
  ['Transfer-Encoding', 'identity'],
  ['Content-Length', '+5'],
  ['Content-Length', '5, 5'],
  ['Content-Length', '0x5'],
  ['Content-Length', ''],
  ['Content-Length', '9007199254740993'],
  ['Content-Length', '99999999999999999999'],
]) {
  test(`${raw.join(' ')} is ambiguous and refused, for HEAD too`, () => {
    assert.equal(typeof read(raw), 'string')
    assert.equal(typeof read(raw, 'HEAD'), 'string')
  })
}

test('fields for one connection are left out, the others keep case, order and repetition (RFC 9110 section 7.6.1)', () => {
  const head = read([
    'X-First',
    '1',
    'Connection',
    'keep-alive, X-Hop',
    'Keep-Alive',
    'timeout=5',
    'x-hop',
    'gone',
    'Set-Cookie',
    'a',
    'Transfer-Encoding',
    'chunked',
    'set-cookie',
    'b',
  ]) as HeadOfResponse
  assert.deepEqual(head.fields, ['X-First', '1', 'Set-Cookie', 'a', 'set-cookie', 'b'])
})

test('a Connection field cannot make Cache-Control disappear', () => {
  const head = read(['Connection', 'cache-control, vary', 'Cache-Control', 'no-store', 'Vary', '*']) as HeadOfResponse
  assert.deepEqual(head.fields, ['Cache-Control', 'no-store', 'Vary', '*'])
})
