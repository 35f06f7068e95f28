import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { Fault } from '../../src/base/faults.ts'
import type { TargetUri } from '../../src/http/target-uri.ts'
import type { ConnectionGuard } from '../../src/upstream/connection-guard.ts'
import type { OriginFetcher } from '../../src/upstream/origin-fetcher.ts'
import { get, refusal } from '../support/origin-fetching.ts'

/** An origin of the medium under test, and what can be seen of its side. */
export interface ContractOrigin {
  /** The target whose whole content is `content`. */
  readonly whole: TargetUri
  /** A target whose content ends before it should. */
  readonly truncated: TargetUri
  /** A target with more content than any buffer on the way holds. */
  readonly endless: TargetUri
  /** Bytes of content that the endless target's connection has taken. */
  writtenBytes(): number
  /** Connections opened to the origin so far. */
  connectionCount(): number
  /** Resolves when no connection is open. */
  idle(): Promise<void>
  stop(): Promise<void>
}

export const content = 'the whole content'
/** More than socket buffers of both sides and our own can hold. */
export const endlessBytes = 64 * 1024 * 1024

/** What every fetcher does, whatever the scheme. */
export function originFetcherContract(
  name: string,
  startOrigin: () => Promise<ContractOrigin>,
  createFetcher: (guard: ConnectionGuard) => OriginFetcher,
): void {
  describe(`The ${name} fetcher`, () => {
    let origin: ContractOrigin
    let fetcher: OriginFetcher

    before(async () => {
      origin = await startOrigin()
      fetcher = createFetcher(() => undefined)
    })

    after(async () => {
      await fetcher.close()
      await origin.stop()
    })

    test('delivers a whole content, with its length declared', async () => {
      const received = await get(fetcher, origin.whole)
      assert.equal(received.response.status, 200)
      assert.equal(received.response.framing, 'length')
      assert.equal(received.response.declaredBytes, content.length)
      assert.equal(received.content.toString(), content)
      assert.deepEqual(received.trailers, [])
    })

    test('loses nothing when the content is consumed late', async () => {
      const response = await fetcher.fetch({ method: 'GET', target: origin.whole, fields: [] })
      for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve))
      const text: string[] = []
      await new Promise<void>((resolve, reject) => {
        response.consume({
          chunk: (bytes) => text.push(bytes.toString()) > 0,
          end: () => resolve(),
          fail: reject,
        })
      })
      assert.equal(text.join(''), content)
    })

    test('answers HEAD without content', async () => {
      const received = await get(fetcher, origin.whole, { method: 'HEAD' })
      assert.equal(received.response.framing, 'none')
      assert.equal(received.content.length, 0)
      assert.equal(received.fault, undefined)
    })

    test('fails a content that ends too early (CORRECTNESS T01)', async () => {
      const received = await get(fetcher, origin.truncated)
      assert.equal(received.fault?.code, 'ORIGIN_TRUNCATED')
      assert.equal(received.trailers, undefined)
    })

    test('stops the origin when the sink is full, and goes on when it has room', async () => {
      const response = await fetcher.fetch({ method: 'GET', target: origin.endless, fields: [] })
      let taken = 0
      const full = Promise.withResolvers<void>()
      const over = Promise.withResolvers<void>()
      let open = false
      response.consume({
        chunk: (bytes) => {
          taken += bytes.length
          if (!open) full.resolve()
          return open
        },
        end: () => over.resolve(),
        fail: over.reject,
      })
      await full.promise
      const before = taken
      await standstill(origin)
      assert.equal(taken, before, 'nothing comes after a chunk was answered with false')
      assert.ok(origin.writtenBytes() < endlessBytes / 2, `${origin.writtenBytes()} bytes left the origin`)
      open = true
      response.resume()
      await over.promise
      assert.equal(taken, endlessBytes)
    })

    test('gives the connection up when the response is cancelled', async () => {
      const response = await fetcher.fetch({ method: 'GET', target: origin.endless, fields: [] })
      const first = Promise.withResolvers<void>()
      let late = 0
      let cancelled = false
      response.consume({
        chunk: () => {
          if (cancelled) late += 1
          first.resolve()
          return false
        },
        end: () => late++,
        fail: () => late++,
      })
      await first.promise
      cancelled = true
      response.cancel()
      // Other connections may be kept for later requests; they end with the fetcher.
      await fetcher.close()
      await origin.idle()
      assert.equal(late, 0)
      fetcher = createFetcher(() => undefined)
    })

    test('gives the connection up when the response is cancelled before it was consumed', async () => {
      const response = await fetcher.fetch({ method: 'GET', target: origin.endless, fields: [] })
      response.cancel()
      await fetcher.close()
      await origin.idle()
      fetcher = createFetcher(() => undefined)
    })

    test('dials nothing that the guard refuses, and passes its fault on', async () => {
      const asked: [string, number][] = []
      const guarded = createFetcher((address, port) => {
        asked.push([address, port])
        return new Fault('ORIGIN_ADDRESS_PROHIBITED', `${address} is barred`)
      })
      const count = origin.connectionCount()
      const fault = await refusal(guarded.fetch({ method: 'GET', target: origin.whole, fields: [] }))
      await guarded.close()
      assert.equal(fault.code, 'ORIGIN_ADDRESS_PROHIBITED')
      assert.deepEqual(asked, [[origin.whole.host, origin.whole.port]])
      assert.equal(origin.connectionCount(), count)
    })
  })
}

/** Resolves when the origin has had time to write and could not: its count stays over many turns of the event loop. */
async function standstill(origin: ContractOrigin): Promise<void> {
  let still = 0
  let last = -1
  while (still < 200) {
    await new Promise((resolve) => setImmediate(resolve))
    still = origin.writtenBytes() === last ? still + 1 : 0
    last = origin.writtenBytes()
  }
}
