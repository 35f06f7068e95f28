import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { crc32 } from 'node:zlib'
import {
  decodeEviction,
  encodeEviction,
  evictionBytes,
  type KeptEviction,
} from '../../../src/store/eviction-snapshot.ts'

const kept: KeptEviction = {
  policy: 'gdsf',
  high: Uint32Array.of(1, 2, 0xffff_ffff),
  low: Uint32Array.of(4, 5, 6),
  arrays: [Float64Array.of(0.5, 7, 1e300), Uint8Array.of(1, 2, 255)],
  numbers: [12.5],
}
const others: readonly KeptEviction[] = [
  { policy: 'lru', high: new Uint32Array(), low: new Uint32Array(), arrays: [], numbers: [] },
  { policy: 'sieve', high: Uint32Array.of(1), low: Uint32Array.of(2), arrays: [Uint8Array.of(1)], numbers: [0] },
]

describe('What is kept of eviction', () => {
  test('is read back as it was written, and takes no more than was said', () => {
    for (const one of [kept, ...others]) {
      const bytes = encodeEviction(one)
      const read = decodeEviction(bytes)
      assert.ok(typeof read === 'object')
      const { policy, high, low, arrays, numbers } = read
      assert.deepEqual({ policy, high, low, arrays, numbers }, one)
      assert.ok(bytes.length <= evictionBytes(one.policy, one.high.length))
    }
  })

  test('is not used when any of its bits has changed or any of it is missing', () => {
    const bytes = encodeEviction(kept)
    for (let at = 0; at < bytes.length; at++) {
      for (const bit of [1, 128]) {
        const damaged = Buffer.from(bytes)
        damaged[at]! ^= bit
        assert.equal(typeof decodeEviction(damaged), 'string', `byte ${at}`)
      }
      assert.equal(typeof decodeEviction(bytes.subarray(0, at)), 'string', `${at} bytes`)
    }
  })

  test('is not used when another version wrote it', () => {
    const text = encodeEviction(kept).toString('latin1').replace('"version":1', '"version":2')
    assert.equal(decodeEviction(withSum(Buffer.from(text, 'latin1'))), 'it is of version 2, and 1 is known')
  })

  test('is not used when its first line tells of other arrays than follow', () => {
    for (const [from, to] of [
      ['"count":3', '"count":2'],
      ['"count":3', '"count":9'],
      ['"policy":"gdsf"', '"policy":"sieve"'],
    ] as const) {
      const text = encodeEviction(kept).toString('latin1').replace(from, to)
      assert.equal(decodeEviction(withSum(Buffer.from(text, 'latin1'))), 'it has another length than it tells')
    }
  })
})

function withSum(bytes: Buffer): Buffer {
  bytes.writeUInt32LE(crc32(bytes.subarray(0, -4)), bytes.length - 4)
  return bytes
}
