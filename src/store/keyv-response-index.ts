import { Keyv, type KeyvStoreAdapter } from 'keyv'
import { Fault } from '../base/faults.ts'
import { maxVariantCount, type ResponseIndex } from './response-index.ts'
import { fromRecord, toRecord } from './stored-record.ts'
import type { StoredResponse } from './stored-response.ts'

/** The response index over any storage of Keyv. */
export function createKeyvResponseIndex(storage: KeyvStoreAdapter | Map<string, unknown>): ResponseIndex {
  return new KeyvResponseIndex(storage)
}

class KeyvResponseIndex implements ResponseIndex {
  readonly #keyv: Keyv
  /** The last change under way, by key. */
  readonly #changes = new Map<string, Promise<void>>()

  constructor(storage: KeyvStoreAdapter | Map<string, unknown>) {
    this.#keyv = new Keyv({
      store: storage,
      useKeyPrefix: false,
      throwOnErrors: true,
      serialize: (data) => JSON.stringify(data),
      deserialize: (text) => deserialize(text) as never,
    })
    // Errors are thrown to whoever asked; Keyv also emits them, and an emitter without a listener would end the process.
    this.#keyv.on('error', () => {})
  }

  async get(key: string): Promise<readonly StoredResponse[]> {
    try {
      return fromRecord(await this.#keyv.get(key))
    } catch (error) {
      throw indexFault(error)
    }
  }

  update(key: string, change: (variants: readonly StoredResponse[]) => readonly StoredResponse[]): Promise<void> {
    return this.#inTurn(key, async () => {
      const variants = change(await this.get(key)).slice(0, maxVariantCount)
      try {
        if (variants.length === 0) await this.#keyv.delete(key)
        else await this.#keyv.set(key, toRecord(variants))
      } catch (error) {
        throw indexFault(error)
      }
    })
  }

  async delete(key: string): Promise<boolean> {
    let there = false
    await this.#inTurn(key, async () => {
      try {
        there = await this.#keyv.delete(key)
      } catch (error) {
        throw indexFault(error)
      }
    })
    return there
  }

  async *entries(): AsyncIterable<readonly [key: string, variants: readonly StoredResponse[]]> {
    for await (const [key, value] of this.#keyv.iterator?.(undefined) ?? []) {
      yield [key as string, fromRecord(value)]
    }
  }

  async close(): Promise<void> {
    await Promise.allSettled(this.#changes.values())
    await this.#keyv.disconnect()
  }

  /** Changes to one key happen one after another; an idle key costs nothing. */
  #inTurn(key: string, work: () => Promise<void>): Promise<void> {
    const before = this.#changes.get(key)
    const done = before === undefined ? work() : before.then(work, work)
    this.#changes.set(key, done)
    const forget = (): void => {
      if (this.#changes.get(key) === done) this.#changes.delete(key)
    }
    done.then(forget, forget)
    return done
  }
}

/** A record that is no JSON is no record. */
function deserialize(text: string): { value: null } {
  try {
    return JSON.parse(text)
  } catch {
    return { value: null }
  }
}

function indexFault(error: unknown): Fault {
  const message = error instanceof Error ? error.message : String(error)
  return new Fault('STORE_INDEX_DOWN', message, { cause: error })
}
