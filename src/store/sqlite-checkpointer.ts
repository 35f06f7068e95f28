import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import { Fault } from '../base/faults.ts'

export interface CheckpointRequest {
  readonly id: number
  readonly path: string
  readonly work: 'fold' | 'check' | 'release'
}

export interface CheckpointAnswer {
  readonly id: number
  /** Of `fold`: the whole log is in the file now, so that the next writer begins it anew. Of `check`: it is undamaged. */
  readonly whole: boolean
  /** What the disk said, when it failed. */
  readonly diskError: string | undefined
}

/** Folds write-ahead logs back into their database files, on a thread of its own that starts when it is first needed. */
export class Checkpointer {
  #worker: Worker | undefined
  readonly #waiting = new Map<number, PromiseWithResolvers<boolean>>()
  readonly #watch: (folding: Promise<unknown>) => void
  #count = 0

  /** `watch` is given each folding, to see that the disk does not hang in it. */
  constructor(watch: (folding: Promise<unknown>) => void = () => {}) {
    this.#watch = watch
  }

  /**
   * Answers whether the whole log was folded: what was written meanwhile is left, or all of it when there was no room or no
   * thread. Rejects with `STORE_IO` when the disk failed.
   */
  fold(path: string): Promise<boolean> {
    const folding = this.#ask(path, 'fold')
    this.#watch(folding)
    return folding
  }

  /** Answers whether the file is whole, which may take seconds. Rejects with `STORE_IO` when the disk failed. */
  async check(path: string): Promise<boolean> {
    return this.#ask(path, 'check')
  }

  /** Closes the thread's own connection. */
  async release(path: string): Promise<void> {
    if (this.#worker !== undefined) await this.#ask(path, 'release')
  }

  #ask(path: string, work: CheckpointRequest['work']): Promise<boolean> {
    this.#worker ??= this.#start()
    const id = this.#count++
    const answer = Promise.withResolvers<boolean>()
    this.#waiting.set(id, answer)
    this.#worker.postMessage({ id, path, work } satisfies CheckpointRequest)
    return answer.promise
  }

  /** Ends the thread. The databases are closed before, since they may still ask. */
  async close(): Promise<void> {
    await this.#worker?.terminate()
  }

  #start(): Worker {
    const file = new URL(`./sqlite-checkpoint-worker${extname(import.meta.url)}`, import.meta.url)
    const worker = new Worker(file, { name: 'checkpoint' })
    worker.unref()
    worker.on('message', ({ id, whole, diskError }: CheckpointAnswer) => {
      const answer = this.#waiting.get(id)
      this.#waiting.delete(id)
      if (diskError === undefined) answer?.resolve(whole)
      else answer?.reject(new Fault('STORE_IO', diskError))
    })
    worker.on('error', () => this.#ended())
    worker.on('exit', () => this.#ended())
    return worker
  }

  #ended(): void {
    this.#worker = undefined
    for (const answer of this.#waiting.values()) answer.resolve(false)
    this.#waiting.clear()
  }
}
