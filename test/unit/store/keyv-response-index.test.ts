import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import { describe, test } from 'node:test'
import type { KeyvStoreAdapter } from 'keyv'
import { createKeyvResponseIndex } from '../../../src/store/keyv-response-index.ts'
import { storedResponse } from '../../support/stored-responses.ts'

type Manner = 'rejects' | 'only tells by its event' | 'does both'

/** A storage elsewhere that can be down. */
class RemoteStorage extends EventEmitter {
  readonly opts = { dialect: 'redis', url: 'redis://example.org' }
  namespace: string | undefined
  readonly #records = new Map<string, string>()
  readonly #manner: Manner
  down = false

  constructor(manner: Manner) {
    super()
    this.#manner = manner
  }

  async get(key: string): Promise<string | undefined> {
    return this.#answer(() => this.#records.get(key), undefined)
  }

  async set(key: string, value: string): Promise<boolean> {
    return this.#answer(() => this.#records.set(key, value) !== undefined, false)
  }

  async delete(key: string): Promise<boolean> {
    return this.#answer(() => this.#records.delete(key), false)
  }

  async clear(): Promise<void> {}

  #answer<T>(answer: () => T, instead: T): T {
    if (!this.down) return answer()
    const error = new Error('connection refused')
    if (this.#manner !== 'rejects') this.emit('error', error)
    if (this.#manner !== 'only tells by its event') throw error
    return instead
  }
}

for (const manner of ['rejects', 'only tells by its event', 'does both'] as const) {
  describe(`Response index over a storage that ${manner} when it is down (CORRECTNESS T32)`, () => {
    const made = async () => {
      const storage = new RemoteStorage(manner)
      const index = createKeyvResponseIndex(storage as unknown as KeyvStoreAdapter)
      await index.update('k', () => [storedResponse(1)])
      return { storage, index }
    }
    const isDown = { code: 'STORE_INDEX_DOWN', message: 'connection refused' }

    test('get, update and delete say so, and nothing else breaks', async () => {
      const { storage, index } = await made()
      storage.down = true
      await assert.rejects(Promise.resolve(index.get('k')), isDown)
      await assert.rejects(
        index.update('k', () => []),
        isDown,
      )
      await assert.rejects(index.delete('k'), isDown)
      assert.ok(storage.listenerCount('error') > 0)
    })

    test('once it is back everything works again', async () => {
      const { storage, index } = await made()
      storage.down = true
      await assert.rejects(index.update('k', () => [storedResponse(2)]))
      storage.down = false
      await index.update('k', (before) => [storedResponse(3), ...before])
      assert.equal((await index.get('k')).length, 2)
      assert.deepEqual(await index.get('absent'), [])
    })
  })
}

test('an error told by event before does not make a later miss fail', async () => {
  const storage = new RemoteStorage('rejects')
  const index = createKeyvResponseIndex(storage as unknown as KeyvStoreAdapter)
  storage.emit('error', new Error('lost for a moment'))
  assert.deepEqual(await index.get('absent'), [])
})
