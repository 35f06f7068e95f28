import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Fault } from '../../../src/base/faults.ts'
import type { BlobWriter, ByteSource } from '../../../src/store/blob-store.ts'
import { createFsBlobStore } from '../../../src/store/fs-blob-store.ts'
import { GrowingBlob } from '../../../src/store/growing-blob.ts'
import { content } from '../../support/blob-content.ts'
import { HeldWriter } from '../../support/held-writer.ts'
import { makeStoreFolder } from '../../support/store-folder.ts'

type Act =
  | { readonly kind: 'append'; readonly sizeBytes: number }
  | { readonly kind: 'flush' }
  | { readonly kind: 'join'; readonly position: number; readonly limitBytes: number; readonly slow: boolean }
  | { readonly kind: 'wait' }

const append = fc.record({ kind: fc.constant('append' as const), sizeBytes: fc.integer({ min: 1, max: 5_000 }) })
const join = fc.record({
  kind: fc.constant('join' as const),
  position: fc.nat(20_000),
  limitBytes: fc.integer({ min: 1, max: 9_000 }),
  slow: fc.boolean(),
})
const acts = fc.array(
  fc.oneof(
    { weight: 5, arbitrary: append },
    { weight: 2, arbitrary: join },
    { weight: 2, arbitrary: fc.constant<Act>({ kind: 'flush' }) },
    { weight: 2, arbitrary: fc.constant<Act>({ kind: 'wait' }) },
  ),
  { maxLength: 40 },
)

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

interface Outcome {
  readonly bytes: Buffer
  readonly fault: string | undefined
}

/** Reads to the end as a client would, quick or slow. */
async function follow(source: ByteSource, from: number, limitBytes: number, slow: boolean): Promise<Outcome> {
  const parts: Buffer[] = []
  let fault: string | undefined
  try {
    for (let at = from; ; ) {
      const chunk = await source.next(at, limitBytes)
      if (chunk === undefined) break
      assert.ok(chunk.length > 0 && chunk.length <= limitBytes)
      parts.push(Buffer.from(chunk))
      at += chunk.length
      if (slow) await settle()
      source.release(chunk)
    }
  } catch (error) {
    fault = (error as Fault).code
  }
  source.close()
  return { bytes: Buffer.concat(parts), fault }
}

interface Play {
  readonly writer: BlobWriter
  readonly flush: () => void
  /** What happens to the writer once all bytes are in, or will never be. */
  readonly over: () => Promise<unknown>
  readonly fails: boolean
  readonly tailBytes: number
  readonly acts: readonly Act[]
}

/** Plays the acts, then checks that every reader got exactly the bytes from its position on, and the right end. */
async function play({ writer, flush, over, fails, tailBytes, acts }: Play): Promise<void> {
  const blob = new GrowingBlob(writer, undefined, { tailBytes })
  const total = acts.reduce((sum, act) => sum + (act.kind === 'append' ? act.sizeBytes : 0), 0)
  const all = content(total)
  const readers: { readonly from: number; readonly outcome: Promise<Outcome> }[] = []
  for (const act of acts) {
    if (act.kind === 'append') blob.append(all.subarray(blob.sizeBytes, blob.sizeBytes + act.sizeBytes))
    else if (act.kind === 'flush') flush()
    else if (act.kind === 'join') {
      const outcome = follow(blob.reader(), act.position, act.limitBytes, act.slow)
      readers.push({ from: act.position, outcome })
    } else await settle()
  }
  if (fails) blob.fail(new Fault('ORIGIN_TRUNCATED', 'cut'))
  else blob.complete()
  const done = over()
  for (const { from, outcome } of readers) {
    const { bytes, fault } = await outcome
    assert.ok(bytes.equals(all.subarray(from)), `reader from ${from} of ${total}`)
    assert.equal(fault, fails ? 'ORIGIN_TRUNCATED' : undefined)
  }
  await done
}

test('any interleaving of appends, readers and the end gives each reader exactly its bytes', async () => {
  await fc.assert(
    fc.asyncProperty(acts, fc.boolean(), fc.integer({ min: 1, max: 8_000 }), async (acts, fails, tailBytes) => {
      const writer = new HeldWriter(3_000)
      await play({ writer, flush: () => writer.flush(), over: settle, fails, tailBytes, acts })
    }),
    { numRuns: 300 },
  )
})

test('the same with a real file, closed by commit or abort while readers are behind', async () => {
  const folder = makeStoreFolder()
  const store = createFsBlobStore(folder.layout)
  try {
    await fc.assert(
      fc.asyncProperty(acts, fc.boolean(), fc.integer({ min: 1, max: 8_000 }), async (acts, fails, tailBytes) => {
        const writer = store.create()
        const over = (): Promise<unknown> => (fails ? writer.abort() : writer.commit())
        await play({ writer, flush: () => {}, over, fails, tailBytes, acts })
      }),
      { numRuns: 40 },
    )
  } finally {
    folder.remove()
  }
})

test('a store that breaks at any moment changes no byte for readers from the start (CORRECTNESS I9)', async () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 3_000 }), { minLength: 1, maxLength: 30 })
  await fc.assert(
    fc.asyncProperty(sizes, fc.nat(30), fc.integer({ min: 1, max: 5_000 }), async (sizes, breakAt, tailBytes) => {
      const writer = new HeldWriter(1)
      const blob = new GrowingBlob(writer, undefined, { tailBytes })
      const all = content(sizes.reduce((sum, one) => sum + one, 0))
      const readers = [follow(blob.reader(), 0, 700, false), follow(blob.reader(), 0, 10_000, true)]
      let writable = Promise.withResolvers<void>()
      blob.onWritable(() => writable.resolve())
      for (const [i, sizeBytes] of sizes.entries()) {
        writable = Promise.withResolvers<void>()
        if (i === breakAt) writer.breakDown()
        const more = blob.append(all.subarray(blob.sizeBytes, blob.sizeBytes + sizeBytes))
        if (i < breakAt) writer.flush()
        if (!more) await writable.promise
      }
      blob.complete()
      for (const reader of readers) assert.ok((await reader).bytes.equals(all))
    }),
    { numRuns: 200 },
  )
})
