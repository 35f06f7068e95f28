import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Fields } from '../../../src/http/fields.ts'
import { forwardsLeft, tracedHead } from '../../../src/http/max-forwards.ts'

const rows: readonly (readonly [
  method: string,
  values: readonly string[],
  expected: number | undefined | 'invalid',
])[] = [
  ['TRACE', ['0'], 0],
  ['OPTIONS', ['10'], 10],
  ['OPTIONS', ['007'], 7],
  ['OPTIONS', [], undefined],
  ['GET', ['0'], undefined],
  ['POST', ['x'], undefined],
  ['TRACE', [''], 'invalid'],
  ['TRACE', ['-1'], 'invalid'],
  ['TRACE', ['1.0'], 'invalid'],
  ['TRACE', ['0x1'], 'invalid'],
  ['TRACE', ['1', '1'], 'invalid'],
  ['TRACE', ['1000000000'], 'invalid'],
]

for (const [method, values, expected] of rows) {
  test(`${method} with Max-Forwards ${JSON.stringify(values)} may be forwarded: ${expected} (RFC 9110 section 7.6.2)`, () => {
    assert.equal(forwardsLeft(method, new Fields(values.flatMap((value) => ['Max-Forwards', value]))), expected)
  })
}

test('a traced head shows all fields but credentials and cookies (RFC 9110 section 9.3.8)', () => {
  const fields = new Fields([
    'Host',
    'a.test',
    'authorization',
    'x',
    'Cookie',
    'y',
    'Proxy-Authorization',
    'z',
    'X',
    '1',
  ])
  assert.equal(
    tracedHead('http://a.test/', '1.1', fields),
    'TRACE http://a.test/ HTTP/1.1\r\nHost: a.test\r\nX: 1\r\n\r\n',
  )
})
