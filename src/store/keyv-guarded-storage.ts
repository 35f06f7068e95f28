import { EventEmitter } from 'node:events'
import type { KeyvStoreAdapter, StoredData } from 'keyv'
import type { Clock, Timers } from '../base/clock.ts'
import type { IndexRejection } from '../base/events.ts'
import type { PurgeMemory } from './purge-memory.ts'
import type { OpenedRecord, RecordSeal } from './record-seal.ts'
import { type RemoteStorage, ServerRefusal } from './remote-storage.ts'
import { ServerCalls } from './server-calls.ts'
import { type Write, WriteBehind } from './write-behind.ts'

/** Whom an index on a server tells what becomes of it. */
export interface IndexWatcher {
  /** It cannot be used from now on; told once. */
  down(reason: string): void
  up(): void
  /** What the server answered is not the record that was asked for. */
  rejected(why: IndexRejection): void
}

export interface GuardedStorageInput {
  readonly remote: RemoteStorage
  readonly seal: RecordSeal
  readonly purges: PurgeMemory
  readonly clock: Clock
  readonly timers: Timers
  readonly watcher: IndexWatcher
}

/** How often writes that wait are tried again. */
const flushEveryMs = 1_000
/** What is waited for at the end, and for a step through all records. */
const patienceMs = 1_000

/**
 * A storage of Keyv on a server that nobody depends on (CORRECTNESS T32): each call has a deadline, a server that does not answer is not
 * asked, what cannot be written waits in memory, and what was not sealed by us, under this key, after its last purge, is nothing.
 */
export class GuardedKeyvStorage extends EventEmitter implements KeyvStoreAdapter {
  /** Keyv lists the records of storages that it knows by name. */
  readonly opts = { dialect: 'redis' }
  namespace: string | undefined = undefined
  readonly #input: GuardedStorageInput
  readonly #calls: ServerCalls
  readonly #behind = new WriteBehind()
  #isDown = false
  /** The server answers, but takes no writes. */
  #refusal: string | undefined
  #flushing: Promise<void> | undefined
  #stopTimer: (() => void) | undefined
  #isClosed = false

  constructor(input: GuardedStorageInput) {
    super()
    this.#input = input
    this.#calls = new ServerCalls(input.remote, input.timers, {
      opened: (reason) => this.#report(reason),
      closed: () => {
        this.#report(this.#refusal)
        void this.#flush()
      },
    })
  }

  /** The server answered for the first time, or is said to be down. Never rejects. */
  get opened(): Promise<void> {
    return this.#calls.opened
  }

  async get<Value>(key: string): Promise<StoredData<Value> | undefined> {
    const name = this.#input.seal.nameOf(key)
    const waiting = this.#behind.get(name)
    const text = waiting === undefined ? await this.#read(name) : waiting.text
    return (text === undefined ? undefined : this.#open(text, key)?.record) as StoredData<Value> | undefined
  }

  set(key: string, value: string): Promise<void> {
    const { seal, purges, clock } = this.#input
    const name = seal.nameOf(key)
    const at = Math.max(Math.round(clock.now()), purges.at(name) + 1)
    return this.#write(name, { text: seal.close(key, at, value) }).then(() => {})
  }

  async delete(key: string): Promise<boolean> {
    const { seal, purges, clock } = this.#input
    const name = seal.nameOf(key)
    const at = Math.max(Math.round(clock.now()), purges.at(name))
    await purges.add(name, at)
    return this.#write(name, { text: undefined })
  }

  async clear(): Promise<void> {
    for await (const [key] of this.iterator()) await this.delete(key as string)
  }

  async *iterator<Value>(): AsyncGenerator<(string | Awaited<Value> | undefined)[], void> {
    const steps = this.#input.remote.texts()[Symbol.asyncIterator]()
    for (;;) {
      const step = await this.#calls.within(patienceMs, () => steps.next())
      if (step.done) return
      const opened = this.#open(step.value)
      if (opened !== undefined) yield [opened.key, opened.record]
    }
  }

  async disconnect(): Promise<void> {
    this.#isClosed = true
    this.#stopTimer?.()
    if (!this.#calls.isOpen) await this.#calls.within(patienceMs, () => this.#flush()).catch(() => {})
    this.#calls.end()
    await this.#calls.within(patienceMs, () => this.#input.remote.close()).catch(() => {})
    await this.#input.purges.close()
  }

  /** No answer is a miss. */
  async #read(name: string): Promise<string | undefined> {
    if (this.#calls.isOpen) return undefined
    return this.#calls.soon(() => this.#input.remote.get(name)).catch(() => undefined)
  }

  #open(text: string, key?: string): OpenedRecord | undefined {
    const { seal, purges, watcher } = this.#input
    const opened = seal.open(text, key)
    if (typeof opened !== 'string' && opened.at > purges.at(seal.nameOf(opened.key))) return opened
    watcher.rejected(typeof opened === 'string' ? opened : 'replayed')
    return undefined
  }

  /** Rejects when it has to wait. */
  async #write(name: string, write: Write): Promise<boolean> {
    if (this.#isDown || this.#behind.get(name) !== undefined) {
      this.#wait(name, write)
      if (!this.#isDown) await this.#flush()
      if (this.#behind.get(name) !== undefined) throw new Error(this.#refusal ?? 'the server is left alone')
      return true
    }
    try {
      return await this.#send(name, write)
    } catch (error) {
      if (!(error instanceof ServerRefusal && error.isOfText)) this.#wait(name, write)
      throw error
    }
  }

  /** Answers whether anything was there. */
  async #send(name: string, { text }: Write): Promise<boolean> {
    const { remote } = this.#input
    try {
      if (text === undefined) return await this.#calls.run(() => remote.delete(name))
      await this.#calls.run(() => remote.set(name, text))
      return true
    } catch (error) {
      if (error instanceof ServerRefusal && !error.isOfText) this.#refused(error.message)
      throw error
    }
  }

  #wait(name: string, write: Write): void {
    this.#behind.put(name, write)
    this.#flushLater()
  }

  #refused(reason: string): void {
    this.#refusal = reason
    this.#report(reason)
  }

  #flushLater(): void {
    if (this.#isClosed || this.#stopTimer !== undefined) return
    this.#stopTimer = this.#input.timers.after(flushEveryMs, () => {
      this.#stopTimer = undefined
      void this.#flush()
    })
  }

  /** Never rejects. */
  #flush(): Promise<void> {
    this.#flushing ??= this.#drain().finally(() => {
      this.#flushing = undefined
      if (this.#behind.size > 0) this.#flushLater()
    })
    return this.#flushing
  }

  async #drain(): Promise<void> {
    for (let next = this.#behind.first(); next !== undefined; next = this.#behind.first()) {
      const [name, write] = next
      try {
        await this.#send(name, write)
      } catch (error) {
        if (!(error instanceof ServerRefusal && error.isOfText)) return
      }
      this.#behind.done(name, write)
      this.#accepted()
    }
    this.#accepted()
  }

  #accepted(): void {
    this.#refusal = undefined
    if (!this.#calls.isOpen) this.#report(undefined)
  }

  /** `undefined`: all is well. */
  #report(reason: string | undefined): void {
    if ((reason !== undefined) === this.#isDown || this.#isClosed) return
    this.#isDown = reason !== undefined
    if (reason === undefined) this.#input.watcher.up()
    else this.#input.watcher.down(reason)
  }
}
