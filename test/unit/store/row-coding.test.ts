import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { describe, test } from 'node:test'
import { zstdCompressSync } from 'node:zlib'
import { digestOf } from '../../../src/base/digest.ts'
import type { BlobRef } from '../../../src/store/blob-store.ts'
import { contentBytes, decodeRow, encodeRow, headBytes, isRowOf } from '../../../src/store/row-coding.ts'

const refOf = (content: Buffer): BlobRef => ({ digest: digestOf(content), sizeBytes: content.length })
const text = Buffer.from(JSON.stringify(Array.from({ length: 1200 }, (_, number) => ({ version: `1.0.${number}` }))))
const lookalike = Buffer.concat([encodeRow(text).subarray(0, 20), randomBytes(5000)])

const contents: Readonly<Record<string, Buffer>> = {
  text,
  'short text': text.subarray(0, 16_383),
  nothing: Buffer.alloc(0),
  'random bytes': randomBytes(20_000),
  'text that cannot be made shorter': Buffer.from(randomBytes(20_000).toString('base64url')),
  'what looks like a coded row': lookalike,
  'a coded row': encodeRow(text),
}

function coded(told: number, packed: Buffer): Buffer {
  const head = Buffer.from(encodeRow(text).subarray(0, headBytes))
  head.writeUInt32LE(told, headBytes - 4)
  return Buffer.concat([head, packed])
}

describe('Rows of small blobs', () => {
  for (const [name, content] of Object.entries(contents)) {
    test(`${name} comes back to the byte, with its length in the row`, () => {
      const row = encodeRow(content)
      assert.deepEqual(decodeRow(row, refOf(content)), content)
      assert.equal(contentBytes(row.subarray(0, headBytes), row.length), content.length)
      // While it is not in the file yet, the content itself is read.
      assert.deepEqual(decodeRow(content, refOf(content)), content)
    })
  }

  test('text takes a fraction of its length, other content its length', () => {
    assert.ok(encodeRow(text).length < text.length / 3)
    assert.equal(encodeRow(contents['random bytes']!).length, 20_000)
    assert.equal(
      encodeRow(contents['text that cannot be made shorter']!).length,
      contents['text that cannot be made shorter']!.length,
    )
  })

  test('a coded row with any bit flipped is nothing (CORRECTNESS T03)', () => {
    const row = encodeRow(text)
    for (const at of [0, 3, headBytes, headBytes + 4, row.length >> 1, row.length - 1]) {
      const flipped = Buffer.from(row)
      flipped[at]! ^= 1
      assert.equal(decodeRow(flipped, refOf(text)), undefined, `byte ${at}`)
    }
  })

  test('a row that would become longer than its content says is not unpacked beyond it', () => {
    const bomb = coded(1000, zstdCompressSync(Buffer.alloc(50_000_000, 'a')))
    assert.equal(decodeRow(bomb, { ...refOf(text), sizeBytes: 1000 }), undefined)
  })

  test('a row that says a length which no coded row has is a damaged one: nothing is unpacked for it', () => {
    const packed = zstdCompressSync(Buffer.alloc(50_000_000, 'a'))
    for (const told of [64 * 1024 + 1, 50_000_000, 0xffff_ffff]) {
      const row = coded(told, packed)
      assert.equal(contentBytes(row.subarray(0, headBytes), row.length), row.length)
      assert.equal(decodeRow(row, { digest: digestOf(Buffer.alloc(50_000_000, 'a')), sizeBytes: told }), undefined)
      assert.equal(isRowOf(row, refOf(text).digest), false)
    }
  })

  test('a coded row with bytes behind its end is a damaged one', () => {
    assert.equal(decodeRow(Buffer.concat([encodeRow(text), Buffer.alloc(1)]), refOf(text)), undefined)
  })

  test('a row that says another length than its reference is a damaged one', () => {
    const row = encodeRow(text)
    row.writeUInt32LE(text.length + 1, 4)
    assert.equal(decodeRow(row, refOf(text)), undefined)
    assert.equal(isRowOf(row, refOf(text).digest), false)
  })

  test('a row that asks for a window of 128 MiB to be unpacked in is a damaged one', () => {
    // RFC 8878 section 3.1.1: a frame of one raw block, which needs no window at all.
    const frame = (window: number): Buffer =>
      Buffer.concat([Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, window, (4 << 3) | 1, 0, 0]), Buffer.from('abcd')])
    const ref = refOf(Buffer.from('abcd'))
    assert.deepEqual(decodeRow(coded(4, frame(11 << 3)), ref), Buffer.from('abcd'))
    assert.equal(decodeRow(coded(4, frame(17 << 3)), ref), undefined)
  })

  test('a row is known by its digest alone, packed or not', () => {
    for (const content of Object.values(contents)) {
      assert.ok(isRowOf(encodeRow(content), refOf(content).digest))
      assert.ok(isRowOf(content, refOf(content).digest))
    }
  })
})
