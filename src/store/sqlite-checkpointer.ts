import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'

/** Writes to one file after which its log is folded back into it. */
const maxWrittenCount = 2000

/** Folds write-ahead logs back into their database files, on a thread of its own that starts when it is first needed. */
export class Checkpointer {
  #worker: Worker | undefined

  /** Told after each commit how many writes came since the last checkpoint; answers that count anew. */
  wrote(path: string, count: number): number {
    if (count < maxWrittenCount) return count
    this.#worker ??= this.#start()
    this.#worker.postMessage(path)
    return 0
  }

  async close(): Promise<void> {
    await this.#worker?.terminate()
    this.#worker = undefined
  }

  #start(): Worker {
    const file = new URL(`./sqlite-checkpoint-worker${extname(import.meta.url)}`, import.meta.url)
    const worker = new Worker(file, { name: 'checkpoint' })
    // Without it logs only grow until the next start; nothing is lost.
    worker.on('error', () => {
      this.#worker = undefined
    })
    worker.unref()
    return worker
  }
}
