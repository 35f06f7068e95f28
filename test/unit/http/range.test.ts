import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { parseContentRange, parseRange, resolveRange } from '../../../src/http/range.ts'

const whole = { kind: 'whole' }
const unsatisfiable = { kind: 'unsatisfiable' }
const partial = (first: number, last: number) => ({ kind: 'partial', first, last })

describe('Range (RFC 9110 section 14.2)', () => {
  const rows: readonly (readonly [string | undefined, number, object])[] = [
    [undefined, 10, whole],
    ['bytes=0-0', 10, partial(0, 0)],
    ['bytes=0-', 10, partial(0, 9)],
    ['bytes=3-5', 10, partial(3, 5)],
    ['Bytes=3-99', 10, partial(3, 9)],
    ['bytes=-3', 10, partial(7, 9)],
    ['bytes=-99', 10, partial(0, 9)],
    ['bytes= 3-5 ,', 10, partial(3, 5)],
    [`bytes=3-${'9'.repeat(30)}`, 10, partial(3, 9)],
    ['bytes=10-', 10, unsatisfiable],
    ['bytes=-0', 10, unsatisfiable],
    [`bytes=${'9'.repeat(30)}-`, 10, unsatisfiable],
    ['bytes=0-', 0, unsatisfiable],
    ['bytes=-5', 0, whole],
    ['bytes=5-3', 10, whole],
    ['bytes=0-1,3-4', 10, whole],
    ['bytes=-', 10, whole],
    ['bytes=a-b', 10, whole],
    ['bytes=0x0-1', 10, whole],
    ['bytes 0-1', 10, whole],
    ['lines=0-1', 10, whole],
    ['bytes=+1-2', 10, whole],
    ['', 10, whole],
  ]
  for (const [value, size, expected] of rows) {
    test(`${value} of ${size} bytes is ${JSON.stringify(expected)}`, () => {
      assert.deepEqual(resolveRange(value, size), expected)
    })
  }

  test('what is known while the size is not', () => {
    assert.deepEqual(parseRange('bytes=5-'), { first: 5, last: undefined })
    assert.deepEqual(parseRange('bytes=-5'), { suffixBytes: 5 })
    assert.equal(parseRange('bytes=1-2,4-5'), undefined)
  })

  test('Content-Range that contradicts itself is none (section 14.4)', () => {
    assert.deepEqual(parseContentRange('bytes 0-4/10'), { first: 0, last: 4, sizeBytes: 10 })
    assert.deepEqual(parseContentRange('bytes 0-4/*'), { first: 0, last: 4, sizeBytes: undefined })
    for (const text of ['bytes 5-4/10', 'bytes 0-10/10', 'bytes */10', 'bytes 0-4', '', undefined]) {
      assert.equal(parseContentRange(text), undefined)
    }
  })
})
