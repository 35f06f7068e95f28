import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { describe, test } from 'node:test'
import { digestOf } from '../../../src/base/digest.ts'
import type { BlobRef } from '../../../src/store/blob-store.ts'
import { contentBytes, decodeRow, encodeRow, headBytes } from '../../../src/store/row-coding.ts'

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
    const bomb = encodeRow(Buffer.alloc(1_000_000, 'a'))
    assert.equal(decodeRow(bomb, { ...refOf(text), sizeBytes: 10 }), undefined)
  })
})
