import { Keyv, type KeyvStoreAdapter } from 'keyv'
import { ChurnMap } from '../base/churn-map.ts'
import { Fault } from '../base/faults.ts'
import { maxVariantCount, type ResponseIndex } from './response-index.ts'
import { fromRecord, isPinned, type StoredRecord, toRecord, withPin } from './stored-record.ts'
import type { StoredResponse } from './stored-response.ts'

/** The response index over any storage of Keyv; a `Map` keeps it in memory. */
export function createKeyvResponseIndex(
  storage: KeyvStoreAdapter | Map<string, string>,
  isShared = false,
  watcher?: IndexWatcher,
): ResponseIndex {
  return new KeyvResponseIndex(storage, isShared, watcher)
}

/**
 * Is told of every change to the index once it is durable, those of one key in their order; with the number of the record, where the storage told
 * it. Must not throw.
 */
export type IndexWatcher = (
  key: string,
  before: readonly StoredResponse[],
  after: readonly StoredResponse[],
  id?: number,
) => void

/** What is stored under a key afterwards. */
type Change = (variants: readonly StoredResponse[]) => readonly StoredResponse[]

class KeyvResponseIndex implements ResponseIndex {
  readonly isShared: boolean
  readonly #keyv: Keyv<StoredRecord>
  /** The last change under way, by key. */
  readonly #changes = new ChurnMap<string, Promise<unknown>>()
  /** Keys to be deleted, with how often: what they hold is gone for readers at once (RFC 9111 section 4.4). */
  readonly #deletions = new Map<string, number>()
  /** An embedded storage, read and written without Keyv's promises and events in between: every miss does both. */
  readonly #embedded: EmbeddedStorage | undefined
  /** What an adapter told by its error event. */
  #error: unknown
  #errorCount = 0
  readonly #watcher: IndexWatcher | undefined

  constructor(storage: KeyvStoreAdapter | Map<string, string>, isShared: boolean, watcher?: IndexWatcher) {
    this.isShared = isShared
    this.#watcher = watcher
    this.#embedded = isEmbedded(storage) ? storage : undefined
    this.#keyv = new Keyv<StoredRecord>({
      store: storage,
      // Keyv leaves a key alone that looks prefixed, so that two keys could become one. Nothing else is kept here.
      useKeyPrefix: false,
      throwOnErrors: true,
      // Records have no lifetime of their own, so Keyv's envelope is left out.
      serialize: ({ value }) => JSON.stringify(value),
      deserialize,
    })
    this.#keyv.on('error', (error) => {
      this.#error = error
      this.#errorCount += 1
    })
  }

  get(key: string): readonly StoredResponse[] | Promise<readonly StoredResponse[]> {
    return this.#deletions.has(key) ? [] : this.#read(key)
  }

  #read(key: string): readonly StoredResponse[] | Promise<readonly StoredResponse[]> {
    if (this.#embedded === undefined) return this.#ask(() => this.#keyv.get(key)).then(fromRecord)
    try {
      const text = this.#embedded.peek(key)
      return text === undefined ? [] : fromRecord(deserialize(text).value)
    } catch (error) {
      return Promise.reject(indexFault(error))
    }
  }

  update(key: string, change: Change, known?: readonly StoredResponse[]): Promise<void> {
    // What the caller knows is only true when no other change is under way.
    const trusted = this.#changes.has(key) ? undefined : known
    if (trusted?.length === 0 && this.#embedded !== undefined) return this.#add(key, change, this.#embedded)
    return this.#inTurn(key, async () => {
      const before = trusted ?? (await this.#read(key))
      const visible = trusted === undefined && this.#deletions.has(key) ? [] : before
      const changed = change(visible).slice(0, maxVariantCount)
      const variants = isPinned(visible) ? withPin(changed, true) : changed
      let id: number | undefined
      if (variants.length > 0) id = await this.#set(key, toRecord(variants))
      else if (visible.length > 0) await this.#ask(() => this.#keyv.delete(key))
      if (variants.length > 0 || visible.length > 0) this.#watcher?.(key, before, variants, id)
    })
  }

  /** Every miss adds a key that nobody else changes: the only promise is the storage's. */
  #add(key: string, change: Change, embedded: EmbeddedStorage): Promise<void> {
    const variants = change([]).slice(0, maxVariantCount)
    if (variants.length === 0) return Promise.resolve()
    let done: Promise<void> | undefined
    let isOver = false
    const settled = (id: number | undefined): void => {
      isOver = true
      if (id !== undefined) this.#watcher?.(key, [], variants, id)
      if (done !== undefined && this.#changes.get(key) === done) this.#changes.delete(key)
    }
    done = embedded.write(key, JSON.stringify(toRecord(variants)), settled)
    if (!isOver) this.#changes.set(key, done)
    return done
  }

  setPinned(key: string, pinned: boolean): Promise<boolean> {
    return this.#inTurn(key, async () => {
      const before = await this.get(key)
      if (before.length > 0 && isPinned(before) !== pinned) {
        const variants = withPin(before, pinned)
        await this.#set(key, toRecord(variants))
        this.#watcher?.(key, before, variants)
      }
      return before.length > 0
    })
  }

  delete(key: string): Promise<boolean> {
    this.#deletions.set(key, (this.#deletions.get(key) ?? 0) + 1)
    return this.#inTurn(key, () => this.#remove(key)).finally(() => {
      const count = this.#deletions.get(key)! - 1
      if (count > 0) this.#deletions.set(key, count)
      else this.#deletions.delete(key)
    })
  }

  async #remove(key: string): Promise<boolean> {
    const before = this.#watcher === undefined ? [] : await this.#read(key)
    const removed = await this.#ask(() => this.#keyv.delete(key))
    this.#watcher?.(key, before, [])
    return removed
  }

  async *entries(): AsyncIterable<readonly [key: string, variants: readonly StoredResponse[]]> {
    if (this.#keyv.iterator === undefined) throw new Fault('STORE_INDEX_DOWN', 'this storage cannot list its records')
    for await (const [key, record] of this.#keyv.iterator(undefined)) {
      const variants = fromRecord(record)
      if (variants.length > 0) yield [key as string, variants]
    }
  }

  async close(): Promise<void> {
    await Promise.allSettled(this.#changes.values())
    await this.#keyv.disconnect()
  }

  /** Resolves with the number of the record, where the storage tells it. */
  async #set(key: string, record: StoredRecord): Promise<number | undefined> {
    if (this.#embedded !== undefined) {
      let id: number | undefined
      await this.#embedded.write(key, JSON.stringify(record), (told) => {
        id = told
      })
      return id
    }
    const kept = await this.#ask(() => this.#keyv.set(key, record))
    if (!kept) throw new Fault('STORE_INDEX_DOWN', 'the record was not accepted')
    return undefined
  }

  /** Changes to one key happen one after another; an idle key costs nothing. */
  #inTurn<T>(key: string, work: () => Promise<T>): Promise<T> {
    const before = this.#changes.get(key)
    const done = before === undefined ? work() : before.then(work, work)
    this.#changes.set(key, done)
    const forget = (): void => {
      if (this.#changes.get(key) === done) this.#changes.delete(key)
    }
    done.then(forget, forget)
    return done
  }

  /** Some adapters tell of an error by their event alone, and answer as if there was nothing. */
  async #ask<T>(question: () => Promise<T>): Promise<T> {
    const errorCount = this.#errorCount
    try {
      const answer = await question()
      if (!answer && this.#errorCount !== errorCount) throw this.#error
      return answer
    } catch (error) {
      throw indexFault(error)
    }
  }
}

/** A storage in this process that takes and gives texts; it can be read at once. */
interface EmbeddedStorage {
  peek(key: string): string | undefined
  /**
   * Resolves once the text survives power loss; rejects with a store fault. Before that `settled` is told the number of the record, or
   * `undefined` when the text is lost. It must not throw.
   */
  write(key: string, text: string, settled: (id: number | undefined) => void): Promise<void>
}

function isEmbedded(storage: object): storage is EmbeddedStorage {
  return 'peek' in storage && 'write' in storage
}

/** What its own disk did to an embedded index is told as it is. */
function indexFault(error: unknown): Fault {
  if (error instanceof Fault) return error
  const reason = error instanceof Error ? error.message : String(error)
  return new Fault('STORE_INDEX_DOWN', reason, { cause: error })
}

/** What is no JSON is nothing, in a form that Keyv's iterator survives. */
function deserialize<Value>(text: string): { value?: Value } {
  try {
    return { value: JSON.parse(text) }
  } catch {
    return {}
  }
}
