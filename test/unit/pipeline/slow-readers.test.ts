import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ClientResponse } from '../../../src/pipeline/exchange.ts'
import { pump } from '../../../src/pipeline/pump.ts'
import { BlobFileWriter } from '../../../src/store/blob-file-writer.ts'
import { BufferPool } from '../../../src/store/buffer-pool.ts'
import { sumsInMemory } from '../../../src/store/chunk-sums.ts'
import { systemDisk } from '../../../src/store/disk.ts'
import { FolderSync } from '../../../src/store/folder-sync.ts'
import { GrowingBlob } from '../../../src/store/growing-blob.ts'
import { content } from '../../support/blob-content.ts'
import { RecordingClient } from '../../support/conversation-parties.ts'
import { makeStoreFolder } from '../../support/store-folder.ts'

const mebibyte = 1024 * 1024

/** A client whose connection takes nothing until `take`, and which counts what is held for it meanwhile. */
class StalledClient extends RecordingClient {
  readonly #held: (() => void)[] = []
  heldBytes = 0
  tookBytes = 0
  stalled = true

  override write(chunk: Buffer, flushed: () => void): void {
    const taken = (): void => {
      this.heldBytes -= chunk.length
      this.tookBytes += chunk.length
      flushed()
    }
    this.heldBytes += chunk.length
    if (this.stalled) this.#held.push(taken)
    else taken()
  }

  take(): void {
    this.stalled = false
    for (const taken of this.#held.splice(0)) taken()
  }
}

test('however slow its readers are, a fill of 64 MB goes on, with a few buffers for each of them', async () => {
  const { layout, remove } = makeStoreFolder()
  const pool = new BufferPool()
  const writer = new BlobFileWriter({
    layout,
    disk: systemDisk,
    pool,
    folders: new FolderSync(systemDisk),
    sums: sumsInMemory(),
  })
  const sizeBytes = 64 * mebibyte
  const blob = new GrowingBlob(writer, sizeBytes)
  const piece = content(64 * 1024)
  const slow = Array.from({ length: 10 }, () => new StalledClient('GET'))
  const start = (response: ClientResponse): Promise<unknown> =>
    new Promise((resolve) => {
      pump({ source: blob.reader(), response, first: 0, end: sizeBytes, onFirstByte: () => {} }, resolve)
    })
  const ended = slow.map(start)
  for (let at = 0; at < sizeBytes; at += piece.length) {
    if (blob.append(piece)) continue
    // The disk alone may make the origin wait.
    await writer.drained()
    const bounds = slow.every(({ heldBytes }) => heldBytes <= 2 * mebibyte)
    assert.ok(bounds && pool.lentBytes <= 2 * slow.length * mebibyte, `${pool.lentBytes} bytes are lent`)
  }
  blob.complete()
  await writer.commit({ sizeBytes })
  assert.deepEqual(new Set(slow.map(({ tookBytes }) => tookBytes)), new Set([0]))
  for (const client of slow) client.take()
  await Promise.all(ended)
  assert.deepEqual(new Set(slow.map(({ tookBytes }) => tookBytes)), new Set([sizeBytes]))
  assert.equal(pool.lentBytes, 0)
  remove()
})
