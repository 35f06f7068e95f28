import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { PartRecord } from '../../../src/pipeline/partial-records.ts'
import { openPieces, PartialSource } from '../../../src/pipeline/partial-source.ts'
import type { BlobStore, ByteSource } from '../../../src/store/blob-store.ts'
import { MemoryBlobStore } from '../../../src/store/memory-blob-store.ts'
import { content, put } from '../../support/blob-content.ts'
import { storedResponse } from '../../support/stored-responses.ts'

const bytes = content(100)

/** A source that counts what it lends and whether it is closed. */
class CountedSource implements ByteSource {
  readonly sizeBytes: number
  readonly #bytes: Buffer
  lentCount = 0
  closed = false

  constructor(source: Buffer) {
    this.#bytes = source
    this.sizeBytes = source.length
  }

  next(position: number, limitBytes: number): Buffer | undefined {
    if (position >= this.#bytes.length) return undefined
    this.lentCount += 1
    return this.#bytes.subarray(position, position + limitBytes)
  }

  release(): void {
    this.lentCount -= 1
  }

  close(): void {
    this.closed = true
  }
}

async function partOf(store: BlobStore, first: number, last: number): Promise<PartRecord> {
  const part = { first, last, sizeBytes: bytes.length }
  return { ...storedResponse(1), content: await put(store, bytes.subarray(first, last + 1)), part }
}

describe('A source of which only pieces are there', () => {
  test('reads by the positions of the whole, over the end of a piece', async () => {
    const store = new MemoryBlobStore()
    const [one, two] = [await partOf(store, 10, 49), await partOf(store, 30, 79)]
    const pieces = [
      { of: one, first: 20, last: 49 },
      { of: two, first: 50, last: 60 },
    ]
    const source = await openPieces(store, bytes.length, pieces)
    const read: Buffer[] = []
    for (let at = 20; at <= 60; at += read.at(-1)!.length) {
      const chunk = await source.next(at, 7)
      read.push(Buffer.from(chunk))
      source.release(chunk)
    }
    assert.ok(Buffer.concat(read).equals(bytes.subarray(20, 61)))
    source.close()
  })

  test('fails outside of its pieces, and where a piece is shorter than it should be', async () => {
    const short = new CountedSource(bytes.subarray(10, 15))
    const source = new PartialSource(bytes.length, [{ source: short, begins: 10, first: 10, last: 19 }])
    await assert.rejects(async () => source.next(9, 1), { code: 'INTERNAL_UNEXPECTED' })
    await assert.rejects(async () => source.next(20, 1), { code: 'INTERNAL_UNEXPECTED' })
    await assert.rejects(async () => source.next(15, 5), { code: 'ORIGIN_TRUNCATED' })
  })

  test('gives chunks back to where they came from, and closes all its sources', async () => {
    const sources = [new CountedSource(bytes.subarray(0, 10)), new CountedSource(bytes.subarray(10, 20))]
    const source = new PartialSource(bytes.length, [
      { source: sources[0]!, begins: 0, first: 0, last: 9 },
      { source: sources[1]!, begins: 10, first: 10, last: 19 },
    ])
    const chunks = [await source.next(0, 10), await source.next(10, 10)]
    assert.deepEqual(
      sources.map(({ lentCount }) => lentCount),
      [1, 1],
    )
    for (const chunk of chunks) source.release(chunk)
    source.close()
    assert.deepEqual(
      sources.map(({ lentCount, closed }) => [lentCount, closed]),
      [
        [0, true],
        [0, true],
      ],
    )
  })

  test('of which one piece is gone is not opened, and nothing of it stays open', async () => {
    const store = new MemoryBlobStore()
    const [one, two] = [await partOf(store, 0, 9), await partOf(store, 10, 19)]
    await store.delete(two.content!.digest)
    const opened: CountedSource[] = []
    const watched = {
      open: async (ref: Parameters<BlobStore['open']>[0]) => {
        if ((await store.open(ref)) === undefined) return undefined
        opened.push(new CountedSource(bytes))
        return opened.at(-1)
      },
    }
    const pieces = [
      { of: one, first: 0, last: 9 },
      { of: two, first: 10, last: 19 },
    ]
    await assert.rejects(openPieces(watched, bytes.length, pieces), { code: 'STORE_BLOB_MISSING' })
    assert.deepEqual(
      opened.map(({ closed }) => closed),
      [true],
    )
  })
})
