import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { type Digest, digestOf } from '../../src/base/digest.ts'
import type { BlobRef, BlobStore } from '../../src/store/blob-store.ts'
import { content, get, listed, put, readAll } from '../support/blob-content.ts'

/** A store for one test, empty at first. */
export interface StoreUnderTest {
  readonly store: BlobStore
  /** Closes the store and removes what it left. */
  end(): Promise<void>
}

const sizes = [0, 1, 10_000, 64 * 1024, 64 * 1024 + 1, 3 * 1024 * 1024 + 7]

/** What every blob store promises. */
export function blobStoreContract(name: string, makeStore: () => Promise<StoreUnderTest>): void {
  const withStore = async (work: (store: BlobStore) => Promise<void>): Promise<void> => {
    const { store, end } = await makeStore()
    try {
      await work(store)
    } finally {
      await end()
    }
  }

  describe(`Blob store: ${name}`, () => {
    for (const size of sizes) {
      test(`${size} bytes come back as they went in`, () =>
        withStore(async (store) => {
          const bytes = content(size)
          const ref = await put(store, bytes)
          assert.deepEqual(ref, { digest: digestOf(bytes), sizeBytes: size })
          assert.deepEqual(await get(store, ref), bytes)
          assert.equal(await store.has(ref.digest), true)
        }))
    }

    test('a source answers from any position, at most as much as asked, and undefined past the end', () =>
      withStore(async (store) => {
        for (const size of [5_000, 200_000]) {
          const bytes = content(size, 2)
          const source = (await store.open(await put(store, bytes)))!
          assert.equal(source.sizeBytes, size)
          for (const [position, limit] of [
            [0, 1],
            [4_999, 100],
            [1_234, 777],
          ] as const) {
            const chunk = (await source.next(position, limit))!
            assert.ok(chunk.length >= 1 && chunk.length <= limit)
            assert.deepEqual(Buffer.from(chunk), bytes.subarray(position, position + chunk.length))
            source.release(chunk)
          }
          assert.equal(await source.next(size, 10), undefined)
          assert.equal(await source.next(size + 5, 10), undefined)
          source.close()
          source.close()
        }
      }))

    test('two sources of one blob, read in turns, do not disturb each other', () =>
      withStore(async (store) => {
        const bytes = content(1_500_000, 3)
        const ref = await put(store, bytes)
        const [one, two] = [(await store.open(ref))!, (await store.open(ref))!]
        const [first, second] = await Promise.all([readAll(one), readAll(two, 700_000, 3_000)])
        assert.ok(first.equals(bytes) && second.equals(bytes.subarray(700_000)))
        one.close()
        two.close()
      }))

    test('a blob that was never stored is not there', () =>
      withStore(async (store) => {
        const digest = digestOf(Buffer.from('absent'))
        for (const sizeBytes of [6, 100_000]) assert.equal(await store.open({ digest, sizeBytes }), undefined)
        assert.equal(await store.has(digest), false)
        assert.equal(await store.delete(digest), false)
      }))

    test('before commit there is nothing, after abort as well', () =>
      withStore(async (store) => {
        for (const size of [100, 300_000]) {
          const bytes = content(size, 4)
          const writer = store.create()
          writer.write(bytes)
          assert.equal(await store.has(digestOf(bytes)), false)
          await writer.abort()
          await writer.abort()
          await assert.rejects(writer.commit())
          assert.deepEqual(await listed(store), [])
        }
      }))

    test('an abort without a write, and one after commit, are harmless', () =>
      withStore(async (store) => {
        await store.create().abort()
        const writer = store.create()
        writer.write(content(90_000, 5))
        const ref = await writer.commit()
        await writer.abort()
        assert.equal((await get(store, ref))?.length, 90_000)
      }))

    test('content of another length than declared is refused and not kept (CORRECTNESS T01)', () =>
      withStore(async (store) => {
        for (const size of [500, 200_000]) {
          const writer = store.create(size + 1)
          writer.write(content(size, 6))
          await assert.rejects(writer.commit({ sizeBytes: size + 1 }), { code: 'ORIGIN_TRUNCATED' })
          assert.deepEqual(await listed(store), [])
        }
      }))

    test('content of another digest than expected is refused and not kept', () =>
      withStore(async (store) => {
        for (const size of [500, 200_000]) {
          const writer = store.create()
          writer.write(content(size, 7))
          await assert.rejects(writer.commit({ digest: digestOf(Buffer.from('other')) }), {
            code: 'CONTENT_DIGEST_MISMATCH',
          })
          assert.deepEqual(await listed(store), [])
        }
      }))

    test('the expected length and digest pass', () =>
      withStore(async (store) => {
        const bytes = content(70_000, 8)
        const writer = store.create(bytes.length)
        writer.write(bytes)
        const ref = await writer.commit({ sizeBytes: bytes.length, digest: digestOf(bytes) })
        assert.equal(ref.digest, digestOf(bytes))
      }))

    test('a writer gives back what it calls readable, before commit and after it until reading ends', () =>
      withStore(async (store) => {
        for (const size of [20_000, 2_000_000]) {
          const bytes = content(size, 9)
          const writer = store.create()
          for (let at = 0; at < size; at += 50_000) {
            if (!writer.write(bytes.subarray(at, at + 50_000))) await writer.drained()
            const readable = writer.readableBytes
            assert.ok(readable <= writer.acceptedBytes)
            if (readable === 0) continue
            const chunk = await writer.read(readable >> 1, readable - (readable >> 1))
            assert.ok(chunk.length > 0)
            assert.ok(chunk.equals(bytes.subarray(readable >> 1, (readable >> 1) + chunk.length)))
            writer.release(chunk)
          }
          assert.equal(writer.acceptedBytes, size)
          const ref = await writer.commit()
          assert.equal(writer.readableBytes, size)
          await store.delete(ref.digest)
          const chunk = await writer.read(17, 1_000)
          assert.ok(chunk.length > 0 && chunk.equals(bytes.subarray(17, 17 + chunk.length)))
          writer.release(chunk)
          writer.endReading()
          writer.endReading()
        }
      }))

    test('what was readable stays readable after abort until reading ends (CORRECTNESS I9)', () =>
      withStore(async (store) => {
        for (const size of [20_000, 2_000_000]) {
          const bytes = content(size, 10)
          const writer = store.create()
          if (!writer.write(bytes)) await writer.drained()
          const readable = writer.readableBytes
          await writer.abort()
          if (readable > 0) {
            const chunk = await writer.read(0, readable)
            assert.ok(chunk.length > 0 && chunk.equals(bytes.subarray(0, chunk.length)))
            writer.release(chunk)
          }
          writer.endReading()
        }
      }))

    test('the same content twice, also at once, is one blob', () =>
      withStore(async (store) => {
        for (const size of [1_000, 150_000]) {
          const bytes = content(size, 11)
          const refs = await Promise.all([put(store, bytes), put(store, bytes), put(store, bytes)])
          const again = await put(store, bytes)
          for (const ref of refs) assert.deepEqual(ref, again)
          assert.equal((await listed(store)).filter((ref) => ref.digest === again.digest).length, 1)
          assert.deepEqual(await get(store, again), bytes)
        }
      }))

    test('a deleted blob is gone, but an open source keeps its bytes', () =>
      withStore(async (store) => {
        for (const size of [2_000, 400_000]) {
          const bytes = content(size, 12)
          const ref = await put(store, bytes)
          const source = (await store.open(ref))!
          assert.equal(await store.delete(ref.digest), true)
          assert.equal(await store.open(ref), undefined)
          assert.equal(await store.has(ref.digest), false)
          assert.ok((await readAll(source)).equals(bytes))
          source.close()
        }
      }))

    test('a blob of another size than its reference is not served, and is removed', () =>
      withStore(async (store) => {
        for (const size of [300, 100_000]) {
          const ref = await put(store, content(size, 13))
          assert.equal(await store.open({ ...ref, sizeBytes: size - 1 }), undefined)
          assert.equal(await store.open(ref), undefined)
        }
      }))

    test('the list names every blob with its size', () =>
      withStore(async (store) => {
        const refs: BlobRef[] = []
        for (let i = 0; i < 12; i++) refs.push(await put(store, content(i * 12_000, 100 + i)))
        assert.deepEqual(
          await listed(store),
          refs.toSorted((a, b) => (a.digest < b.digest ? -1 : 1)),
        )
      }))

    test('many ingests at once end as many blobs', () =>
      withStore(async (store) => {
        const bytes = Array.from({ length: 60 }, (_, i) => content(i % 3 === 0 ? 90_000 : 3_000, 200 + i))
        const refs = await Promise.all(bytes.map((one) => put(store, one, 40_000)))
        for (const [i, ref] of refs.entries()) assert.ok((await get(store, ref))!.equals(bytes[i]!))
      }))

    test('what is no digest names nothing, wherever it points (CORRECTNESS T46)', () =>
      withStore(async (store) => {
        const folder = mkdtempSync(join(tmpdir(), 'larder-victim-'))
        const victim = join(folder, 'victim')
        writeFileSync(victim, 'not a blob')
        const wrong = `${'../'.repeat(20)}${victim.slice(1)}` as Digest
        for (const sizeBytes of [10, 100_000]) {
          assert.equal(await store.open({ digest: wrong, sizeBytes }).catch(() => undefined), undefined)
        }
        assert.equal(await store.has(wrong).catch(() => false), false)
        assert.equal(await store.delete(wrong).catch(() => false), false)
        assert.equal(readFileSync(victim, 'utf8'), 'not a blob')
        rmSync(folder, { recursive: true })
      }))
  })
}
