import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Fault } from '../../../src/base/faults.ts'
import { SparseFetch } from '../../../src/pipeline/sparse-fetch.ts'
import type { RunListener } from '../../../src/store/ahead-writer.ts'
import type { BlobWriter, ByteSource } from '../../../src/store/blob-store.ts'
import { GrowingBlob } from '../../../src/store/growing-blob.ts'
import { MemoryBlobStore } from '../../../src/store/memory-blob-store.ts'
import type { BodySink, OriginResponse } from '../../../src/upstream/origin-fetcher.ts'
import { breathe } from '../../support/scene.ts'

const content = Buffer.from(Array.from({ length: 100 }, (_, at) => at))
const limits = { minSizeBytes: 1, soonBytes: 10, chunkBytes: 8, maxLegCount: 2 }

/** An answer of the origin, which sends what the test lets it send. */
class Answer {
  readonly first: number
  readonly end: number
  sink: BodySink | undefined
  isLeft = false
  sentTo: number

  constructor(first: number, end: number) {
    this.first = first
    this.end = end
    this.sentTo = first
  }

  get response(): OriginResponse {
    return {
      status: 206,
      fields: [],
      framing: 'length',
      declaredBytes: this.end - this.first,
      requestedAt: 0,
      receivedAt: 0,
      consume: (sink) => {
        this.sink = sink
      },
      resume: () => {},
      cancel: () => {
        this.isLeft = true
      },
    }
  }

  /** Five bytes at a time, as long as somebody takes them. */
  sendTo(end: number): void {
    while (this.sentTo < end && !this.isLeft) {
      const piece = content.subarray(this.sentTo, Math.min(end, this.sentTo + 5))
      this.sentTo += piece.length
      this.sink!.chunk(piece)
    }
    if (this.sentTo === this.end && !this.isLeft) this.sink!.end([])
  }
}

/** A response of 100 bytes that is fetched, with the answers that were asked for. */
class Fetching {
  readonly answers: (Answer | Fault | string)[] = []
  readonly whole = new Answer(0, content.length)
  readonly blob: GrowingBlob
  readonly fetch: SparseFetch
  readonly asked: string[] = []
  ended: 'end' | Fault | undefined

  constructor(writer: BlobWriter = new MemoryBlobStore().create()) {
    this.blob = new GrowingBlob(writer, content.length)
    this.fetch = new SparseFetch({
      blob: this.blob,
      ahead: writer.ahead!,
      sizeBytes: content.length,
      limits,
      ask: async (first, end) => {
        this.asked.push(`${first}-${end}`)
        const next = this.answers.shift() ?? new Answer(first, end)
        if (typeof next === 'string') return next
        if (next instanceof Fault) throw next
        this.last = next
        return next.response
      },
      onBytes: () => {},
    })
    this.fetch.begin(
      {
        chunk: (bytes) => this.blob.append(bytes),
        end: () => {
          this.blob.complete()
          this.ended = 'end'
        },
        fail: (fault) => {
          this.blob.fail(fault)
          this.ended = fault
        },
      },
      this.whole.response,
      undefined,
    )
  }

  last: Answer | undefined

  /** Reads the bytes from `first` to before `end`. */
  async read(first: number, end: number): Promise<Buffer> {
    const reader: ByteSource = this.blob.reader(end)
    const parts: Buffer[] = []
    for (let at = first; at < end; at += parts.at(-1)!.length) {
      const bytes = (await reader.next(at, end - at))!
      parts.push(Buffer.from(bytes))
      reader.release(bytes)
    }
    reader.close()
    return Buffer.concat(parts)
  }
}

describe('What is fetched out of its order', () => {
  test('begins and ends at whole chunks, and is not asked for again when its turn comes', async () => {
    const fetching = new Fetching()
    const read = fetching.read(50, 52)
    await breathe()
    fetching.last!.sendTo(56)
    assert.deepEqual(await read, content.subarray(50, 52))
    fetching.whole.sendTo(100)
    await breathe()
    assert.deepEqual([fetching.whole.isLeft, fetching.whole.sentTo], [true, 50])
    fetching.last!.sendTo(100)
    await breathe()
    assert.deepEqual(fetching.asked, ['48-56', '56-100'])
    assert.equal(fetching.ended, 'end')
    assert.deepEqual(await fetching.read(0, 100), content)
  })

  test('is one request, however many wait for the same bytes, and none for what comes soon', async () => {
    const fetching = new Fetching()
    const reads = [fetching.read(50, 56), fetching.read(51, 54), fetching.read(5, 9)]
    await breathe()
    assert.deepEqual(fetching.asked, ['48-56'])
    fetching.last!.sendTo(56)
    fetching.whole.sendTo(20)
    assert.deepEqual(await Promise.all(reads), [
      content.subarray(50, 56),
      content.subarray(51, 54),
      content.subarray(5, 9),
    ])
  })

  test('becomes what comes in order, when that has come to where it is', async () => {
    const fetching = new Fetching()
    const read = fetching.read(50, 100)
    await breathe()
    const leg = fetching.last!
    leg.sendTo(60)
    fetching.whole.sendTo(48)
    await breathe()
    leg.sendTo(100)
    await breathe()
    assert.deepEqual(await read, content.subarray(50))
    assert.deepEqual(fetching.asked, ['48-100'])
    assert.equal(fetching.ended, 'end')
  })

  for (const [why, answer, count] of [
    ['the origin has refused it', 'it changed', 1],
    ['three failures', new Fault('ORIGIN_CONNECTION_LOST', 'cut'), 3],
  ] as const) {
    test(`is waited for in its order after ${why}`, async () => {
      const fetching = new Fetching()
      fetching.answers.push(answer, answer, answer)
      const read = fetching.read(50, 52)
      await breathe()
      fetching.whole.sendTo(100)
      assert.deepEqual(await read, content.subarray(50, 52))
      assert.deepEqual([fetching.asked.length, fetching.ended], [count, 'end'])
    })
  }

  test('is lost with the store, and comes in its order', async () => {
    let listener: RunListener | undefined
    const writer = new MemoryBlobStore().create()
    const begin = (_: number, heard: RunListener) => {
      listener = heard
      return { write: () => true }
    }
    Object.defineProperty(writer, 'ahead', { value: { begin, absorb: () => Promise.reject(new Error('gone')) } })
    const fetching = new Fetching(writer)
    const read = fetching.read(50, 52)
    await breathe()
    fetching.last!.sendTo(50)
    listener!.failed(new Fault('STORE_NO_SPACE', 'full'))
    assert.equal(fetching.last!.isLeft, true)
    assert.equal(fetching.blob.storeFault?.code, 'STORE_NO_SPACE')
    fetching.whole.sendTo(100)
    assert.deepEqual(await read, content.subarray(50, 52))
    assert.deepEqual([fetching.asked.length, fetching.ended], [1, 'end'])
  })

  test('ends it all when a hole cannot be filled', async () => {
    const fetching = new Fetching()
    const read = fetching.read(50, 52)
    await breathe()
    fetching.last!.sendTo(56)
    await read
    fetching.answers.push('it changed')
    fetching.whole.sendTo(100)
    await breathe()
    assert.equal((fetching.ended as Fault).code, 'ORIGIN_TRUNCATED')
  })
})
